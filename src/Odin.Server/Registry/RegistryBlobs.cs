using System.Net.Http.Headers;
using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>Reading and deleting blobs.</summary>
internal sealed class RegistryBlobs(StoredRegistry registry)
{
    public static async Task GetAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var digest = CheckDigest(path.Reference);
        // Who only asks whether it is there may be about to name it.
        var isAsked = HttpMethods.IsHead(context.Request.Method);
        var length = await (isAsked ? repository.FindBlobAsync(digest, context.RequestAborted) : repository.MeasureBlobAsync(digest, context.RequestAborted))
            ?? throw RegistryException.UnknownBlob(digest);
        var response = context.Response;
        response.ContentType = "application/octet-stream";
        response.Headers["Docker-Content-Digest"] = digest;
        response.Headers.ETag = $"\"{digest}\"";
        response.Headers.AcceptRanges = "bytes";
        response.Headers.CacheControl = "private, max-age=31536000, immutable";
        var (first, last) = FindRange(context.Request, length);
        if (first >= length && length > 0)
        {
            response.Headers.ContentRange = $"bytes */{length}";
            throw new RegistryException(StatusCodes.Status416RangeNotSatisfiable, "SIZE_INVALID", $"The blob has {length} bytes.");
        }
        if (last - first + 1 < length)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {first}-{last}/{length}";
        }
        response.ContentLength = last - first + 1;
        if (isAsked)
            return;
        await using var content = await repository.OpenBlobAsync(digest, context.RequestAborted);
        await CopyAsync(content, response.Body, first, last + 1, context.RequestAborted);
    }

    public async Task DeleteAsync(HttpContext context, RegistryPath path)
    {
        var digest = CheckDigest(path.Reference);
        if (await registry.Open(path.Repository).MeasureBlobAsync(digest, context.RequestAborted) is null)
            throw RegistryException.UnknownBlob(digest);
        if (!await registry.DeleteBlobAsync(digest, context.RequestAborted))
            throw RegistryException.Unsupported($"The blob '{digest}' is part of an image. Delete the image's manifest; its blobs go by themselves.");
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    internal static string CheckDigest(string? digest) =>
        digest is not null && ImageDigest.IsValid(digest) ? digest : throw RegistryException.WrongDigest(digest);

    // Several ranges at once are nothing that clients of registries ask for: they get the whole, as they may.
    private static (long First, long Last) FindRange(HttpRequest request, long length)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var range) || range is not { Unit: "bytes", Ranges.Count: 1 })
            return (0, length - 1);
        var one = range.Ranges.First();
        if (one.From is { } from)
            return (from, Math.Min(one.To ?? long.MaxValue, length - 1));
        return (Math.Max(0, length - (one.To ?? 0)), length - 1);
    }

    // All of it is read even for a part: that is how it is checked.
    private static async Task CopyAsync(Stream content, Stream target, long first, long end, CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(128 << 10);
        var position = 0L;
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            var from = (int)Math.Clamp(first - position, 0, count);
            var to = (int)Math.Clamp(end - position, 0, count);
            if (to > from)
                await target.WriteAsync(buffer.AsMemory(from, to - from), cancellationToken);
            position += count;
        }
    }
}
