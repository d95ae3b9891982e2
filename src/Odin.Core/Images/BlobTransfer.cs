using System.Globalization;

namespace Odin.Images;

/// <summary>Brings blobs from one repository into another, without the disk.</summary>
internal static class BlobTransfer
{
    /// <summary>Copies a blob unless it is there already, and says what it did.</summary>
    public static async Task<string> CopyAsync(IImageRepository from, IImageRepository to, Descriptor blob, CancellationToken cancellationToken)
    {
        if (await to.FindBlobAsync(blob.Digest, cancellationToken) is not null)
            return "is there already";
        if (await to.TryMountBlobAsync(blob, from, cancellationToken))
            return "taken over from another repository of the registry";
        await to.UploadBlobAsync(blob, (offset, token) => OpenAsync(from, blob.Digest, offset, token), cancellationToken);
        return "copied";
    }

    /// <summary>Stores content that is in memory.</summary>
    public static async Task<Descriptor> StoreAsync(IImageRepository to, string mediaType, byte[] content, CancellationToken cancellationToken)
    {
        var blob = new Descriptor(mediaType, ContentDigest.Of(content), content.Length);
        await to.UploadBlobAsync(blob, (offset, _) => Task.FromResult<Stream>(new MemoryStream(content, (int)offset, content.Length - (int)offset)), cancellationToken);
        return blob;
    }

    /// <summary><c>12.3 MB</c>.</summary>
    public static string Size(long bytes) => bytes < 1_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");

    private static async Task<Stream> OpenAsync(IImageRepository from, string digest, long offset, CancellationToken cancellationToken)
    {
        var stream = await from.OpenBlobAsync(digest, cancellationToken);
        try
        {
            // Read, not skipped: the digest that is checked is that of the whole.
            var buffer = new byte[64 << 10];
            while (offset > 0 && await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, offset)), cancellationToken) is > 0 and var count)
                offset -= count;
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}
