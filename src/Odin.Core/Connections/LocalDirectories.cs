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
        // What one program takes for a part of the path is for another its end.
        if (path.Split('/').Contains("..") || path.Any(c => char.IsControl(c) || c is '?' or '#'))
            return $"leads to '{path.Replace('\0', '?')}' on the server's machine, by a path with '..', '?' or '#', which is not taken";
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
            GitTransport.File => PathOf(address.Location),
            _ => null,
        },
        _ => null,
    };

    // As git reads it: behind the host, decoded once.
    private static string PathOf(string url)
    {
        var rest = url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..];
        return rest.IndexOf('/') is >= 0 and var slash ? Uri.UnescapeDataString(rest[slash..]) : "/";
    }

    private static bool IsBelow(string real, string directory) =>
        RealPath.Of(directory) is { } top && (real == top || real.StartsWith(top.TrimEnd('/') + "/", StringComparison.Ordinal));
}
