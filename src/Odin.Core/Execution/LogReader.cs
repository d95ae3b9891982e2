using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Odin.Execution;

/// <summary>Reads one log piece by piece, never all of it, with a notice in place of what was left out.</summary>
internal sealed class LogReader(string path, LogReadOptions options, long maxBytes) : IDisposable
{
    private const int ChunkSize = 64 << 10;

    private readonly byte[] buffer = new byte[ChunkSize];
    private SafeFileHandle? file;
    private long position;
    private long left = options.Limit ?? long.MaxValue;
    private long end = long.MaxValue;
    private byte last = (byte)'\n';

    /// <summary>The limit is reached: there will be no more, whatever is written.</summary>
    public bool IsFinished => left <= 0;

    /// <summary>
    /// The next piece, valid until the next call; empty at the present end, or as long as there is no log. Without
    /// following, the end is where it was at the first call.
    /// </summary>
    public ReadOnlyMemory<byte> Read()
    {
        if (IsFinished || !TryOpen())
            return default;
        while (true)
        {
            var length = Math.Min(RandomAccess.GetLength(file!), end);
            var gap = LogGap.Find(file!, length);
            if (position >= gap.Start && position < gap.End)
                return Skip(gap);
            var border = position < gap.Start ? gap.Start : length;
            var wanted = (int)Math.Min(Math.Min(ChunkSize, left), border - position);
            if (wanted <= 0)
                return default;
            var count = RandomAccess.Read(file!, buffer.AsSpan(0, wanted), position);
            if (count == 0)
                return default;
            // It may have been left out while we read it, and then reads as zeros.
            gap = LogGap.Find(file!, length);
            if (gap.Length > 0 && gap.Start < position + count && gap.End > position)
                count = (int)Math.Max(0, gap.Start - position);
            if (count == 0)
                continue;
            position += count;
            left -= count;
            last = buffer[count - 1];
            return buffer.AsMemory(0, count);
        }
    }

    public void Dispose() => file?.Dispose();

    private ReadOnlyMemory<byte> Skip(LogGap gap)
    {
        var newLine = last == '\n' ? "" : "\n";
        var notice = string.Create(CultureInfo.InvariantCulture,
            $"{newLine}[odin] {gap.End - position} bytes were left out here: the log is limited to {Describe(maxBytes)}\n");
        position = gap.End;
        last = (byte)'\n';
        return Encoding.UTF8.GetBytes(notice);
    }

    private static string Describe(long bytes) => bytes % (1 << 20) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");

    private bool TryOpen()
    {
        if (file is not null)
            return true;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        var length = RandomAccess.GetLength(file);
        if (!options.Follow)
            end = length;
        position = Math.Max(options.FromByte ?? 0, options.TailLines is { } lines ? FindTail(length, lines) : 0);
        return true;
    }

    /// <summary>The offset of the first of the last lines, looking backwards from the end.</summary>
    private long FindTail(long length, int lines)
    {
        if (lines <= 0)
            return length;
        var gap = LogGap.Find(file!, length);
        var found = 0;
        var high = length;
        while (high > 0)
        {
            if (high > gap.Start && high <= gap.End)
            {
                high = gap.Start;
                continue;
            }
            var low = Math.Max(high - ChunkSize, high > gap.End ? gap.End : 0);
            var count = RandomAccess.Read(file!, buffer.AsSpan(0, (int)(high - low)), low);
            for (var i = count - 1; i >= 0; i--)
            {
                // The one at the very end closes the last line.
                if (buffer[i] == '\n' && low + i < length - 1 && ++found == lines)
                    return low + i + 1;
            }
            high = low;
        }
        return 0;
    }
}
