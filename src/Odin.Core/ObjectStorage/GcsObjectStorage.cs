using System.Globalization;
using System.Net.Http;

namespace Odin.ObjectStorage;

/// <summary>
/// Objects in a bucket of Google Cloud Storage, by its JSON interface. The <see cref="StoredObject.ETag"/> is the object's
/// generation.
/// </summary>
public sealed class GcsObjectStorage : IObjectStorage
{
    private readonly GcsBucket bucket;
    private readonly TransferLimits limits;

    /// <exception cref="ObjectStorageException">An option is not valid. Nothing is asked of the server yet.</exception>
    public GcsObjectStorage(GcsStorageOptions options)
        : this(options, TransferLimits.Default)
    {
    }

    internal GcsObjectStorage(GcsStorageOptions options, TransferLimits limits)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.limits = limits;
        bucket = new GcsBucket(options, limits);
    }

    public string Description => bucket.Description;

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => ObjectPages.ListAsync(
        prefix, Description, "objects", (mark, token) => bucket.ListPageAsync(prefix, mark, limits.PageSize, token), cancellationToken);

    /// <inheritdoc/>
    public async Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        using var answer = await bucket.SendAsync(
            () => GcsBucket.Request(HttpMethod.Get, $"{bucket.ObjectAddress(key)}?fields={GcsBucket.Fields}"), key, acceptsMissing: true, cancellationToken);
        return answer.IsSuccess ? bucket.ParseObject(answer) : null;
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        return ResumingStream.OpenAsync(key, Description, (offset, etag, token) => OpenAsync(key, offset, etag, token), limits, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredObject> SaveAsync(string key, Stream content, SaveMode mode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ObjectKey.Check(key);
        return new GcsUpload(bucket, limits, key, mode).RunAsync(content, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        using var answer = await bucket.SendAsync(() => GcsBucket.Request(HttpMethod.Delete, bucket.ObjectAddress(key)), key, acceptsMissing: true, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Asks for one object, so the account needs the right to list.</remarks>
    public Task CheckAsync(CancellationToken cancellationToken) => bucket.ListPageAsync("", null, 1, cancellationToken);

    public void Dispose() => bucket.Dispose();

    private async Task<OpenedObject> OpenAsync(string key, long offset, string? generation, CancellationToken cancellationToken)
    {
        var address = $"{bucket.ObjectAddress(key)}?alt=media{(generation is null ? "" : $"&ifGenerationMatch={generation}")}";
        try
        {
            var answer = await bucket.OpenAsync(
                () =>
                {
                    var request = GcsBucket.Request(HttpMethod.Get, address);
                    // What was stored compressed would be unpacked on the way otherwise, and have another length.
                    request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
                    if (offset > 0)
                        request.Headers.TryAddWithoutValidation("Range", string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-"));
                    return request;
                },
                key,
                cancellationToken);
            if (answer.WholeLength is not { } length || (offset > 0 && answer.Status != 206))
            {
                answer.Dispose();
                throw new ObjectStorageException($"{Description} does not say how long '{key}' is, or cannot send it from its middle.", isPassing: false);
            }
            return new OpenedObject(await answer.OpenAsync(cancellationToken), length, answer.Header("x-goog-generation"));
        }
        catch (ObjectStorageException e) when (e.Status == 412)
        {
            throw new ObjectChangedException();
        }
    }
}
