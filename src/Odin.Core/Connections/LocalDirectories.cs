using Odin.Files;
using Odin.Git;

namespace Odin.Connections;

/// <summary>Which directories of the server's machine connections may lead to: whoever may use one reads there with the server's rights.</summary>
/// <param name="allowed">Absolute; null: all.</param>
public sealed class LocalDirectories(IReadOnlyList<string>? allowed)
{
    /// <summary>Every directory.</summary>
    public static LocalDirectories All { get; } = new(null);

    /// <summary>Why a connection may not lead where it leads, as the end of a sentence; null: it may, or leads to another machine.</summary>
    public string? Refuse(ConnectionSpec spec)
    {
        if (allowed is null || PathOf(spec) is not { } path)
            return null;
        // Asked again whenever it is opened: a link may have come in between.
        var real = RealPath.Of(path);
        return real is not null && allowed.Any(directory => IsBelow(real, directory)) ? null
            : $"leads to '{path}' on the server's machine, and only {(allowed.Count == 0 ? "other machines are" : $"what lies in {string.Join(", ", allowed)} is")} allowed (connection.local_directories)";
    }

    private static string? PathOf(ConnectionSpec spec) => spec.Type switch
    {
        ConnectionTypes.Local => StorageLocation.Parse(spec.Type, spec.Uri).Location?.Bucket,
        ConnectionTypes.Git when GitAddress.TryParse(spec.Uri, allowInsecureHttp: true, out var address, out _) => address.Transport switch
        {
            GitTransport.Directory => address.Location,
            GitTransport.File => new Uri(address.Location).LocalPath,
            _ => null,
        },
        _ => null,
    };

    private static bool IsBelow(string real, string directory) =>
        RealPath.Of(directory) is { } top && (real == top || real.StartsWith(top.TrimEnd('/') + "/", StringComparison.Ordinal));
}
