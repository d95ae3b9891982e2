using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Odin.Execution;
using Odin.Files;

namespace Odin.Artifacts;

/// <summary>A file that was written: how long it is, and its SHA-256 in hexadecimal.</summary>
public sealed record WrittenArchive(long Length, string Digest);

/// <summary>How artifacts are written.</summary>
public enum ArchiveFormat
{
    /// <summary>A zip with Deflate.</summary>
    Zip,

    /// <summary>A tarball with gzip, which is what packagers of the inherited system read, also from a file called <c>.zip</c>.</summary>
    TarGzip,
}

/// <summary>Packs a model directory, the same bytes for the same files; streamed, whatever its size.</summary>
public static class ModelArchive
{
    private const int BufferBytes = 256 << 10;
    // Regular files, with the bits of access that all get alike.
    private const int ReadWrite = 0x81a4, ReadWriteRun = 0x81ed;

    // The earliest that a zip can say: the time of packing is nothing that the content depends on.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Packs the directory, and gives the archive to <paramref name="save"/> as it comes into being.</summary>
    /// <exception cref="InvalidDataException">There is something else in it than files and directories.</exception>
    public static async Task<WrittenArchive> PackAsync(
        string directory, ArchiveFormat format, Func<Stream, CancellationToken, Task> save, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, minimumSegmentSize: 64 << 10));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = WriteAsync(directory, format, pipe.Writer, stop.Token);
        try
        {
            await using var content = pipe.Reader.AsStream();
            await save(content, cancellationToken);
            return await writing;
        }
        catch
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            // What went wrong with the packing is why the saving failed, and says more.
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (writing.Exception?.InnerException is { } cause and not OperationCanceledException)
                throw cause;
            throw;
        }
    }

    private static async Task<WrittenArchive> WriteAsync(string directory, ArchiveFormat format, PipeWriter writer, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var hashed = new HashingStream(writer.AsStream(leaveOpen: true), hash);
            await (format == ArchiveFormat.Zip ? WriteZipAsync(directory, hashed, cancellationToken) : WriteTarballAsync(directory, hashed, cancellationToken));
            await writer.CompleteAsync();
            return new WrittenArchive(hashed.Count, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (Exception e)
        {
            await writer.CompleteAsync(e);
            throw;
        }
    }

    private static async Task WriteZipAsync(string directory, Stream to, CancellationToken cancellationToken)
    {
        await using var zip = await ZipArchive.CreateAsync(to, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        foreach (var (path, name) in Files(directory, ""))
        {
            var entry = zip.CreateEntry(name, CompressionLevel.Fastest);
            entry.LastWriteTime = Epoch;
            using var file = RegularFile.Open(path);
            entry.ExternalAttributes = ModeOf(file) << 16;
            await using var inner = await entry.OpenAsync(cancellationToken);
            await using var from = new FileStream(file, FileAccess.Read, bufferSize: 0);
            await from.CopyToAsync(inner, BufferBytes, cancellationToken);
        }
    }

    private static async Task WriteTarballAsync(string directory, Stream to, CancellationToken cancellationToken)
    {
        await using var packed = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
        await using var tar = new TarWriter(packed, TarEntryFormat.Pax, leaveOpen: true);
        foreach (var (path, name) in Files(directory, "./"))
        {
            using var file = RegularFile.Open(path);
            await using var from = new FileStream(file, FileAccess.Read, bufferSize: 0);
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { ModificationTime = Epoch, Mode = (UnixFileMode)(ModeOf(file) & 0x1ff), DataStream = from }, cancellationToken);
        }
    }

    private static int ModeOf(SafeFileHandle file) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0 ? ReadWriteRun : ReadWrite;

    // In an order that does not depend on the file system. A link would bring in what the packer may read and its maker may not.
    private static IEnumerable<(string Path, string Name)> Files(string directory, string prefix)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            var name = prefix + entry.Name;
            if (entry.LinkTarget is not null)
                throw new InvalidDataException($"the model holds a link, \"{name}\": put the file itself there");
            if (entry is not DirectoryInfo)
            {
                yield return (entry.FullName, name);
                continue;
            }
            foreach (var inner in Files(entry.FullName, name + "/"))
                yield return inner;
        }
    }
}
