namespace Odin.Images;

/// <summary>Makes an image visible whose blobs are stored: manifest, what is attached to it, and the tag last.</summary>
internal static class ImagePublisher
{
    private static readonly byte[] EmptyContent = "{}"u8.ToArray();

    public static async Task<BuiltImage> PublishAsync(ImageBuild build, ImageManifest manifest, CancellationToken cancellationToken)
    {
        var content = manifest.ToBytes();
        var image = new Descriptor(MediaTypes.Manifest, ContentDigest.Of(content), content.Length);
        string? sbom = null;
        if (build.Sbom is { } document)
        {
            // By its digest first: registries differ in whether something may be attached to what is not there yet.
            await build.Target.PutManifestAsync(image.Digest, image.MediaType, content, cancellationToken);
            sbom = await AttachAsync(build.Target, image, MediaTypes.Spdx, document.ToArray(), cancellationToken);
        }
        await build.Target.PutManifestAsync(build.Tag, image.MediaType, content, cancellationToken);
        return new BuiltImage($"{build.Target.Name}:{build.Tag}", image.Digest, manifest.Layers.Sum(l => l.Size)) { SbomDigest = sbom };
    }

    /// <summary>Attaches a document to a manifest, as OCI 1.1 has it, and by the tag that older registries need.</summary>
    /// <returns>The digest of the manifest that attaches it.</returns>
    public static async Task<string> AttachAsync(
        IImageRepository repository, Descriptor subject, string type, byte[] document, CancellationToken cancellationToken)
    {
        var config = await BlobTransfer.StoreAsync(repository, MediaTypes.Empty, EmptyContent, cancellationToken);
        var blob = await BlobTransfer.StoreAsync(repository, type, document, cancellationToken);
        var manifest = new ImageManifest { MediaType = MediaTypes.Manifest, ArtifactType = type, Config = config, Layers = [blob], Subject = subject };
        var content = manifest.ToBytes();
        var stored = await repository.PutManifestAsync(ContentDigest.Of(content), MediaTypes.Manifest, content, cancellationToken);
        if (!stored.IsReferrer)
        {
            var referrer = new Descriptor(MediaTypes.Manifest, stored.Digest, content.Length) { ArtifactType = type };
            await AddToTagAsync(repository, subject, referrer, cancellationToken);
        }
        return stored.Digest;
    }

    // "Referrers tag schema" of the distribution specification.
    private static async Task AddToTagAsync(IImageRepository repository, Descriptor subject, Descriptor referrer, CancellationToken cancellationToken)
    {
        var tag = subject.Digest.Replace(':', '-');
        var present = await repository.FindManifestAsync(tag, cancellationToken);
        var index = present is not null && MediaTypes.IsIndex(present.MediaType)
            ? ManifestIndex.Parse(present, $"{repository.Name}:{tag}")
            : new ManifestIndex { MediaType = MediaTypes.Index, Manifests = [] };
        if (index.Manifests.Any(m => m.Digest == referrer.Digest))
            return;
        var content = (index with { Manifests = [.. index.Manifests, referrer] }).ToBytes();
        await repository.PutManifestAsync(tag, MediaTypes.Index, content, cancellationToken);
    }
}
