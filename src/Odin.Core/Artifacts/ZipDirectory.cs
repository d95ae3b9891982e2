using System.Buffers.Binary;

namespace Odin.Artifacts;

/// <summary>Reads the end of a zip, where it says how many files it holds (APPNOTE 4.3.14 to 4.3.16).</summary>
internal static class ZipDirectory
{
    private const uint End = 0x06054b50, LocatorOfLarge = 0x07064b50, EndOfLarge = 0x06064b50;
    private const int EndBytes = 22, LocatorBytes = 20, LongestComment = 65_535;

    /// <summary>How many entries the list is said to have, and its length in bytes. The position in the file stays.</summary>
    /// <exception cref="InvalidDataException">It has no end.</exception>
    public static (long Count, long Length) Measure(FileStream file)
    {
        var position = file.Position;
        try
        {
            var tail = new byte[Math.Min(file.Length, EndBytes + LongestComment + LocatorBytes)];
            file.Position = file.Length - tail.Length;
            file.ReadExactly(tail);
            for (var at = tail.Length - EndBytes; at >= 0; at--)
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at)) != End)
                    continue;
                long count = BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(at + 10)), length = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at + 12));
                if (at >= LocatorBytes && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at - LocatorBytes)) == LocatorOfLarge)
                    (count, length) = ReadLarge(file, BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(at - LocatorBytes + 8)));
                return (count, length);
            }
            throw new InvalidDataException("the archive is damaged: it has no end");
        }
        finally
        {
            file.Position = position;
        }
    }

    private static (long Count, long Length) ReadLarge(FileStream file, long at)
    {
        var record = new byte[56];
        if (at < 0 || at > file.Length - record.Length)
            throw new InvalidDataException("the archive is damaged: its end leads nowhere");
        file.Position = at;
        file.ReadExactly(record);
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == EndOfLarge
            ? (BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(32)), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(40)))
            : throw new InvalidDataException("the archive is damaged: its end leads nowhere");
    }
}
