using System.Globalization;
using System.Net;
using Amazon.S3.Model;

namespace Odin.ObjectStorage;

/// <summary>
/// Objects in a bucket of Amazon S3 or of a server with its protocol (MinIO, Ceph, Swift), by Amazon's SDK. Large objects are
/// sent in parts that become visible together, up to 78 GiB.
/// </summary>
public sealed class S3ObjectStorage : IObjectStorage
{
    private readonly S3Connection connection;
    private readonly TransferLimits limits;
    private volatile bool hasSeenBucket;
    private volatile bool knowsConditions = true;

    /// <exception cref="ObjectStorageException">An option is not valid. Nothing is asked of the server yet.</exception>
    public S3ObjectStorage(S3StorageOptions options)
        : this(options, TransferLimits.Default)
    {
    }

    internal S3ObjectStorage(S3StorageOptions options, TransferLimits limits)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.limits = limits;
        connection = new S3Connection(options, limits);
    }

    public string Description => connection.Description;

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => ObjectPages.ListAsync(
        prefix, Description, "objects", async (mark, token) => ToPage(await ListPageAsync(prefix, limits.PageSize, mark, token)), cancellationToken);

    /// <inheritdoc/>
    public async Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        try
        {
            var found = await connection.RunAsync(key, (client, attempt) => client.GetObjectMetadataAsync(connection.Bucket, key, attempt), cancellationToken);
            hasSeenBucket = true;
            return ToObject(key, found);
        }
        catch (ObjectStorageException e) when (e is ObjectNotFoundException || e.Status == 404)
        {
            // The answer has no body, so it does not tell a missing bucket from a missing object.
            if (!hasSeenBucket)
                await CheckAsync(cancellationToken);
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        return ResumingStream.OpenAsync(key, Description, (offset, etag, token) => OpenAsync(key, offset, etag, token), limits, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<StoredObject> SaveAsync(string key, Stream content, SaveMode mode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ObjectKey.Check(key);
        var upload = new S3Upload(connection, limits, key, mode, knowsConditions);
        try
        {
            return ToObject(key, await upload.RunAsync(content, cancellationToken));
        }
        finally
        {
            knowsConditions = upload.KnowsConditions;
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        try
        {
            await connection.RunAsync(key, (client, attempt) => client.DeleteObjectAsync(connection.Bucket, key, attempt), cancellationToken);
        }
        catch (ObjectNotFoundException)
        {
            // Most servers do not even say so.
        }
    }

    /// <inheritdoc/>
    /// <remarks>Asks for one object, so the credentials need the right to list.</remarks>
    public Task CheckAsync(CancellationToken cancellationToken) => ListPageAsync("", 1, null, cancellationToken);

    public void Dispose() => connection.Dispose();

    private static (List<StoredObject>, string?) ToPage(ListObjectsV2Response page) => (
        [.. (page.S3Objects ?? []).Select(o => new StoredObject(o.Key, o.Size ?? 0, ToSecond(o.LastModified), Unquote(o.ETag)))],
        page.IsTruncated == true ? page.NextContinuationToken ?? "" : null);

    private async Task<ListObjectsV2Response> ListPageAsync(string prefix, int size, string? next, CancellationToken cancellationToken)
    {
        var page = await connection.RunAsync(
            null,
            (client, attempt) => client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = connection.Bucket, Prefix = prefix, MaxKeys = size, ContinuationToken = next }, attempt),
            cancellationToken);
        if (page.Name is null && page.S3Objects is null or { Count: 0 } && page.KeyCount is null)
            throw new ObjectStorageException($"What {Description} answered is no list of objects. Is the endpoint right?", isPassing: false);
        hasSeenBucket = true;
        return page;
    }

    private async Task<OpenedObject> OpenAsync(string key, long offset, string? etag, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await connection.RunAsync(
                key,
                (client, attempt) => client.GetObjectAsync(
                    new GetObjectRequest
                    {
                        BucketName = connection.Bucket,
                        Key = key,
                        ByteRange = offset == 0 ? null : new ByteRange(string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-")),
                        EtagToMatch = etag is null ? null : $"\"{etag}\"",
                    },
                    attempt),
                cancellationToken);
            if (offset > 0 && answer.HttpStatusCode != HttpStatusCode.PartialContent)
            {
                answer.Dispose();
                throw new ObjectStorageException($"{Description} cannot send an object from its middle, so '{key}' cannot be read on.", isPassing: true);
            }
            return new OpenedObject(answer.ResponseStream, offset + answer.ContentLength, Unquote(answer.ETag));
        }
        catch (ObjectStorageException e) when (e.Status == 412)
        {
            throw new ObjectChangedException();
        }
    }

    private static StoredObject ToObject(string key, GetObjectMetadataResponse found) =>
        new(key, found.ContentLength, ToSecond(found.LastModified), Unquote(found.ETag));

    // Some servers are more exact in lists than about one object.
    private static DateTimeOffset ToSecond(DateTime? time)
    {
        var exact = time is null ? DateTimeOffset.UnixEpoch : new DateTimeOffset(time.Value.ToUniversalTime());
        return exact.AddTicks(-(exact.Ticks % TimeSpan.TicksPerSecond));
    }

    private static string? Unquote(string? etag) => etag?.Trim('"');
}
