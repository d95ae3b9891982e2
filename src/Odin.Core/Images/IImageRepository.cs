namespace Odin.Images;

/// <summary>
/// The images under one name: blobs by digest, manifests by digest and tag. All methods throw <see cref="ImageException"/> when
/// the repository could not be asked or refused. Safe for use by many at once.
/// </summary>
public interface IImageRepository : IDisposable
{
    /// <summary>
    /// <c>127.0.0.1:5000/models/wine</c>, or <c>oci:/path</c> for a directory; with <c>:tag</c> or <c>@digest</c> it names an image.
    /// </summary>
    string Name { get; }

    /// <summary>The length of a blob; null: it is not there.</summary>
    Task<long?> FindBlobAsync(string digest, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a blob; the stream belongs to the caller and cannot seek. What it gave is checked at its end: reading throws
    /// <see cref="ImageException"/> when it is not what the digest says.
    /// </summary>
    Task<Stream> OpenBlobAsync(string digest, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a blob, unless it is there. An upload that breaks is resumed where the repository has got to, a bounded number of
    /// times. Nothing is visible before all of it is there and is what the digest says.
    /// </summary>
    /// <param name="open">Gives the content from a place on; is asked again for each attempt.</param>
    Task UploadBlobAsync(Descriptor blob, BlobOpener open, CancellationToken cancellationToken);

    /// <summary>Takes a blob over from another repository of the same registry, without moving its bytes. False: it must be uploaded.</summary>
    Task<bool> TryMountBlobAsync(Descriptor blob, IImageRepository from, CancellationToken cancellationToken);

    /// <summary>Null: there is none of that tag or digest. The content is what its digest says.</summary>
    /// <param name="selector">A tag or a digest.</param>
    Task<StoredManifest?> FindManifestAsync(string selector, CancellationToken cancellationToken);

    /// <summary>Stores a manifest whose blobs are there already, under a tag or its digest: this makes the image visible.</summary>
    /// <returns>With the digest.</returns>
    Task<StoredManifest> PutManifestAsync(string selector, string mediaType, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}

/// <summary>Opens the content of a blob.</summary>
/// <param name="offset">How many bytes at the beginning are left out.</param>
public delegate Task<Stream> BlobOpener(long offset, CancellationToken cancellationToken);

/// <summary>A manifest as it lies in a repository.</summary>
public sealed record StoredManifest(string Digest, string MediaType, ReadOnlyMemory<byte> Content)
{
    /// <summary>When it was put: the repository itself finds what is attached to its subject (the referrers interface of OCI 1.1).</summary>
    public bool IsReferrer { get; init; }
}
