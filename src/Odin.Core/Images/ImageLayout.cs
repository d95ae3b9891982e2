using System.Text.Json;

namespace Odin.Images;

/// <summary>
/// Images in a directory, by the image layout specification: what <c>skopeo copy … oci:DIRECTORY</c> and
/// <c>buildah push … oci:DIRECTORY</c> read and write.
/// </summary>
public sealed class ImageLayout : IImageRepository
{
    private const string TagAnnotation = "org.opencontainers.image.ref.name";
    private const string MarkFile = "oci-layout", IndexFile = "index.json", Version = "1.0.0";

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly string directory;

    private ImageLayout(string directory) => this.directory = directory;

    public string Name => $"oci:{directory}";

    /// <param name="create">Make an empty one if there is nothing.</param>
    /// <exception cref="ImageException">It is no layout.</exception>
    public static ImageLayout Open(string directory, bool create = false)
    {
        directory = Path.GetFullPath(directory);
        var layout = new ImageLayout(directory);
        try
        {
            if (create && !File.Exists(Path.Combine(directory, MarkFile)))
            {
                Directory.CreateDirectory(Path.Combine(directory, "blobs", "sha256"));
                layout.Write(IndexFile, new ManifestIndex { MediaType = MediaTypes.Index, Manifests = [] }.ToBytes());
                layout.Write(MarkFile, JsonSerializer.SerializeToUtf8Bytes(new LayoutMark(Version), ManifestJson.Default.LayoutMark));
            }
            if (!File.Exists(Path.Combine(directory, MarkFile)) || !File.Exists(Path.Combine(directory, IndexFile)))
                throw new ImageException($"'{directory}' is no OCI image layout: it has no file '{MarkFile}' or '{IndexFile}'.", isPassing: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw layout.Failure(e);
        }
        return layout;
    }

    public Task<long?> FindBlobAsync(string digest, CancellationToken cancellationToken)
    {
        var file = new FileInfo(PathOf(digest));
        return Task.FromResult<long?>(file.Exists ? file.Length : null);
    }

    public Task<Stream> OpenBlobAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.Asynchronous);
            return Task.FromResult<Stream>(new VerifiedStream(file, digest, Name));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException($"There is no blob '{digest}' in '{Name}'.", isPassing: false, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e);
        }
    }

    public async Task UploadBlobAsync(Descriptor blob, BlobOpener open, CancellationToken cancellationToken)
    {
        if (File.Exists(PathOf(blob.Digest)))
            return;
        var path = PathOf(blob.Digest);
        var part = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using (var content = new VerifiedStream(await open(0, cancellationToken), blob.Digest, Name))
            await using (var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write))
                await content.CopyToAsync(file, cancellationToken);
            File.Move(part, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e);
        }
        finally
        {
            File.Delete(part);
        }
    }

    public Task<bool> TryMountBlobAsync(Descriptor blob, IImageRepository from, CancellationToken cancellationToken) => Task.FromResult(false);

    public async Task<StoredManifest?> FindManifestAsync(string selector, CancellationToken cancellationToken)
    {
        var index = ReadIndex();
        var found = index.Manifests.FirstOrDefault(m => m.Digest == selector || TagOf(m) == selector)
            // Most tools write one image without a name.
            ?? (selector == "latest" && index.Manifests is [var only] && TagOf(only) is null ? only : null);
        var digest = found?.Digest ?? (ContentDigest.IsValid(selector) ? selector : null);
        if (digest is null || await FindBlobAsync(digest, cancellationToken) is not { } size)
            return null;
        if (size > ImageManifest.Longest)
            throw new ImageException($"The manifest '{digest}' in '{Name}' is too long ({size} bytes).", isPassing: false);
        await using var stream = await OpenBlobAsync(digest, cancellationToken);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        return new StoredManifest(digest, found?.MediaType ?? TypeOf(content.ToArray(), digest), content.ToArray());
    }

    public async Task<StoredManifest> PutManifestAsync(string selector, string mediaType, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var bytes = content.ToArray();
        var blob = await BlobTransfer.StoreAsync(this, mediaType, bytes, cancellationToken);
        var manifest = ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, Name);
        var isTag = !ContentDigest.IsValid(selector);
        blob = blob with
        {
            ArtifactType = manifest.ArtifactType,
            Annotations = isTag ? new Dictionary<string, string> { [TagAnnotation] = selector } : null,
        };
        await gate.WaitAsync(cancellationToken);
        try
        {
            var index = ReadIndex();
            var kept = index.Manifests.Where(m => isTag ? TagOf(m) != selector && !(TagOf(m) is null && m.Digest == blob.Digest) : true).ToList();
            if (isTag || kept.TrueForAll(m => m.Digest != blob.Digest))
                kept.Add(blob);
            Write(IndexFile, (index with { Manifests = kept }).ToBytes());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e);
        }
        finally
        {
            gate.Release();
        }
        return new StoredManifest(blob.Digest, mediaType, content);
    }

    public void Dispose() => gate.Dispose();

    private static string? TagOf(Descriptor manifest) => manifest.Annotations?.GetValueOrDefault(TagAnnotation);

    private string TypeOf(byte[] content, string digest) =>
        ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, $"{Name}@{digest}").MediaType ?? MediaTypes.Manifest;

    private ManifestIndex ReadIndex()
    {
        try
        {
            return ManifestJson.Parse(File.ReadAllBytes(Path.Combine(directory, IndexFile)), ManifestJson.Default.ManifestIndex, Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e);
        }
    }

    private string PathOf(string digest)
    {
        var hex = ContentDigest.Hex(digest);
        return Path.Combine(directory, "blobs", digest[..digest.IndexOf(':')], hex);
    }

    // Whole or not at all.
    private void Write(string name, byte[] content)
    {
        var part = Path.Combine(directory, $"{name}.{Guid.NewGuid():N}");
        File.WriteAllBytes(part, content);
        File.Move(part, Path.Combine(directory, name), overwrite: true);
    }

    private ImageException Failure(Exception e) => new($"The image layout '{directory}' cannot be used: {e.Message}", isPassing: true, e);
}
