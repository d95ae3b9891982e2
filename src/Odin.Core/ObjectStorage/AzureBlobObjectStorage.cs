using System.Globalization;
using System.Net.Http;

namespace Odin.ObjectStorage;

/// <summary>
/// Objects as block blobs in a container of Azure Blob Storage, by its REST protocol and a shared access signature. Large ones
/// are sent in blocks that become visible together, up to 390 GiB.
/// </summary>
public sealed class AzureBlobObjectStorage : IObjectStorage
{
    private readonly AzureContainer container;
    private readonly TransferLimits limits;

    /// <exception cref="ObjectStorageException">An option is not valid. Nothing is asked of the server yet.</exception>
    public AzureBlobObjectStorage(AzureBlobStorageOptions options)
        : this(options, TransferLimits.Default)
    {
    }

    internal AzureBlobObjectStorage(AzureBlobStorageOptions options, TransferLimits limits)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.limits = limits;
        container = new AzureContainer(options, limits);
    }

    public string Description => container.Description;

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => ObjectPages.ListAsync(
        prefix, Description, "blobs", (mark, token) => container.ListPageAsync(prefix, mark, limits.PageSize, token), cancellationToken);

    /// <inheritdoc/>
    public async Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        using var answer = await container.Http.SendAsync(container.Request(HttpMethod.Head, key, ""), a => RefuseUnlessMissing(a, key), cancellationToken);
        return answer.IsSuccess ? ToObject(key, answer) : null;
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
        return new AzureBlobUpload(container, limits, key, mode).RunAsync(content, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Check(key);
        using var answer = await container.Http.SendAsync(container.Request(HttpMethod.Delete, key, ""), a => RefuseUnlessMissing(a, key), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Asks for one blob, so the signature needs the right to list.</remarks>
    public Task CheckAsync(CancellationToken cancellationToken) => container.ListPageAsync("", null, 1, cancellationToken);

    public void Dispose() => container.Dispose();

    internal static StoredObject ToObject(string key, StorageAnswer answer) =>
        new(key, answer.Length ?? 0, answer.Modified ?? DateTimeOffset.UnixEpoch, answer.ETag);

    private ObjectStorageException? RefuseUnlessMissing(StorageAnswer answer, string key) =>
        container.Refuse(answer, key) is { } refusal and not ObjectNotFoundException ? refusal : null;

    private async Task<OpenedObject> OpenAsync(string key, long offset, string? etag, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await container.Http.OpenAsync(
                container.Request(
                    HttpMethod.Get, key, "", null,
                    ("Range", offset == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-")),
                    ("If-Match", etag is null ? null : $"\"{etag}\"")),
                a => container.Refuse(a, key),
                cancellationToken);
            if (answer.WholeLength is not { } length || (offset > 0 && answer.Status != 206))
            {
                answer.Dispose();
                throw new ObjectStorageException($"{Description} does not say how long '{key}' is, or cannot send it from its middle.", isPassing: false);
            }
            return new OpenedObject(await answer.OpenAsync(cancellationToken), length, answer.ETag);
        }
        catch (ObjectStorageException e) when (e.Status == 412)
        {
            throw new ObjectChangedException();
        }
    }
}
