namespace Odin.Kubernetes;

/// <summary>What a node sends in place of a log, or behind it, when it has thrown the container away: as if it were output.</summary>
internal static class NodeExcuse
{
    private const int Longest = 512;

    private static readonly byte[][] Instead =
    [
        "failed to try resolving symlinks in path "u8.ToArray(),
        "failed to open log file "u8.ToArray(),
        "unable to retrieve container logs for "u8.ToArray(),
    ];

    private static readonly byte[] Behind = "rpc error: code = NotFound desc = "u8.ToArray();

    /// <summary>The one with which a log begins that is none; null: it may be a log.</summary>
    public static byte[]? InsteadOf(ReadOnlySpan<byte> log)
    {
        foreach (var excuse in (byte[][])[.. Instead, Behind])
        {
            if (log.StartsWith(excuse))
                return excuse;
        }
        return null;
    }

    /// <summary>Where in these bytes one begins, if they should turn out to be the last; -1: nowhere.</summary>
    public static int FindBehind(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.LastIndexOf(Behind);
        if (at < 0)
            return -1;
        var rest = bytes[at..];
        var newLine = rest.IndexOf((byte)'\n');
        return rest.Length <= Longest && (newLine < 0 || newLine == rest.Length - 1) ? at : -1;
    }
}
