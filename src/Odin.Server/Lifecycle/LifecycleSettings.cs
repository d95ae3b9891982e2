using Odin.Artifacts;
using Odin.Batch;
using Odin.Connections;
using Odin.Deployments;
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
        Connections = values.Flag(Settings.ConnectionsEnabled) ?? true,
        Trainings = values.Flag(Settings.TrainingsEnabled) ?? true,
        Packagings = values.Flag(Settings.PackagingsEnabled) ?? true,
        Batch = values.Flag(Settings.BatchEnabled) ?? true,
        Deployments = values.Flag(Settings.DeploymentsEnabled) ?? true,
        EdgeUrl = ReadEdge(values),
        HostKeys = new HostKeyScanOptions(values.Choice<HostKeyScan>(Settings.HostKeyScan) ?? HostKeyScan.Try, ScanPatience),
    };

    public static TrainingOptions ReadTrainings(SettingValues values) => new()
    {
        OutputConnection = values.Text(Settings.TrainingOutput) ?? new TrainingOptions().OutputConnection,
        Timeout = ReadTimeout(values, Settings.TrainingTimeout) ?? new TrainingOptions().Timeout,
        MaxParallel = values.Number(Settings.TrainingParallel, 1, MostParallel) ?? new TrainingOptions().MaxParallel,
        ArtifactFormat = values.Choice<ArchiveFormat>(Settings.TrainingArtifacts) ?? new TrainingOptions().ArtifactFormat,
    };

    public static PackagingOptions ReadPackagings(SettingValues values) => new()
    {
        OutputConnection = values.Text(Settings.PackagingOutput) ?? new PackagingOptions().OutputConnection,
        Timeout = ReadTimeout(values, Settings.PackagingTimeout) ?? new PackagingOptions().Timeout,
        MaxParallel = values.Number(Settings.PackagingParallel, 1, MostParallel) ?? new PackagingOptions().MaxParallel,
        BaseImage = ReadBase(values) ?? PackagingOptions.MachineBase,
        Containerfile = ReadContainerfile(values),
    };

    public static BatchOptions ReadBatch(SettingValues values) => new()
    {
        Timeout = ReadTimeout(values, Settings.BatchTimeout) ?? new BatchOptions().Timeout,
        MaxParallel = values.Number(Settings.BatchParallel, 1, MostParallel) ?? new BatchOptions().MaxParallel,
    };

    public static DeploymentOptions ReadDeployments(SettingValues values) => new()
    {
        PullConnection = values.Text(Settings.DeploymentPull),
        DefaultPredictor = values.Text(Settings.DeploymentPredictor) switch
        {
            null => null,
            var name when Predictors.All.Contains(name) => name,
            _ => throw values.Wrong(Settings.DeploymentPredictor, "one of " + string.Join(", ", Predictors.All)),
        },
        CustomRoutePrefix = values.Text(Settings.DeploymentPrefix) switch
        {
            null => new DeploymentOptions().CustomRoutePrefix,
            var prefix when prefix.StartsWith('/') => prefix,
            _ => throw values.Wrong(Settings.DeploymentPrefix, "a path such as /custom, or '/'"),
        },
    };

    public static EmbeddedRegistryOptions ReadRegistry(SettingValues values) => new()
    {
        IsEnabled = values.Flag(Settings.RegistryEnabled) ?? true,
        Connection = values.Text(Settings.RegistryConnection),
        Name = values.Text(Settings.RegistryName) switch
        {
            null => null,
            var name when ImageReference.TryParse($"{name}/x", out var reference) && reference.Registry == name => name,
            _ => throw values.Wrong(Settings.RegistryName, "a host with a dot or a port, as in registry.example.org or 10.0.0.1:9003"),
        },
    };

    private static string? ReadEdge(SettingValues values) => values.Text(Settings.DeploymentEdge) switch
    {
        null => null,
        var address when Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Query.Length + uri.Fragment.Length + uri.UserInfo.Length == 0 =>
            address.TrimEnd('/'),
        _ => throw values.Wrong(Settings.DeploymentEdge, "an address such as https://models.example.org"),
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

    private static TimeSpan? ReadTimeout(SettingValues values, Setting setting) => values.Duration(setting, TimeSpan.FromSeconds(1), TimeSpan.MaxValue, "at least one second");
}
