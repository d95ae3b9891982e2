using System.Text;
using Odin.Files;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>
/// A file of lines that have to come into the storage: the partition, a tab, the record. Who has it open has it alone, among all
/// servers on the directory; one that nobody has open is somebody's who has ended, and its lines are whoever's who opens it.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    public const string Extension = ".records";

    // Between being made and being locked, for a moment, a file looks as if nobody had it.
    private static readonly TimeSpan Youth = TimeSpan.FromMinutes(1);

    private readonly string path;
    private readonly FileStream file;

    private JournalFile(string path, FileStream file) => (this.path, this.file) = (path, file);

    /// <summary>The index of the objects that its lines become: the same ones, however often that is tried.</summary>
    public string Index => Path.GetFileNameWithoutExtension(path);

    /// <summary>Bytes of whole lines.</summary>
    public long Length { get; private set; }

    public static JournalFile Create(string directory, string index)
    {
        OwnerOnly.CreateDirectory(directory);
        var path = Path.Combine(directory, index + Extension);
        var created = new JournalFile(path, OwnerOnly.OpenWrite(path, FileMode.CreateNew));
        // Else the lines could be on the disk, and the name of the file not.
        using var folder = FileCalls.OpenFolder(directory);
        FileCalls.Flush(folder);
        return created;
    }

    /// <summary>Opens one that nobody has open; null: somebody has, or it is gone.</summary>
    public static JournalFile? TryOpen(string path, TimeProvider time)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            // While it was being opened, whoever had it may have removed it, or only made it.
            if (File.Exists(path) && (file.Length > 0 || time.GetUtcNow() - File.GetLastWriteTimeUtc(path) > Youth))
                return new JournalFile(path, file) { Length = file.Length };
            file.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The path of each file, the oldest first; none where they cannot be listed.</summary>
    public static IReadOnlyList<string> In(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFiles(directory, "*" + Extension).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing was ever kept, or the disk is away: the next look may find something.
            return [];
        }
    }

    /// <summary>One line, as <see cref="ReadLines"/> gives it.</summary>
    public static byte[] Line(string partition, ReadOnlySpan<byte> record)
    {
        var line = new byte[Encoding.UTF8.GetByteCount(partition) + 1 + record.Length];
        var length = Encoding.UTF8.GetBytes(partition, line);
        line[length] = (byte)'\t';
        record.CopyTo(line.AsSpan(length + 1));
        return line;
    }

    /// <summary>Adds lines, and returns when they are on the disk: all of them or, with an exception, none.</summary>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> lines)
    {
        try
        {
            var end = Length + lines.Sum(l => (long)l.Length);
            RandomAccess.Write(file.SafeFileHandle, lines, Length);
            RandomAccess.FlushToDisk(file.SafeFileHandle);
            Length = end;
        }
        catch
        {
            Shorten();
            throw;
        }
    }

    /// <summary>The partition of each line, and the record with its line break. What was cut off by a crash at the end nobody was promised.</summary>
    public IEnumerable<(string Partition, ReadOnlyMemory<byte> Record)> ReadLines()
    {
        var content = new byte[Length];
        var read = 0;
        while (read < content.Length && RandomAccess.Read(file.SafeFileHandle, content.AsSpan(read), read) is > 0 and var count)
            read += count;
        var rest = content.AsMemory(0, read);
        while (rest.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            var line = rest[..(end + 1)];
            rest = rest[(end + 1)..];
            var tab = line.Span.IndexOf((byte)'\t');
            yield return tab < 0 ? ("", line) : (Encoding.UTF8.GetString(line.Span[..tab]), line[(tab + 1)..]);
        }
    }

    /// <summary>Its lines are where they belong.</summary>
    public void Remove()
    {
        File.Delete(path);
        Dispose();
    }

    public void Dispose() => file.Dispose();

    private void Shorten()
    {
        try
        {
            RandomAccess.SetLength(file.SafeFileHandle, Length);
        }
        catch (IOException)
        {
            // The next lines overwrite it; a line too many at the end is one that its sender will send again.
        }
    }
}
