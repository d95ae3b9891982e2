using Odin.Artifacts;
using Odin.Connections;
using Odin.Images;
using Odin.Packagings;
using Odin.Server.Connections;
using Odin.Server.Hosting;
using Odin.Server.Registry;
using Odin.Trainings;

namespace Odin.Server.Lifecycle;

/// <summary>Reads the settings of the model lifecycle.</summary>
internal static class LifecycleSettings
{
    private const int KeyBytes = 32, MostParallel = 1000;
    private static readonly TimeSpan ScanPatience = TimeSpan.FromSeconds(4);

    public static LifecycleOptions Read(SettingValues values) => new()
    {
        Connections = Flag(values, Settings.ConnectionsEnabled),
        Trainings = Flag(values, Settings.TrainingsEnabled),
        Packagings = Flag(values, Settings.PackagingsEnabled),
        HostKeys = new HostKeyScanOptions(values.Choice<HostKeyScan>(Settings.HostKeyScan) ?? HostKeyScan.Try, ScanPatience),
    };

    public static TrainingOptions ReadTrainings(SettingValues values) => new()
    {
        OutputConnection = values.Text(Settings.TrainingOutput) ?? new TrainingOptions().OutputConnection,
        Timeout = ReadTimeout(values, Settings.TrainingTimeout) ?? new TrainingOptions().Timeout,
        MaxParallel = ReadParallel(values, Settings.TrainingParallel) ?? new TrainingOptions().MaxParallel,
        ArtifactFormat = values.Choice<ArchiveFormat>(Settings.TrainingArtifacts) ?? new TrainingOptions().ArtifactFormat,
    };

    public static PackagingOptions ReadPackagings(SettingValues values) => new()
    {
        OutputConnection = values.Text(Settings.PackagingOutput) ?? new PackagingOptions().OutputConnection,
        Timeout = ReadTimeout(values, Settings.PackagingTimeout) ?? new PackagingOptions().Timeout,
        MaxParallel = ReadParallel(values, Settings.PackagingParallel) ?? new PackagingOptions().MaxParallel,
        BaseImage = ReadBase(values) ?? PackagingOptions.MachineBase,
        Containerfile = ReadContainerfile(values),
    };

    public static EmbeddedRegistryOptions ReadRegistry(SettingValues values) => new()
    {
        IsEnabled = Flag(values, Settings.RegistryEnabled),
        Connection = values.Text(Settings.RegistryConnection),
        Name = values.Text(Settings.RegistryName) switch
        {
            null => null,
            var name when ImageReference.TryParse($"{name}/x", out var reference) && reference.Registry == name => name,
            _ => throw values.Wrong(Settings.RegistryName, "a host with a dot or a port, as in registry.example.org or 10.0.0.1:9003"),
        },
    };

    private static string? ReadBase(SettingValues values) => values.Text(Settings.PackagingBase) switch
    {
        null => null,
        PackagingOptions.MachineBase or "scratch" => values.Text(Settings.PackagingBase),
        var name => ImageReference.TryParse(name, out _, out var error) ? name : throw values.Wrong(Settings.PackagingBase, $"a reference: {error}"),
    };

    private static ContainerfileOptions? ReadContainerfile(SettingValues values) => values.Text(Settings.PackagingBuilder) switch
    {
        null or "layers" => null,
        "containerfile" => new ContainerfileOptions
        {
            Program = values.Text(Settings.PackagingProgram),
            Arguments = values.Text(Settings.PackagingArguments)?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
        },
        _ => throw values.Wrong(Settings.PackagingBuilder, "'layers' or 'containerfile'"),
    };

    public static IReadOnlyList<byte[]> ReadKeys(SettingValues values) =>
        [.. (values.Text(Settings.ConnectionKey)?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? []).Select(text => ReadKey(values, text))];

    // Null: all.
    public static IReadOnlyList<string>? ReadDirectories(SettingValues values)
    {
        if (values.Text(Settings.LocalDirectories) is not { } text || text == "all")
            return null;
        if (text == "none")
            return [];
        var directories = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return directories.Length > 0 && directories.All(Path.IsPathFullyQualified) ? directories : throw values.Wrong(Settings.LocalDirectories, "a list of absolute paths, 'all' or 'none'");
    }

    public static VaultOptions? ReadVault(SettingValues values)
    {
        if (values.Text(Settings.VaultAddress) is not { } address)
            return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
            throw values.Wrong(Settings.VaultAddress, "an address such as https://vault.example.org:8200");
        var options = new VaultOptions
        {
            Address = address,
            Token = values.Text(Settings.VaultToken) ?? throw values.Wrong(Settings.VaultToken, "given together with connection.vault_address"),
            Namespace = values.Text(Settings.VaultNamespace),
        };
        return options with { Mount = values.Text(Settings.VaultMount) ?? options.Mount, Path = values.Text(Settings.VaultPath) ?? options.Path };
    }

    private static byte[] ReadKey(SettingValues values, string text)
    {
        var key = new byte[KeyBytes];
        return Convert.TryFromBase64String(text, key, out var count) && count == KeyBytes
            ? key
            : throw values.Wrong(Settings.ConnectionKey, $"{KeyBytes} bytes in base64. Make one with: openssl rand -base64 {KeyBytes}");
    }

    private static bool Flag(SettingValues values, Setting setting) => values.Text(setting)?.ToUpperInvariant() switch
    {
        null or "TRUE" => true,
        "FALSE" => false,
        _ => throw values.Wrong(setting, "'true' or 'false'"),
    };

    private static TimeSpan? ReadTimeout(SettingValues values, Setting setting) => values.Duration(setting) switch
    {
        { } timeout when timeout < TimeSpan.FromSeconds(1) => throw values.Wrong(setting, "at least one second"),
        var timeout => timeout,
    };

    private static int? ReadParallel(SettingValues values, Setting setting) => values.Number(setting, 1) switch
    {
        > MostParallel => throw values.Wrong(setting, $"at most {MostParallel}"),
        var number => (int?)number,
    };
}
