using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Odin.Execution;
using Odin.Files;

namespace Odin.Images;

/// <summary>Writes layers: the same entries give the same bytes, wherever and whenever.</summary>
/// <param name="directory">For the finished layers until they are sent.</param>
/// <param name="cache">Null: shared layers are made anew each time.</param>
internal sealed class LayerWriter(string directory, LayerCache? cache)
{
    private const int BufferSize = 256 << 10;

    public async Task<WrittenLayer> WriteAsync(ImageLayer layer, CancellationToken cancellationToken)
    {
        var entries = LayerPlan.Of(layer);
        if (cache is null || !layer.IsShared)
            return await CompressAsync(layer.Name, entries, keepName: false, cancellationToken);
        // Reading the files is quick beside compressing them.
        using var hash = ContentDigest.Begin();
        await using (var archive = new HashingStream(Stream.Null, hash))
            await ArchiveAsync(entries, archive, cancellationToken);
        var diffId = ContentDigest.End(hash);
        if (cache.Find(layer.Name, diffId) is { } found)
            return found;
        var written = await CompressAsync(layer.Name, entries, keepName: true, cancellationToken);
        cache.Add(written);
        return written;
    }

    private async Task<WrittenLayer> CompressAsync(
        string name, IReadOnlyList<(string Path, LayerEntry Entry)> entries, bool keepName, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"layer-{Guid.NewGuid():N}");
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
        try
        {
            // Without a name nothing of it stays, not even after a crash.
            if (!keepName)
                File.Delete(path);
            using var content = ContentDigest.Begin();
            using var compressed = ContentDigest.Begin();
            var output = new HandleStream(file);
            await using (var hashed = new HashingStream(output, compressed))
            await using (var gzip = new ParallelGzipStream(hashed))
            await using (var archive = new HashingStream(gzip, content))
            {
                await ArchiveAsync(entries, archive, cancellationToken);
                await gzip.CompleteAsync(cancellationToken);
            }
            var digest = ContentDigest.End(compressed);
            return new WrittenLayer(name, file, new Descriptor(MediaTypes.GzipLayer, digest, output.Position), ContentDigest.End(content), keepName ? path : null);
        }
        catch (Exception e)
        {
            file.Dispose();
            File.Delete(path);
            if (e is IOException && e is not FileNotFoundException and not DirectoryNotFoundException)
                throw new ImageException($"The layer '{name}' cannot be written in '{directory}': {e.Message}", isPassing: true, e);
            throw;
        }
    }

    private static async Task ArchiveAsync(IReadOnlyList<(string Path, LayerEntry Entry)> entries, Stream archive, CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
        foreach (var (path, entry) in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (entry.Kind)
            {
                case LayerEntryKind.Directory:
                    await archive.WriteAsync(TarHeader.Write($"{path}/", TarHeader.Directory, entry.Mode, 0, ""), cancellationToken);
                    break;
                case LayerEntryKind.Link:
                    await archive.WriteAsync(TarHeader.Write(path, TarHeader.SymbolicLink, entry.Mode, 0, entry.Target!), cancellationToken);
                    break;
                case LayerEntryKind.Bytes:
                    await archive.WriteAsync(TarHeader.Write(path, TarHeader.RegularFile, entry.Mode, entry.Content.Length, ""), cancellationToken);
                    await archive.WriteAsync(entry.Content, cancellationToken);
                    await archive.WriteAsync(new byte[TarHeader.Padding(entry.Content.Length)], cancellationToken);
                    break;
                default:
                    await AddFileAsync(path, entry, archive, buffer, cancellationToken);
                    break;
            }
        }
        await archive.WriteAsync(TarHeader.End, cancellationToken);
    }

    private static async Task AddFileAsync(string path, LayerEntry entry, Stream archive, byte[] buffer, CancellationToken cancellationToken)
    {
        using var file = Open(entry.Source!);
        var length = RandomAccess.GetLength(file);
        await archive.WriteAsync(TarHeader.Write(path, TarHeader.RegularFile, entry.Mode, length, ""), cancellationToken);
        var position = 0L;
        while (position < length)
        {
            var count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - position)), position);
            if (count == 0)
                break;
            if (position == 0 && count >= entry.Head.Length)
                entry.Head.CopyTo(buffer);
            position += count;
            await archive.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
        if (position != length || length < entry.Head.Length || RandomAccess.GetLength(file) != length)
            throw new ImageException($"'{entry.Source}' was changed while it was read.", isPassing: true);
        await archive.WriteAsync(new byte[TarHeader.Padding(length)], cancellationToken);
    }

    private static SafeFileHandle Open(string source)
    {
        try
        {
            return new FileInfo(source).LinkTarget is null ? RegularFile.Open(source) : throw LayerEntry.Refusal(source, "is a symbolic link");
        }
        catch (FileNotFoundException e)
        {
            throw new ImageException($"'{source}' is not there.", isPassing: false, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"'{source}' cannot be read: {e.Message}", isPassing: false, e);
        }
    }

    private sealed class HandleStream(SafeFileHandle file) : WriteOnlyStream
    {
        private long position;

        public override long Position
        {
            get => position;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            RandomAccess.Write(file, buffer, position);
            position += buffer.Length;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await RandomAccess.WriteAsync(file, buffer, position, cancellationToken);
            position += buffer.Length;
        }
    }
}
