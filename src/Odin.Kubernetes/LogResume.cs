namespace Odin.Kubernetes;

/// <summary>
/// Finds the place in a pod's log up to which we have it already. Nodes throw away the beginning of long logs, so that
/// offsets alone do not do: if the beginning is another one, the place is where the last bytes that we have occur.
/// </summary>
internal sealed class LogResume
{
    private const int Sample = 4096, ShortestRotated = 64 * 1024;

    private readonly long length;
    private readonly byte[] head, tail;
    private long position;
    private bool isRotated, isFound;
    private int matched;
    private int[] fallback = [];

    private LogResume(long length, byte[] head, byte[] tail) => (this.length, this.head, this.tail) = (length, head, tail);

    /// <summary>Nothing is there yet.</summary>
    public static LogResume Start => new(0, [], []) { isFound = true };

    public bool IsStart => length == 0;

    /// <summary>Too little is stored for a node to have thrown away its beginning: they do so from 10 MiB on.</summary>
    public bool IsShort => length < ShortestRotated;

    /// <summary>The node has no log any more.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Whether a log that begins so is none, but the node's excuse. What is stored may begin so itself.</summary>
    public bool IsExcuse(ReadOnlySpan<byte> bytes) => NodeExcuse.InsteadOf(bytes) is { } excuse && !head.AsSpan().StartsWith(excuse);

    /// <summary>Looks at what is stored.</summary>
    public static async Task<LogResume> PrepareAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            return Start;
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        if (file.Length == 0)
            return Start;
        var head = new byte[Math.Min(Sample, file.Length)];
        await file.ReadExactlyAsync(head, cancellationToken);
        var tail = new byte[head.Length];
        file.Position = file.Length - tail.Length;
        await file.ReadExactlyAsync(tail, cancellationToken);
        return new LogResume(file.Length, head, tail);
    }

    /// <summary>Whether what is stored goes on in the pod's log at all.</summary>
    /// <param name="open">Opens the log as it is now, without following it.</param>
    public async Task<bool> FitsAsync(Func<Task<Stream>> open, CancellationToken cancellationToken)
    {
        await using var stream = await open();
        var start = new byte[head.Length];
        var read = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        isRotated = read < start.Length || !start.AsSpan().SequenceEqual(head);
        if (!isRotated)
            return true;
        // Logs do not become empty by being rotated: the last two files are kept.
        IsGone = read == 0 || IsExcuse(start.AsSpan(0, read));
        if (IsGone)
            return false;
        fallback = Fallback(tail);
        var buffer = new byte[64 * 1024];
        var fits = Find(start.AsSpan(0, read)) >= 0;
        while (!fits && (read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            fits = Find(buffer.AsSpan(0, read)) >= 0;
        matched = 0;
        return fits;
    }

    /// <summary>The part of the next bytes of the log that is not stored yet.</summary>
    public ReadOnlyMemory<byte> Skip(ReadOnlyMemory<byte> bytes)
    {
        if (isFound)
            return bytes;
        if (isRotated)
        {
            var end = Find(bytes.Span);
            isFound = end >= 0;
            return isFound ? bytes[end..] : default;
        }
        var known = (int)Math.Min(bytes.Length, length - position);
        position += known;
        isFound = position == length;
        return bytes[known..];
    }

    // The search of Knuth, Morris and Pratt, over pieces: the offset behind the first occurrence of the tail, or -1.
    private int Find(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            while (matched > 0 && bytes[i] != tail[matched])
                matched = fallback[matched - 1];
            if (bytes[i] == tail[matched])
                matched++;
            if (matched == tail.Length)
                return i + 1;
        }
        return -1;
    }

    private static int[] Fallback(byte[] pattern)
    {
        var table = new int[pattern.Length];
        for (int i = 1, length = 0; i < pattern.Length; i++)
        {
            while (length > 0 && pattern[i] != pattern[length])
                length = table[length - 1];
            if (pattern[i] == pattern[length])
                length++;
            table[i] = length;
        }
        return table;
    }
}
