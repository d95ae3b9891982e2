using Microsoft.Win32.SafeHandles;

namespace Odin.Images;

/// <summary>
/// Compressed layers by what is in them: <c>DIFFID/DIGEST</c> in a directory, each a file. What was not used for longest goes
/// when there is too much. Several processes may share it; what goes wrong with it costs time only.
/// </summary>
/// <param name="limit">In bytes.</param>
internal sealed class LayerCache(string directory, long limit, TimeProvider time)
{
    private readonly Lock gate = new();

    /// <summary>Null: it is not there.</summary>
    public WrittenLayer? Find(string name, string diffId)
    {
        var folder = Path.Combine(directory, ContentDigest.Hex(diffId));
        try
        {
            if (!Directory.Exists(folder) || Directory.EnumerateFiles(folder).FirstOrDefault() is not { } path)
                return null;
            var digest = $"sha256:{Path.GetFileName(path)}";
            if (!ContentDigest.IsValid(digest))
                return null;
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.Asynchronous);
            // A crash of the machine may have left half of it, which no registry would take.
            if (DigestOf(file) != digest)
            {
                file.Dispose();
                File.Delete(path);
                return null;
            }
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
            return new WrittenLayer(name, file, new Descriptor(MediaTypes.GzipLayer, digest, RandomAccess.GetLength(file)), diffId, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes the layer's file over; it must be on the same file system, else it is not kept.</summary>
    public void Add(WrittenLayer layer)
    {
        var folder = Path.Combine(directory, ContentDigest.Hex(layer.DiffId));
        try
        {
            lock (gate)
            {
                MakeRoom(layer.Descriptor.Size);
                Directory.CreateDirectory(folder);
                File.Move(layer.Path!, Path.Combine(folder, ContentDigest.Hex(layer.Descriptor.Digest)), overwrite: true);
                File.SetLastWriteTimeUtc(Path.Combine(folder, ContentDigest.Hex(layer.Descriptor.Digest)), time.GetUtcNow().UtcDateTime);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(layer.Path!);
        }
    }

    private static string DigestOf(SafeFileHandle file)
    {
        using var hash = ContentDigest.Begin();
        var buffer = new byte[256 << 10];
        for (var position = 0L; RandomAccess.Read(file, buffer, position) is > 0 and var count; position += count)
            hash.AppendData(buffer.AsSpan(0, count));
        return ContentDigest.End(hash);
    }

    private void MakeRoom(long wanted)
    {
        if (!Directory.Exists(directory))
            return;
        var files = new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.LastWriteTimeUtc).ToList();
        var total = files.Sum(f => f.Length) + wanted;
        foreach (var file in files)
        {
            if (total <= limit)
                return;
            total -= file.Length;
            file.Delete();
            if (!file.Directory!.EnumerateFileSystemInfos().Any())
                file.Directory.Delete();
        }
    }
}
