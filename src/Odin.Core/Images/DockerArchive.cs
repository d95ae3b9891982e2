using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Files;

namespace Odin.Images;

/// <summary>
/// Images in a tarball as <c>docker load</c> reads and <c>docker save</c> writes them: <c>manifest.json</c>, which names a
/// configuration and the layers, each a file of its own.
/// </summary>
internal static class DockerArchive
{
    private const string Manifest = "manifest.json", Configuration = "config.json";
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes an image of a layout, its layers as they are.</summary>
    /// <param name="name">That it gets.</param>
    /// <returns>How many layers it has.</returns>
    public static async Task<int> WriteAsync(ImageLayout layout, string tag, string name, string path, CancellationToken cancellationToken)
    {
        var image = ImageManifest.Parse((await layout.FindManifestAsync(tag, cancellationToken))!, layout.Name);
        var layers = image.Layers.Select((_, index) => $"{index}.tar").ToList();
        var manifest = new JsonArray(new JsonObject
        {
            ["Config"] = Configuration,
            ["RepoTags"] = new JsonArray(name),
            ["Layers"] = new JsonArray([.. layers.Select(l => (JsonNode)l)]),
        });
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        await AddAsync(Configuration, image.Config);
        foreach (var (layer, index) in image.Layers.Select((l, i) => (l, i)))
            await AddAsync(layers[index], layer);
        var text = JsonSerializer.SerializeToUtf8Bytes(manifest);
        await file.WriteAsync(TarHeader.Write(Manifest, TarHeader.RegularFile, Mode, text.Length, ""), cancellationToken);
        await file.WriteAsync(text, cancellationToken);
        await file.WriteAsync(new byte[TarHeader.Padding(text.Length)], cancellationToken);
        await file.WriteAsync(TarHeader.End, cancellationToken);
        return layers.Count;

        async Task AddAsync(string entry, Descriptor blob)
        {
            await file.WriteAsync(TarHeader.Write(entry, TarHeader.RegularFile, Mode, blob.Size, ""), cancellationToken);
            await using (var content = await layout.OpenBlobAsync(blob.Digest, cancellationToken))
                await content.CopyToAsync(file, cancellationToken);
            await file.WriteAsync(new byte[TarHeader.Padding(blob.Size)], cancellationToken);
        }
    }

    /// <summary>Takes the configuration and the upper layers of an archive's image into a layout.</summary>
    /// <param name="below">How many layers are not wanted.</param>
    /// <param name="directory">To unpack in.</param>
    /// <exception cref="ImageException">It is no such archive, or has fewer layers.</exception>
    public static async Task<AddedLayers> TakeAsync(string path, int below, ImageLayout to, string directory, CancellationToken cancellationToken)
    {
        var unpacked = Directory.CreateDirectory(Path.Combine(directory, "unpacked")).FullName;
        try
        {
            await TarFile.ExtractToDirectoryAsync(path, unpacked, overwriteFiles: true, cancellationToken);
            var image = (JsonNode.Parse(await File.ReadAllBytesAsync(Path.Combine(unpacked, Manifest), cancellationToken)) as JsonArray)?[0] as JsonObject;
            if (image?["Config"]?.GetValue<string>() is not { } name || image["Layers"] is not JsonArray layers)
                throw new ImageException("What docker saved names no image.", isPassing: false);
            if (layers.Count < below)
                throw new ImageException($"The build gave an image of {layers.Count} layers on one of {below}; it must not squash them.", isPassing: false);
            var configuration = await File.ReadAllBytesAsync(Inner(unpacked, name), cancellationToken);
            var added = new List<Descriptor>();
            foreach (var layer in layers.Skip(below))
                added.Add(await StoreLayerAsync(Inner(unpacked, layer!.GetValue<string>()), to, cancellationToken));
            return new AddedLayers(await BlobTransfer.StoreAsync(to, MediaTypes.Configuration, configuration, cancellationToken), added);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException($"What docker saved is no image that is understood: {e.Message}", isPassing: false, e);
        }
    }

    // A layer that another image has too may be a link to it, within the archive.
    private static string Inner(string root, string name) => RealPath.Of(Path.Combine(root, name)) is { } path && path.StartsWith(RealPath.Of(root) + "/", StringComparison.Ordinal)
        ? path
        : throw new InvalidDataException($"'{name}' leads out of it");

    // Docker gives layers as archives that are not compressed, newer ones also as they were pulled.
    private static async Task<Descriptor> StoreLayerAsync(string path, ImageLayout to, CancellationToken cancellationToken)
    {
        var packed = await IsCompressedAsync(path, cancellationToken) ? path : await CompressAsync(path, cancellationToken);
        using var hash = ContentDigest.Begin();
        await using (var file = File.OpenRead(packed))
        await using (var hashed = new HashingStream(Stream.Null, hash))
            await file.CopyToAsync(hashed, cancellationToken);
        var blob = new Descriptor(MediaTypes.GzipLayer, ContentDigest.End(hash), new FileInfo(packed).Length);
        await to.UploadBlobAsync(blob, (offset, _) =>
        {
            var file = File.OpenRead(packed);
            file.Position = offset;
            return Task.FromResult<Stream>(file);
        }, cancellationToken);
        return blob;
    }

    private static async Task<bool> IsCompressedAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var magic = new byte[2];
        return await file.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, cancellationToken) == 2 && magic is [0x1f, 0x8b];
    }

    private static async Task<string> CompressAsync(string path, CancellationToken cancellationToken)
    {
        var packed = path + ".gz";
        await using var from = File.OpenRead(path);
        await using var to = new FileStream(packed, FileMode.Create, FileAccess.Write);
        await using var gzip = new ParallelGzipStream(to);
        await from.CopyToAsync(gzip, cancellationToken);
        await gzip.CompleteAsync(cancellationToken);
        return packed;
    }
}
