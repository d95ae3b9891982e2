using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Odin.Images;

/// <summary>
/// Uploads to a <see cref="StoredRegistry"/> that are under way: each a file that grows, so that one that broke goes on at the
/// byte where it stopped. Servers that share the directory may take turns with one upload.
/// </summary>
public sealed partial class BlobUploads(string directory, TimeProvider time)
{
    /// <summary>When an upload that nobody goes on with is given up.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(1);

    // A request that broke may still be writing when the next one comes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(50);

    /// <returns>Its id.</returns>
    public string Begin(string repository)
    {
        Directory.CreateDirectory(directory);
        var id = Guid.NewGuid().ToString("N");
        using var file = new FileStream(PathOf(repository, id), FileMode.CreateNew);
        return id;
    }

    /// <summary>How many bytes are there; null: there is no such upload.</summary>
    public long? Find(string repository, string id)
    {
        if (!Id().IsMatch(id))
            return null;
        var file = new FileInfo(PathOf(repository, id));
        return file.Exists ? file.Length : null;
    }

    /// <summary>Adds to the end. What came before the stream broke stays.</summary>
    /// <param name="offset">Where the content belongs; null: wherever the end is.</param>
    /// <returns>How many bytes are there now, and whether the content belonged there; null: there is no such upload.</returns>
    public async Task<(long Length, bool Fits)?> AppendAsync(string repository, string id, long? offset, Stream content, CancellationToken cancellationToken)
    {
        if (Find(repository, id) is null || await OpenAsync(repository, id, cancellationToken) is not { } file)
            return null;
        await using (file)
        {
            if (offset is not null && offset != file.Length)
                return (file.Length, false);
            file.Seek(0, SeekOrigin.End);
            await content.CopyToAsync(file, 256 << 10, cancellationToken);
            return (file.Length, true);
        }
    }

    /// <summary>Stores what has come as a blob and ends the upload; false: there is no such upload.</summary>
    /// <exception cref="ImageException">It is not what the digest says; the upload is over.</exception>
    public async Task<bool> CompleteAsync(StoredRepository target, string repository, string id, string digest, CancellationToken cancellationToken)
    {
        if (Find(repository, id) is null || await OpenAsync(repository, id, cancellationToken) is not { } file)
            return false;
        await using (file)
        {
            var blob = new Descriptor("application/octet-stream", digest, file.Length);
            // Even if the blob is there: the sender is to hear of a mistake.
            if (await DigestAsync(file, digest, cancellationToken) is var actual && actual != digest)
            {
                End(repository, id);
                throw new ImageException($"What was uploaded has {file.Length} bytes and the digest '{actual}', not '{digest}'.", isPassing: false) { Status = 400 };
            }
            await target.UploadBlobAsync(blob, (_, _) => Task.FromResult<Stream>(new FilePartStream(file.SafeFileHandle, 0)), cancellationToken);
            End(repository, id);
        }
        return true;
    }

    /// <summary>Gives an upload up.</summary>
    public void End(string repository, string id) => File.Delete(PathOf(repository, id));

    /// <summary>Removes uploads that nobody has gone on with for <see cref="Life"/>.</summary>
    public int RemoveExpired()
    {
        if (!Directory.Exists(directory))
            return 0;
        var old = new DirectoryInfo(directory).EnumerateFiles().Where(f => time.GetUtcNow() - f.LastWriteTimeUtc >= Life).ToList();
        foreach (var file in old)
            file.Delete();
        return old.Count;
    }

    private static async Task<string> DigestAsync(FileStream file, string digest, CancellationToken cancellationToken)
    {
        using var hash = ContentDigest.Begin(digest);
        var buffer = new byte[256 << 10];
        file.Seek(0, SeekOrigin.Begin);
        while (await file.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            hash.AppendData(buffer.AsSpan(0, count));
        return ContentDigest.End(hash);
    }

    /// <summary>Null: it has ended meanwhile.</summary>
    private async Task<FileStream?> OpenAsync(string repository, string id, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; ; waited += Pause)
        {
            try
            {
                return new FileStream(PathOf(repository, id), FileMode.Open, FileAccess.ReadWrite, FileShare.Delete, 1, FileOptions.Asynchronous);
            }
            catch (FileNotFoundException)
            {
                return null;
            }
            catch (IOException) when (waited < Patience)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    // The name of the repository is in it, so that an upload cannot be gone on with in another one.
    private string PathOf(string repository, string id) =>
        Path.Combine(directory, $"{id}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(repository)))[..16]}");

    [GeneratedRegex(@"\A[0-9a-f]{32}\z")]
    private static partial Regex Id();
}
