using System.Buffers.Binary;
using System.Net.Http;
using System.Text;

namespace Odin.ObjectStorage;

/// <summary>
/// One save: a small object at once, a large one by blocks and then their list. The blob bears a mark of the save, so that
/// when an answer got lost it can still be told whether what is there is ours.
/// </summary>
internal sealed class AzureBlobUpload(AzureContainer container, TransferLimits limits, string key, SaveMode mode)
{
    // That is all that the protocol allows.
    private const int MostBlocks = 50_000;
    private const string ContentType = "application/octet-stream";

    private readonly Guid mark = Guid.NewGuid();

    private string? Condition => mode == SaveMode.CreateOnly ? "*" : null;

    public Task<StoredObject> RunAsync(Stream content, CancellationToken cancellationToken) =>
        new PartedUpload(limits).RunAsync(content, PutAsync, PutBlocksAsync, cancellationToken);

    private Task<StoredObject> PutAsync(ArraySegment<byte> bytes, CancellationToken cancellationToken) => WriteAsync(
        container.Request(
            HttpMethod.Put, key, "", () => new ByteArrayContent(bytes.Array!, bytes.Offset, bytes.Count),
            ("x-ms-blob-type", "BlockBlob"), ("x-ms-blob-content-type", ContentType), (AzureContainer.MarkHeader, $"{mark:N}"), ("If-None-Match", Condition)),
        bytes.Count,
        cancellationToken);

    private async Task<StoredObject> PutBlocksAsync(PartedUpload.PartSource parts, CancellationToken cancellationToken)
    {
        // Better now than after having sent it all; what decides is at the end.
        if (mode == SaveMode.CreateOnly && await FindAsync(cancellationToken) is not null)
            throw new ObjectAlreadyExistsException(key, container.Description);
        // What fails leaves blocks that nobody sees, and that the server removes after a week.
        var blocks = await parts.SendAsync(PutBlockAsync, cancellationToken);
        var list = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{string.Concat(blocks.Select(b => $"<Latest>{b.Id}</Latest>"))}</BlockList>");
        return await WriteAsync(
            container.Request(
                HttpMethod.Put, key, "comp=blocklist", () => new ByteArrayContent(list),
                ("x-ms-blob-content-type", ContentType), (AzureContainer.MarkHeader, $"{mark:N}"), ("If-None-Match", Condition)),
            blocks.Sum(b => b.Length),
            cancellationToken);
    }

    private async Task<(string Id, long Length)> PutBlockAsync(int number, ArraySegment<byte> bytes, CancellationToken cancellationToken)
    {
        if (number > MostBlocks)
            throw new ObjectStorageException($"'{key}' is too large for {container.Description}: at most {(long)MostBlocks * limits.PartSize >> 30} GiB can be saved.", isPassing: false);
        var id = IdOf(number);
        using var answer = await container.Http.SendAsync(
            container.Request(HttpMethod.Put, key, $"comp=block&blockid={Uri.EscapeDataString(id)}", () => new ByteArrayContent(bytes.Array!, bytes.Offset, bytes.Count)),
            a => container.Refuse(a, key),
            cancellationToken);
        return (id, bytes.Count);
    }

    // Two that save the same blob share the room for its blocks, so these names must not meet.
    private string IdOf(int number)
    {
        Span<byte> id = stackalloc byte[20];
        mark.TryWriteBytes(id);
        BinaryPrimitives.WriteInt32BigEndian(id[16..], number);
        return Convert.ToBase64String(id);
    }

    private async Task<StoredObject> WriteAsync(Func<HttpRequestMessage> request, long length, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await container.Http.SendAsync(request, a => container.Refuse(a, key), cancellationToken);
            return new StoredObject(key, length, answer.Modified ?? limits.Time.GetUtcNow(), answer.ETag);
        }
        // There is a blob already; or the blocks are gone, because somebody else's save of this blob has ended.
        catch (ObjectStorageException e) when (e.Status is 409 or 412 || e.Code is "InvalidBlockList" or "InvalidBlobOrBlock")
        {
            var existing = await FindAsync(cancellationToken);
            if (existing?.Mark == $"{mark:N}")
                return existing.Found;
            if (existing is not null && mode == SaveMode.CreateOnly)
                throw new ObjectAlreadyExistsException(key, container.Description);
            throw new ObjectStorageException($"{e.Message} Somebody else may have saved '{key}' at the same time; save it again.", isPassing: true, e);
        }
    }

    private async Task<Existing?> FindAsync(CancellationToken cancellationToken)
    {
        using var answer = await container.Http.SendAsync(
            container.Request(HttpMethod.Head, key, ""),
            a => container.Refuse(a, key) is { } refusal and not ObjectNotFoundException ? refusal : null,
            cancellationToken);
        return answer.IsSuccess ? new Existing(AzureBlobObjectStorage.ToObject(key, answer), answer.Header(AzureContainer.MarkHeader)) : null;
    }

    private sealed record Existing(StoredObject Found, string? Mark);
}
