using System.Text;

namespace Odin.Execution;

/// <summary>Cuts bytes, as they come, into lines of text.</summary>
internal sealed class LogLineSplitter
{
    private const int LongestLine = 64 << 10;

    private readonly byte[] line = new byte[LongestLine];
    private int length;

    /// <summary>The lines that these bytes complete.</summary>
    public List<string> Add(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        while (!bytes.IsEmpty)
        {
            var newLine = bytes.IndexOf((byte)'\n');
            var part = newLine < 0 ? bytes : bytes[..newLine];
            var fits = Math.Min(part.Length, LongestLine - length);
            part[..fits].CopyTo(line.AsSpan(length));
            length += fits;
            if (fits < part.Length)
            {
                lines.Add(TakeFull());
                bytes = bytes[fits..];
                continue;
            }
            if (newLine < 0)
                break;
            lines.Add(Take(length));
            bytes = bytes[(newLine + 1)..];
        }
        return lines;
    }

    /// <summary>What came after the last end of a line; null if nothing.</summary>
    public string? Finish() => length == 0 ? null : Take(length);

    private string TakeFull()
    {
        // Not in the middle of a character: its bytes start with 11 and go on with 10.
        var cut = length;
        while (cut > length - 4 && (line[cut - 1] & 0xC0) == 0x80)
            cut--;
        if ((line[cut - 1] & 0xC0) == 0xC0)
            cut--;
        else
            cut = length;
        return Take(cut);
    }

    private string Take(int count)
    {
        var end = count > 0 && count == length && line[count - 1] == '\r' ? count - 1 : count;
        var text = Encoding.UTF8.GetString(line, 0, end);
        line.AsSpan(count, length - count).CopyTo(line);
        length -= count;
        return text;
    }
}
