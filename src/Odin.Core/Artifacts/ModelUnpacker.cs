using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using Odin.Execution;
using Odin.Files;

namespace Odin.Artifacts;

/// <summary>
/// Unpacks what <see cref="ModelArchive"/> and the inherited toolchains pack: a zip, or a tarball with gzip whatever its name
/// says. Streamed; nothing gets out of the directory, and links are refused.
/// </summary>
public static class ModelUnpacker
{
    private const int BufferBytes = 256 << 10;
    private const int MostDepth = 64;

    // In the list of a zip, on the average: what is fixed, and the name.
    private const long LongestEntry = 512;
    // What a tarball says of a file before its content: names and times, which are kept in memory.
    private const long LongestHeaders = 1 << 20;
    private const int FileTypeBits = 0xF000, LinkBits = 0xA000, RegularBits = 0x8000, OwnerMayRun = 0x40;

    /// <summary>Unpacks a file into a directory that is there and empty.</summary>
    /// <exception cref="InvalidDataException">It is no such archive, is damaged, leads out of the directory or holds too much; some of it may lie there.</exception>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public static async Task UnpackAsync(string archive, string directory, ArchiveLimits limits, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(archive, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        var budget = new Budget(limits, file.Length);
        var magic = new byte[4];
        var known = await file.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken);
        file.Position = 0;
        try
        {
            switch (magic.AsSpan(0, known))
            {
                case [(byte)'P', (byte)'K', 3 or 5, 4 or 6]:
                    await UnpackZipAsync(file, directory, budget, cancellationToken);
                    break;
                case [0x1f, 0x8b, ..]:
                    await UnpackTarballAsync(file, directory, budget, cancellationToken);
                    break;
                default:
                    throw new InvalidDataException("it is neither a zip nor a tarball with gzip");
            }
        }
        catch (Exception e) when (e is EndOfStreamException or NotSupportedException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"the archive is damaged: {e.Message}", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InvalidDataException($"the archive has a file where it has a directory too: {e.Message}", e);
        }
    }

    private static async Task UnpackZipAsync(FileStream file, string directory, Budget budget, CancellationToken cancellationToken)
    {
        budget.CheckDirectory(ZipDirectory.Measure(file));
        await using var zip = await ZipArchive.CreateAsync(file, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        foreach (var entry in zip.Entries)
        {
            budget.AddEntry(entry.FullName);
            // What packers on Unix note of the file; others leave it empty.
            var mode = entry.ExternalAttributes >>> 16;
            if ((mode & FileTypeBits) == LinkBits)
                throw Link(entry.FullName);
            if ((mode & FileTypeBits) is not (0 or RegularBits) && !entry.FullName.EndsWith('/'))
                throw new InvalidDataException($"the archive holds something else than files and directories, \"{entry.FullName}\"");
            if (entry.FullName.EndsWith('/'))
            {
                MakeDirectory(directory, entry.FullName);
                continue;
            }
            await using var content = await entry.OpenAsync(cancellationToken);
            await WriteAsync(directory, entry.FullName, content, (mode & OwnerMayRun) != 0, budget, cancellationToken);
        }
    }

    private static async Task UnpackTarballAsync(FileStream file, string directory, Budget budget, CancellationToken cancellationToken)
    {
        await using var plain = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        await using var rationed = new RationedStream(plain);
        await using var tar = new TarReader(rationed, leaveOpen: true);
        while (await NextAsync() is { } entry)
        {
            budget.AddEntry(entry.Name);
            switch (entry.EntryType)
            {
                case TarEntryType.Directory or TarEntryType.DirectoryList:
                    MakeDirectory(directory, entry.Name);
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile or TarEntryType.SparseFile:
                    await WriteAsync(directory, entry.Name, entry.DataStream ?? Stream.Null, (entry.Mode & UnixFileMode.UserExecute) != 0, budget, cancellationToken);
                    break;
                case TarEntryType.SymbolicLink or TarEntryType.HardLink:
                    throw Link(entry.Name);
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw new InvalidDataException($"the archive holds something else than files and directories, \"{entry.Name}\"");
            }
        }

        async ValueTask<TarEntry?> NextAsync()
        {
            rationed.Allow(LongestHeaders);
            var entry = await tar.GetNextEntryAsync(copyData: false, cancellationToken);
            rationed.Allow(null);
            return entry;
        }
    }

    private static InvalidDataException Link(string name) => new($"the archive holds a link, \"{name}\": put the file itself there");

    private static void MakeDirectory(string root, string name)
    {
        var inner = name.TrimEnd('/');
        if (inner is not ("" or "." or "./."))
            Directory.CreateDirectory(SafePath.Make(root, inner));
    }

    private static async Task WriteAsync(string root, string name, Stream content, bool isProgram, Budget budget, CancellationToken cancellationToken)
    {
        var path = SafePath.Make(root, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (isProgram && !OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        await using var to = new FileStream(path, options);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            // What the archive says of the length is somebody's word: what comes is counted.
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                budget.AddBytes(count);
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What may still come.</summary>
    private sealed class Budget(ArchiveLimits limits, long archive)
    {
        private readonly long most = limits.BytesOf(archive);
        private long bytes;
        private int entries;

        public void AddBytes(int count)
        {
            bytes += count;
            if (bytes > most)
                throw new InvalidDataException($"more than {most} bytes come out of an archive of {archive}: it is a bomb, or the limit (artifact.max_unpacked_size) is too low");
        }

        /// <summary>Before anything is read of them: the list alone may not fit into the memory.</summary>
        public void CheckDirectory((long Count, long Length) directory)
        {
            // The count is its own word, the length is not.
            if (directory.Count > limits.MostEntries || directory.Length > Math.Max(1 << 20, limits.MostEntries * LongestEntry))
                throw new InvalidDataException($"the archive holds more than {limits.MostEntries} files");
        }

        public void AddEntry(string name)
        {
            // Each part of a path is a directory to be made.
            if (name.AsSpan().Count('/') > MostDepth)
                throw new InvalidDataException($"the archive holds a path with more than {MostDepth} directories");
            if (++entries > limits.MostEntries)
                throw new InvalidDataException($"the archive holds more than {limits.MostEntries} files");
        }
    }
}
