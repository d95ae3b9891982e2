using System.Buffers;
using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Odin.ObjectStorage;

/// <summary>
/// One save, by a session to which one part after the other is sent. When an answer gets lost the session is asked how far it
/// is, so that nothing is sent twice or left out.
/// </summary>
internal sealed partial class GcsUpload(GcsBucket bucket, TransferLimits limits, string key, SaveMode mode)
{
    private const string ContentType = "application/octet-stream";
    private const int MorePlease = 308;

    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    private StoredObject? saved;

    public async Task<StoredObject> RunAsync(Stream content, CancellationToken cancellationToken)
    {
        var (current, next) = (ArrayPool<byte>.Shared.Rent(limits.PartSize), (byte[]?)null);
        var count = await FillAsync(content, current, cancellationToken);
        var session = await BeginAsync(cancellationToken);
        try
        {
            long offset = 0;
            while (saved is null)
            {
                // The last part must be known as such, so the next one is read before it is sent.
                var nextCount = 0;
                if (count == limits.PartSize)
                    nextCount = await FillAsync(content, next ??= ArrayPool<byte>.Shared.Rent(limits.PartSize), cancellationToken);
                await SendAsync(session, offset, new ArraySegment<byte>(current, 0, count), isLast: nextCount == 0, cancellationToken);
                offset += count;
                (current, next, count) = (next ?? current, current, nextCount);
            }
        }
        catch (ObjectStorageException e) when (e.Status == 412)
        {
            await AbortAsync(session);
            throw new ObjectAlreadyExistsException(key, bucket.Description);
        }
        catch
        {
            await AbortAsync(session);
            throw;
        }
        // Not after a failure: a socket may still be reading from them.
        ArrayPool<byte>.Shared.Return(current);
        if (next is not null && next != current)
            ArrayPool<byte>.Shared.Return(next);
        return saved;
    }

    private async Task<int> FillAsync(Stream content, byte[] buffer, CancellationToken cancellationToken) =>
        await content.ReadAtLeastAsync(buffer.AsMemory(0, limits.PartSize), limits.PartSize, throwOnEndOfStream: false, cancellationToken);

    private async Task<string> BeginAsync(CancellationToken cancellationToken)
    {
        var address = $"{bucket.ListAddress("/upload")}?uploadType=resumable&fields={GcsBucket.Fields}&name={Uri.EscapeDataString(key)}"
            + (mode == SaveMode.CreateOnly ? "&ifGenerationMatch=0" : "");
        try
        {
            using var answer = await bucket.SendAsync(
                () =>
                {
                    var request = GcsBucket.Request(HttpMethod.Post, address);
                    request.Content = new StringContent(JsonSerializer.Serialize(new Dictionary<string, string> { ["contentType"] = ContentType }), Encoding.UTF8, "application/json");
                    request.Headers.Add("X-Upload-Content-Type", ContentType);
                    return request;
                },
                // Not the object's key: what is missing is not the object that we make.
                null,
                acceptsMissing: false,
                cancellationToken);
            // The address of a session is as good as a token for it.
            return answer.Location is { IsAbsoluteUri: true } session && session.Authority == bucket.Server.Authority && session.Scheme == bucket.Server.Scheme
                ? session.OriginalString
                : throw new ObjectStorageException($"{bucket.Description} begins no upload, or sends to another host for it, which is not followed. Is the endpoint right?", isPassing: false);
        }
        catch (ObjectStorageException e) when (e.Status == 412)
        {
            throw new ObjectAlreadyExistsException(key, bucket.Description);
        }
    }

    /// <summary>Returns when the session has the whole part; the last one makes the object.</summary>
    private async Task SendAsync(string session, long offset, ArraySegment<byte> part, bool isLast, CancellationToken cancellationToken)
    {
        long? total = isLast ? offset + part.Count : null;
        var has = offset;
        for (var attempt = 1; saved is null && (isLast || has < offset + part.Count); attempt++)
        {
            var before = has;
            try
            {
                has = await PutAsync(session, has, part[(int)(has - offset)..], total, cancellationToken);
            }
            catch (ObjectStorageException e) when (e.IsPassing && attempt < limits.Attempts)
            {
                await bucket.Http.DelayAsync(attempt, e.RetryAfter, cancellationToken);
                has = await AskAsync(session, total, cancellationToken);
            }
            if (saved is null && (has < offset || has > offset + part.Count || (attempt >= limits.Attempts && has == before)))
                throw new ObjectStorageException(string.Create(CultureInfo.InvariantCulture, $"{bucket.Description} has {has} bytes of '{key}' where {offset} to {offset + part.Count} were expected; save it again."), isPassing: true);
            // A server may take less than it was given.
            if (has > before)
                attempt = 0;
        }
    }

    /// <summary>How many bytes the session has then.</summary>
    private Task<long> PutAsync(string session, long from, ArraySegment<byte> bytes, long? total, CancellationToken cancellationToken) => TellAsync(
        () =>
        {
            var request = GcsBucket.Request(HttpMethod.Put, session);
            request.Content = new ByteArrayContent(bytes.Array!, bytes.Offset, bytes.Count);
            if (bytes.Count > 0)
                request.Content.Headers.ContentRange = total is { } all ? new ContentRangeHeaderValue(from, from + bytes.Count - 1, all) : new ContentRangeHeaderValue(from, from + bytes.Count - 1);
            else if (from > 0)
                request.Content.Headers.ContentRange = new ContentRangeHeaderValue(total ?? from);
            return request;
        },
        cancellationToken);

    private async Task<long> AskAsync(string session, long? total, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await TellAsync(
                    () =>
                    {
                        var request = GcsBucket.Request(HttpMethod.Put, session);
                        request.Content = new ByteArrayContent([]);
                        request.Content.Headers.TryAddWithoutValidation("Content-Range", total is { } all ? string.Create(CultureInfo.InvariantCulture, $"bytes */{all}") : "bytes */*");
                        return request;
                    },
                    cancellationToken);
            }
            catch (ObjectStorageException e) when (e.IsPassing && attempt < limits.Attempts)
            {
                await bucket.Http.DelayAsync(attempt, e.RetryAfter, cancellationToken);
            }
        }
    }

    private async Task<long> TellAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        using var answer = await bucket.Http.SendOnceAsync(request, Judge, cancellationToken);
        if (answer.Status != MorePlease)
        {
            saved = bucket.ParseObject(answer);
            return saved.Length;
        }
        return answer.Header("Range") is { } range && Received().Match(range) is { Success: true } match
            ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) + 1
            : 0;
    }

    private ObjectStorageException? Judge(StorageAnswer answer)
    {
        if (answer.Status == MorePlease)
            return null;
        // The session is gone, not the object.
        if (answer.Status is 404 or 410)
            return new ObjectStorageException($"{bucket.Description} has forgotten the upload of '{key}'; save it again.", isPassing: false) { Status = answer.Status };
        return bucket.Refuse(answer, null, acceptsMissing: false);
    }

    private async Task AbortAsync(string session)
    {
        using var patience = new CancellationTokenSource(AbortTimeout, limits.Time);
        try
        {
            using var answer = await bucket.Http.SendOnceAsync(() => GcsBucket.Request(HttpMethod.Delete, session), _ => null, patience.Token);
        }
        catch (Exception e) when (e is ObjectStorageException or OperationCanceledException)
        {
            // The save has failed already, and says why; the server ends such sessions after a week.
        }
    }

    [GeneratedRegex(@"^bytes=0-(\d{1,18})\z")]
    private static partial Regex Received();
}
