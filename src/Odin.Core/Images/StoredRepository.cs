using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>A repository of a <see cref="StoredRegistry"/>.</summary>
public sealed class StoredRepository : IImageRepository
{
    private readonly StoredRegistry registry;
    private readonly string folder;

    internal StoredRepository(StoredRegistry registry, string repository)
    {
        this.registry = registry;
        folder = $"repositories/{repository}";
        Name = $"{registry.Name}/{repository}";
    }

    public string Name { get; }

    private IObjectStorage Storage => registry.Storage;

    public async Task<long?> FindBlobAsync(string digest, CancellationToken cancellationToken)
    {
        if (await registry.FindBlobAsync(digest, cancellationToken) is not { } found)
            return null;
        // Noted, and looked for again: in between it could be collected.
        await registry.WantAsync(digest, found, cancellationToken);
        return await MeasureBlobAsync(digest, cancellationToken);
    }

    /// <summary>The length of a blob that is only to be read; null: it is not there.</summary>
    public async Task<long?> MeasureBlobAsync(string digest, CancellationToken cancellationToken) => (await registry.FindBlobAsync(digest, cancellationToken))?.Length;

    public async Task<Stream> OpenBlobAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            return new VerifiedStream(await StoredRegistry.CallAsync(() => Storage.OpenAsync(StoredRegistry.BlobKey(digest), cancellationToken)), digest, Name);
        }
        catch (ObjectNotFoundException e)
        {
            throw new ImageException($"There is no blob '{digest}' in '{Name}'.", isPassing: false, e) { Status = 404 };
        }
    }

    public async Task UploadBlobAsync(Descriptor blob, BlobOpener open, CancellationToken cancellationToken)
    {
        if (await FindBlobAsync(blob.Digest, cancellationToken) is not null)
            return;
        // What the digest does not say makes the stream fail at its end, so that nothing becomes visible.
        await using var content = new VerifiedStream(await open(0, cancellationToken), blob.Digest, Name);
        await StoredRegistry.CallAsync(() => Storage.SaveAsync(StoredRegistry.BlobKey(blob.Digest), content, SaveMode.Overwrite, cancellationToken));
    }

    public async Task<bool> TryMountBlobAsync(Descriptor blob, IImageRepository from, CancellationToken cancellationToken) =>
        from is StoredRepository other && other.registry == registry && await FindBlobAsync(blob.Digest, cancellationToken) is not null;

    public async Task<StoredManifest?> FindManifestAsync(string selector, CancellationToken cancellationToken)
    {
        var digest = ContentDigest.IsValid(selector) ? selector : await FindTagAsync(selector, cancellationToken);
        if (digest is null || await registry.ReadAsync(ManifestKey(digest), cancellationToken) is not { } content)
            return null;
        if (ContentDigest.Like(digest, content) != digest)
            throw new ImageException($"The manifest '{digest}' of '{Name}' is damaged in {Storage.Description}.", isPassing: false);
        var head = ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, Name);
        return new StoredManifest(digest, TypeOf(head), content);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidManifestException">It is no manifest, or names what is not there.</exception>
    public async Task<StoredManifest> PutManifestAsync(string selector, string mediaType, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var isDigest = ContentDigest.IsValid(selector);
        if (!isDigest && !ImageReference.IsTag(selector))
            throw new InvalidManifestException(ManifestFlaw.Invalid, $"'{selector}' is neither a tag nor a digest.");
        var digest = isDigest ? ContentDigest.Like(selector, content.Span) : ContentDigest.Of(content.Span);
        if (isDigest && digest != selector)
            throw new InvalidManifestException(ManifestFlaw.Digest, $"The manifest's digest is '{digest}', not '{selector}'.");
        var head = Check(mediaType, content);
        await CheckReferencesAsync(head, FindBlobAsync, cancellationToken);
        await registry.NameAsync(() => SaveManifestAsync(head, digest, content, cancellationToken), cancellationToken);
        if (head.Subject is { } subject)
            await AttachAsync(subject, new Descriptor(mediaType, digest, content.Length) { ArtifactType = head.ArtifactType ?? head.Config?.MediaType, Annotations = head.Annotations }, cancellationToken);
        if (!isDigest)
        {
            using var text = new MemoryStream(Encoding.ASCII.GetBytes(digest));
            await StoredRegistry.CallAsync(() => Storage.SaveAsync(TagKey(selector), text, SaveMode.Overwrite, cancellationToken));
        }
        return new StoredManifest(digest, mediaType, content) { IsReferrer = head.Subject is not null };
    }

    /// <summary>All tags in order.</summary>
    public async IAsyncEnumerable<string> ListTagsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prefix = TagKey("");
        await foreach (var key in registry.KeysAsync(prefix, cancellationToken))
            yield return key[prefix.Length..];
    }

    /// <summary>Whether anything is in it.</summary>
    public async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in registry.KeysAsync($"{folder}/_", cancellationToken))
            return true;
        return false;
    }

    /// <summary>What is attached to a manifest, which need not be there.</summary>
    /// <param name="artifactType">Null: of any type.</param>
    public async Task<IReadOnlyList<Descriptor>> ListReferrersAsync(string digest, string? artifactType, CancellationToken cancellationToken)
    {
        var found = new List<Descriptor>();
        await foreach (var key in registry.KeysAsync($"{ReferrersKey(digest)}/", cancellationToken))
        {
            if (await registry.ReadAsync(key, cancellationToken) is { } content
                && ManifestJson.Parse(content, ManifestJson.Default.Descriptor, key) is var referrer && (artifactType is null || referrer.ArtifactType == artifactType))
                found.Add(referrer);
        }
        return found;
    }

    /// <summary>Deletes a tag, which leaves its manifest; false: there is none.</summary>
    public async Task<bool> DeleteTagAsync(string tag, CancellationToken cancellationToken)
    {
        if (await FindTagAsync(tag, cancellationToken) is null)
            return false;
        await StoredRegistry.CallAsync(() => Storage.DeleteAsync(TagKey(tag), cancellationToken));
        return true;
    }

    /// <summary>Deletes a manifest and the tags that stand for it; false: there is none. Its blobs go when they are collected.</summary>
    public async Task<bool> DeleteManifestAsync(string digest, CancellationToken cancellationToken)
    {
        if (await registry.ReadAsync(ManifestKey(digest), cancellationToken) is not { } content)
            return false;
        await foreach (var tag in ListTagsAsync(cancellationToken))
        {
            if (await FindTagAsync(tag, cancellationToken) == digest)
                await StoredRegistry.CallAsync(() => Storage.DeleteAsync(TagKey(tag), cancellationToken));
        }
        if (ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, Name).Subject is { } subject)
            await StoredRegistry.CallAsync(() => Storage.DeleteAsync(ReferrerKey(subject.Digest, digest), cancellationToken));
        await StoredRegistry.CallAsync(() => Storage.DeleteAsync(ManifestKey(digest), cancellationToken));
        return true;
    }

    public void Dispose()
    {
        // The storage is the registry's owner's.
    }

    private static string PathOf(string digest) => $"{digest[..digest.IndexOf(':')]}/{ContentDigest.Hex(digest)}";

    // The field may be missing in OCI's own formats, which differ in what they list.
    private static string TypeOf(ManifestHead head) => head.MediaType ?? (head.Manifests is null ? MediaTypes.Manifest : MediaTypes.Index);

    private static ManifestHead Check(string mediaType, ReadOnlyMemory<byte> content)
    {
        if (content.Length > ImageManifest.Longest)
            throw new InvalidManifestException(ManifestFlaw.TooLarge, $"A manifest may have {ImageManifest.Longest} bytes; this one has {content.Length}.");
        if (!MediaTypes.IsManifest(mediaType) && !MediaTypes.IsIndex(mediaType))
            throw new InvalidManifestException(ManifestFlaw.Invalid, $"Manifests of the type '{mediaType}' are not taken: use OCI's or Docker's version 2.");
        ManifestHead head;
        try
        {
            head = ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, "it");
        }
        catch (ImageException e)
        {
            throw new InvalidManifestException(ManifestFlaw.Invalid, e.Message);
        }
        var isIndex = MediaTypes.IsIndex(mediaType);
        if (head.SchemaVersion != 2 || (isIndex ? head.Manifests is null || head.Layers is not null : head.Config is null || head.Layers is null || head.Manifests is not null))
            throw new InvalidManifestException(ManifestFlaw.Invalid, $"What was sent is no manifest of the type '{mediaType}'.");
        if (TypeOf(head) != mediaType)
            throw new InvalidManifestException(ManifestFlaw.Invalid, $"The manifest says that it is '{TypeOf(head)}', and the request that it is '{mediaType}'.");
        // Whatever the types say: it is somebody's JSON.
        foreach (var part in All(head))
        {
            if (part is null || !ContentDigest.IsValid(part.Digest ?? "") || part.Size < 0 || string.IsNullOrEmpty(part.MediaType))
                throw new InvalidManifestException(ManifestFlaw.Invalid, $"The manifest names '{part?.Digest}' of the type '{part?.MediaType}' with {part?.Size} bytes, which cannot be.");
        }
        return head;
    }

    private static IEnumerable<Descriptor?> All(ManifestHead head)
    {
        IEnumerable<Descriptor?> own = [head.Config, head.Subject];
        return own.OfType<Descriptor>().Concat(head.Layers ?? []).Concat(head.Manifests ?? []);
    }

    // Looked for once more when everybody can see that they are needed: another server may have been about to delete one.
    private async Task<bool> SaveManifestAsync(ManifestHead head, string digest, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var isNew = await StoredRegistry.CallAsync(() => Storage.FindAsync(ManifestKey(digest), cancellationToken)) is null;
        using (var bytes = new MemoryStream(content.ToArray()))
            await StoredRegistry.CallAsync(() => Storage.SaveAsync(ManifestKey(digest), bytes, SaveMode.Overwrite, cancellationToken));
        try
        {
            await CheckReferencesAsync(head, MeasureBlobAsync, cancellationToken);
        }
        catch (InvalidManifestException) when (isNew)
        {
            await StoredRegistry.CallAsync(() => Storage.DeleteAsync(ManifestKey(digest), CancellationToken.None));
            throw;
        }
        return isNew;
    }

    private async Task CheckReferencesAsync(ManifestHead head, Func<string, CancellationToken, Task<long?>> find, CancellationToken cancellationToken)
    {
        var blobs = (head.Layers ?? []).Where(l => !MediaTypes.IsForeign(l.MediaType)).Append(head.Config).OfType<Descriptor>().Select(d => d.Digest).Distinct().ToList();
        var lengths = await Task.WhenAll(blobs.Select(digest => find(digest, cancellationToken)));
        if (blobs.Where((_, index) => lengths[index] is null).ToList() is { Count: > 0 } missing)
            throw new InvalidManifestException(ManifestFlaw.BlobMissing, $"The manifest names blobs that are not there: {string.Join(", ", missing)}. Upload them first.");
        foreach (var manifest in head.Manifests ?? [])
        {
            if (await StoredRegistry.CallAsync(() => Storage.FindAsync(ManifestKey(manifest.Digest), cancellationToken)) is null)
                throw new InvalidManifestException(ManifestFlaw.BlobMissing, $"The index names the manifest '{manifest.Digest}', which is not there. Put it first.");
        }
    }

    private async Task AttachAsync(Descriptor subject, Descriptor referrer, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(referrer, ManifestJson.Default.Descriptor));
        await StoredRegistry.CallAsync(() => Storage.SaveAsync(ReferrerKey(subject.Digest, referrer.Digest), bytes, SaveMode.Overwrite, cancellationToken));
    }

    private async Task<string?> FindTagAsync(string tag, CancellationToken cancellationToken)
    {
        if (!ImageReference.IsTag(tag) || await registry.ReadAsync(TagKey(tag), cancellationToken) is not { } content)
            return null;
        return ContentDigest.Check(Encoding.ASCII.GetString(content));
    }

    private string ManifestKey(string digest) => $"{folder}/_manifests/{PathOf(digest)}";

    private string TagKey(string tag) => $"{folder}/_tags/{tag}";

    private string ReferrersKey(string subject) => $"{folder}/_referrers/{PathOf(subject)}";

    private string ReferrerKey(string subject, string digest) => $"{ReferrersKey(subject)}/{PathOf(digest)}";
}
