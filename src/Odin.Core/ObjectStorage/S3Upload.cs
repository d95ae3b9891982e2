using Amazon.S3;
using Amazon.S3.Model;

namespace Odin.ObjectStorage;

/// <summary>
/// One save. The object bears a mark of it, so that when an answer got lost it can still be told whether what is there is ours.
/// </summary>
/// <param name="knowsConditions">False: the server is known not to have conditional writes.</param>
internal sealed class S3Upload(S3Connection connection, TransferLimits limits, string key, SaveMode mode, bool knowsConditions)
{
    public const string MarkName = "odin-save";
    public const string ContentType = "application/octet-stream";

    // That is all that the protocol allows.
    private const int MostParts = 10_000;

    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    private readonly string mark = Guid.NewGuid().ToString("N");

    /// <summary>Whether the server has conditional writes, as far as is known now.</summary>
    public bool KnowsConditions { get; private set; } = knowsConditions;

    /// <summary>What is there afterwards.</summary>
    public Task<GetObjectMetadataResponse> RunAsync(Stream content, CancellationToken cancellationToken) =>
        new PartedUpload(limits).RunAsync(content, PutAsync, PutPartsAsync, cancellationToken);

    private async Task<GetObjectMetadataResponse> PutAsync(ArraySegment<byte> bytes, CancellationToken cancellationToken)
    {
        await WriteAsync(
            (condition, token) => connection.RunAsync(key, (client, attempt) =>
            {
                var request = new PutObjectRequest
                {
                    BucketName = connection.Bucket,
                    Key = key,
                    InputStream = ToStream(bytes),
                    AutoCloseStream = false,
                    UseChunkEncoding = false,
                    ContentType = ContentType,
                    IfNoneMatch = condition,
                };
                request.Metadata.Add(MarkName, mark);
                return client.PutObjectAsync(request, attempt);
            }, token),
            cancellationToken);
        return await DescribeAsync(cancellationToken);
    }

    private async Task<GetObjectMetadataResponse> PutPartsAsync(PartedUpload.PartSource parts, CancellationToken cancellationToken)
    {
        // Better now than after having sent it all; what decides is at the end.
        if (mode == SaveMode.CreateOnly)
            await RefuseExistingAsync(cancellationToken);
        var upload = (await connection.RunAsync(key, (client, attempt) =>
        {
            var request = new InitiateMultipartUploadRequest { BucketName = connection.Bucket, Key = key, ContentType = ContentType };
            request.Metadata.Add(MarkName, mark);
            return client.InitiateMultipartUploadAsync(request, attempt);
        }, cancellationToken)).UploadId;
        try
        {
            var sent = await parts.SendAsync((number, bytes, token) => PutPartAsync(upload, number, bytes, token), cancellationToken);
            await WriteAsync((condition, token) => CompleteAsync(upload, sent, condition, token), cancellationToken);
        }
        catch
        {
            await AbortAsync(upload);
            throw;
        }
        return await DescribeAsync(cancellationToken);
    }

    private async Task<PartETag> PutPartAsync(string upload, int number, ArraySegment<byte> bytes, CancellationToken cancellationToken)
    {
        if (number > MostParts)
            throw new ObjectStorageException($"'{key}' is too large for {connection.Description}: at most {(long)MostParts * limits.PartSize >> 30} GiB can be saved.", isPassing: false);
        var answer = await connection.RunAsync(
            key,
            (client, attempt) => client.UploadPartAsync(new UploadPartRequest
            {
                BucketName = connection.Bucket,
                Key = key,
                UploadId = upload,
                PartNumber = number,
                InputStream = ToStream(bytes),
                PartSize = bytes.Count,
                UseChunkEncoding = false,
            }, attempt),
            cancellationToken);
        return new PartETag(number, answer.ETag);
    }

    private async Task<CompleteMultipartUploadResponse?> CompleteAsync(string upload, PartETag[] parts, string? condition, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.RunAsync(
                key,
                (client, attempt) => client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
                {
                    BucketName = connection.Bucket,
                    Key = key,
                    UploadId = upload,
                    PartETags = [.. parts],
                    IfNoneMatch = condition,
                }, attempt),
                cancellationToken);
        }
        // The answer to an attempt that succeeded got lost.
        catch (ObjectStorageException e) when (e.Code == "NoSuchUpload")
        {
            if (!await IsOursAsync(cancellationToken))
                throw;
            return null;
        }
    }

    /// <summary>Writes under the condition that the mode asks for, or checks before where the server knows none.</summary>
    private async Task WriteAsync<T>(Func<string?, CancellationToken, Task<T>> write, CancellationToken cancellationToken)
    {
        if (mode == SaveMode.CreateOnly && KnowsConditions)
        {
            try
            {
                await write("*", cancellationToken);
                return;
            }
            catch (ObjectStorageException e) when (e.Status == 412)
            {
                if (await IsOursAsync(cancellationToken))
                    return;
                throw new ObjectAlreadyExistsException(key, connection.Description);
            }
            catch (ObjectStorageException e) when (e.Status == 501)
            {
                KnowsConditions = false;
            }
        }
        if (mode == SaveMode.CreateOnly)
            await RefuseExistingAsync(cancellationToken);
        await write(null, cancellationToken);
    }

    private async Task RefuseExistingAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is not null)
            throw new ObjectAlreadyExistsException(key, connection.Description);
    }

    private async Task<bool> IsOursAsync(CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken) is { } found && found.Metadata[MarkName] == mark;

    private async Task<GetObjectMetadataResponse> DescribeAsync(CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken)
        ?? throw new ObjectStorageException($"'{key}' in {connection.Description} was saved, and deleted by somebody at once.", isPassing: true);

    private async Task<GetObjectMetadataResponse?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await connection.RunAsync(key, (client, attempt) => client.GetObjectMetadataAsync(connection.Bucket, key, attempt), cancellationToken);
        }
        catch (ObjectStorageException e) when (e is ObjectNotFoundException || e.Status == 404)
        {
            return null;
        }
    }

    // Nobody sees parts that were never completed, but they take room. Not when the caller's patience is at its end.
    private async Task AbortAsync(string upload)
    {
        using var patience = new CancellationTokenSource(AbortTimeout, limits.Time);
        try
        {
            await connection.RunOnceAsync(key, (client, attempt) => client.AbortMultipartUploadAsync(connection.Bucket, key, upload, attempt), patience.Token);
        }
        catch (Exception e) when (e is ObjectStorageException or OperationCanceledException)
        {
            // The save has failed already, and says why; buckets have a rule that removes such parts after some days.
        }
    }

    private static MemoryStream ToStream(ArraySegment<byte> bytes) => new(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
}
