using System.Globalization;
using System.Text;

namespace Odin.Images;

/// <summary>
/// Headers of a tar archive that say nothing of this machine: user and group 0 without names, time 0. The format is POSIX's, with
/// extended headers where a name or a size needs them; .NET's own writer puts its process id into those.
/// </summary>
internal static class TarHeader
{
    public const int BlockSize = 512;
    public const byte RegularFile = (byte)'0', SymbolicLink = (byte)'2', Directory = (byte)'5';

    private const int NameLength = 100, PrefixLength = 155;
    private const byte Extended = (byte)'x';
    private const long LargestSize = 0x1_FFFF_FFFF;

    /// <summary>The two empty blocks at the end of an archive.</summary>
    public static readonly byte[] End = new byte[2 * BlockSize];

    /// <param name="path">Without a '/' at its beginning; a directory ends with one.</param>
    /// <param name="target">Of a link; else "".</param>
    public static byte[] Write(string path, byte type, UnixFileMode mode, long size, string target)
    {
        var extended = new StringBuilder();
        if (!Fits(target, NameLength))
            Record(extended, "linkpath", target);
        if (Split(path) is not { } parts)
        {
            Record(extended, "path", path);
            parts = ("", "long");
        }
        if (size > LargestSize)
            Record(extended, "size", size.ToString(CultureInfo.InvariantCulture));
        var main = Block(parts.Prefix, parts.Name, type, mode, size > LargestSize ? 0 : size, Fits(target, NameLength) ? target : "long");
        if (extended.Length == 0)
            return main;
        var records = Encoding.UTF8.GetBytes(extended.ToString());
        return [.. Block("", "pax", Extended, UnixFileMode.UserRead | UnixFileMode.UserWrite, records.Length, ""), .. records, .. new byte[Padding(records.Length)], .. main];
    }

    /// <summary>How many zeros follow so many bytes of content.</summary>
    public static int Padding(long size) => (int)((BlockSize - (size % BlockSize)) % BlockSize);

    private static bool Fits(string text, int length) => text.Length <= length && Ascii.IsValid(text);

    /// <summary>The path in the two fields of a header; null: it does not fit.</summary>
    private static (string Prefix, string Name)? Split(string path)
    {
        if (Fits(path, NameLength))
            return ("", path);
        if (path.Length > PrefixLength + 1 + NameLength || !Ascii.IsValid(path))
            return null;
        var slash = path.IndexOf('/', path.Length - NameLength - 1);
        return slash > 0 && slash <= PrefixLength && slash < path.Length - 1 ? (path[..slash], path[(slash + 1)..]) : null;
    }

    private static byte[] Block(string prefix, string name, byte type, UnixFileMode mode, long size, string target)
    {
        var block = new byte[BlockSize];
        Encoding.ASCII.GetBytes(name, block.AsSpan(0, NameLength));
        Octal(block.AsSpan(100, 8), (long)mode);
        Octal(block.AsSpan(108, 8), 0);
        Octal(block.AsSpan(116, 8), 0);
        Octal(block.AsSpan(124, 12), size);
        Octal(block.AsSpan(136, 12), 0);
        block[156] = type;
        Encoding.ASCII.GetBytes(target, block.AsSpan(157, NameLength));
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        Octal(block.AsSpan(329, 8), 0);
        Octal(block.AsSpan(337, 8), 0);
        Encoding.ASCII.GetBytes(prefix, block.AsSpan(345, PrefixLength));
        block.AsSpan(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var value in block)
            sum += value;
        Octal(block.AsSpan(148, 7), sum);
        return block;
    }

    private static void Octal(Span<byte> field, long value)
    {
        for (var i = field.Length - 2; i >= 0; i--, value >>= 3)
            field[i] = (byte)('0' + (value & 7));
        field[^1] = 0;
    }

    // "LENGTH key=value\n", where the length counts its own digits.
    private static void Record(StringBuilder records, string key, string value)
    {
        var rest = Encoding.UTF8.GetByteCount($" {key}={value}\n");
        var length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
            length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        records.Append(CultureInfo.InvariantCulture, $"{length} {key}={value}\n");
    }
}
