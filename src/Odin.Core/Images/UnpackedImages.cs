using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Images;

/// <summary>
/// Images unpacked for running without a container engine, one directory for each: <c>DIR/HEX/root</c> and, once all of it is
/// there, <c>DIR/HEX/image.json</c>. Safe for use by many at once; one image is unpacked once.
/// </summary>
internal sealed class UnpackedImages(string directory, UnpackLimits limits, TimeProvider time) : IDisposable
{
    private const string ConfigurationFile = "image.json", RootName = "root";

    /// <summary>At the top of every image: where the socket of what runs in it is mounted. No image has it.</summary>
    public const string SocketDirectory = ".odin";

    // For so long an image is kept that nobody is known to need: whoever has asked for it may just be about to say so.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly ConcurrentDictionary<string, DateTimeOffset> asked = new(StringComparer.Ordinal);

    public void Dispose() => gate.Dispose();

    /// <summary>An image that was unpacked at some time; null: it was not.</summary>
    /// <param name="digest">Of its manifest.</param>
    public async Task<UnpackedImage?> FindAsync(string digest, CancellationToken cancellationToken)
    {
        var file = Path.Combine(PathOf(digest), ConfigurationFile);
        try
        {
            var json = JsonNode.Parse(await File.ReadAllBytesAsync(file, cancellationToken)) as JsonObject;
            return json is null ? null : UnpackedImage.Of(digest, Path.Combine(PathOf(digest), RootName), json);
        }
        // A machine that went down in the middle has left half of it.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether an image is there, as far as can be told without reading.</summary>
    public bool Has(string digest) => File.Exists(Path.Combine(PathOf(digest), ConfigurationFile));

    /// <summary>Unpacks an image, unless that was done before.</summary>
    /// <exception cref="ImageException">Its content cannot be had, or is not right.</exception>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public async Task<UnpackedImage> UnpackAsync(BaseImage image, CancellationToken cancellationToken)
    {
        var digest = image.Digest!;
        asked[digest] = time.GetUtcNow();
        // One at a time: each fills the disk as fast as it can take it.
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (await FindAsync(digest, cancellationToken) is { } known)
                return known;
            var path = PathOf(digest);
            // Of a server that did not live to finish it.
            DirectoryRemoval.Delete(path);
            var root = Directory.CreateDirectory(Path.Combine(path, RootName)).FullName;
            try
            {
                await UnpackAsync(image, new RootDirectory(root, limits), cancellationToken);
            }
            catch
            {
                DirectoryRemoval.Delete(path);
                throw;
            }
            var file = Path.Combine(path, ConfigurationFile);
            await using (var mark = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
            {
                await mark.WriteAsync(System.Text.Encoding.UTF8.GetBytes(image.Configuration.ToJsonString()), cancellationToken);
                mark.Flush(flushToDisk: true);
            }
            File.Move(file + ".new", file);
            asked[digest] = time.GetUtcNow();
            return UnpackedImage.Of(digest, root, image.Configuration);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Removes the images that nobody needs, but for those that were asked for a moment ago.</summary>
    /// <param name="findNeeded">The digests that are; called when nothing is being unpacked.</param>
    public async Task PruneAsync(Func<CancellationToken, Task<HashSet<string>>> findNeeded, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            foreach (var (digest, since) in asked.Where(a => time.GetUtcNow() - a.Value > Fresh).ToList())
                asked.TryRemove(new KeyValuePair<string, DateTimeOffset>(digest, since));
            var names = (await findNeeded(cancellationToken)).Concat(asked.Keys).Select(NameOf).ToHashSet(StringComparer.Ordinal);
            foreach (var path in Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).ToList() : [])
            {
                if (names.Contains(Path.GetFileName(path)))
                    continue;
                // The mark first: half an image must not pass for one.
                File.Delete(Path.Combine(path, ConfigurationFile));
                DirectoryRemoval.Delete(path);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private static async Task UnpackAsync(BaseImage image, RootDirectory root, CancellationToken cancellationToken)
    {
        foreach (var layer in image.Layers)
        {
            try
            {
                await using var blob = await image.Repository!.OpenBlobAsync(layer.Digest, cancellationToken);
                await using var tar = Decompress(blob, layer, image.Name);
                await root.ApplyAsync(tar, cancellationToken);
                // To its end: that is where the digest is checked.
                await tar.CopyToAsync(Stream.Null, cancellationToken);
                await blob.CopyToAsync(Stream.Null, cancellationToken);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException or FormatException or ArgumentException)
            {
                throw new ImageException($"The layer '{layer.Digest}' of the image '{image.Name}' cannot be unpacked: {e.Message}", isPassing: false, e);
            }
        }
        foreach (var name in new[] { "proc", "dev", "sys", "tmp", SocketDirectory })
            root.MakeTop(name);
        // Where names of the network are looked up; this machine's are mounted there.
        root.MakeFile("etc/resolv.conf");
        root.MakeFile("etc/hosts");
        root.Finish();
    }

    private static Stream Decompress(Stream blob, Descriptor layer, string image) => layer.MediaType switch
    {
        var type when type.EndsWith("gzip", StringComparison.Ordinal) => new GZipStream(blob, CompressionMode.Decompress, leaveOpen: true),
        var type when type.EndsWith("zstd", StringComparison.Ordinal) => throw new ImageException(
            $"The image '{image}' has layers in the format zstd, which cannot be unpacked here: push it with gzip.", isPassing: false),
        _ => blob,
    };

    private string PathOf(string digest) => Path.Combine(directory, NameOf(digest));

    private static string NameOf(string digest) => digest.Replace(':', '-');
}
