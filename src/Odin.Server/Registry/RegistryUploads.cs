using System.Globalization;
using System.Text.RegularExpressions;
using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>Uploading blobs, in one piece or in many.</summary>
internal sealed partial class RegistryUploads(StoredRegistry registry, BlobUploads uploads)
{
    public async Task BeginAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var query = context.Request.Query;
        if (query["mount"].ToString() is { Length: > 0 } mounted && ImageDigest.IsValid(mounted)
            && (query["from"].ToString() is not { Length: > 0 } from || ImageReference.IsRepository(from))
            && await registry.Open(path.Repository).FindBlobAsync(mounted, context.RequestAborted) is not null)
        {
            Created(context, path, mounted);
            return;
        }
        var digest = query["digest"].ToString() is { Length: > 0 } given ? RegistryBlobs.CheckDigest(given) : null;
        var id = uploads.Begin(path.Repository);
        if (digest is not null)
        {
            try
            {
                await uploads.AppendAsync(path.Repository, id, null, context.Request.Body, context.RequestAborted);
                await uploads.CompleteAsync(repository, path.Repository, id, digest, context.RequestAborted);
            }
            catch
            {
                // Nobody knows its id, so nobody can go on with it.
                uploads.End(path.Repository, id);
                throw;
            }
            Created(context, path, digest);
            return;
        }
        Progress(context, path with { Reference = id }, 0, StatusCodes.Status202Accepted);
    }

    public Task StatusAsync(HttpContext context, RegistryPath path)
    {
        var length = uploads.Find(path.Repository, path.Reference) ?? throw RegistryException.UnknownUpload(path.Reference);
        Progress(context, path, length, StatusCodes.Status204NoContent);
        return Task.CompletedTask;
    }

    public async Task AppendAsync(HttpContext context, RegistryPath path)
    {
        var length = await AppendBodyAsync(context, path);
        Progress(context, path, length, StatusCodes.Status202Accepted);
    }

    public async Task CompleteAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var digest = RegistryBlobs.CheckDigest(context.Request.Query["digest"]);
        await AppendBodyAsync(context, path);
        if (!await uploads.CompleteAsync(repository, path.Repository, path.Reference, digest, context.RequestAborted))
            throw RegistryException.UnknownUpload(path.Reference);
        Created(context, path, digest);
    }

    public Task CancelAsync(HttpContext context, RegistryPath path)
    {
        if (uploads.Find(path.Repository, path.Reference) is null)
            throw RegistryException.UnknownUpload(path.Reference);
        uploads.End(path.Repository, path.Reference);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static void Created(HttpContext context, RegistryPath path, string digest)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v2/{path.Repository}/blobs/{digest}";
        context.Response.Headers["Docker-Content-Digest"] = digest;
    }

    private static void Progress(HttpContext context, RegistryPath path, long length, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = $"/v2/{path.Repository}/blobs/uploads/{path.Reference}";
        context.Response.Headers["Docker-Upload-UUID"] = path.Reference;
        context.Response.Headers.Range = string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, length - 1)}");
    }

    private async Task<long> AppendBodyAsync(HttpContext context, RegistryPath path)
    {
        long? offset = null;
        if (context.Request.Headers.ContentRange.ToString() is { Length: > 0 } text)
        {
            var match = ContentRange().Match(text);
            offset = match.Success && long.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var start)
                ? start
                : throw new RegistryException(StatusCodes.Status400BadRequest, "BLOB_UPLOAD_INVALID", $"The Content-Range '{text}' is not understood: write 0-1023.");
        }
        var (length, fits) = await uploads.AppendAsync(path.Repository, path.Reference, offset, context.Request.Body, context.RequestAborted)
            ?? throw RegistryException.UnknownUpload(path.Reference);
        if (fits)
            return length;
        Progress(context, path, length, StatusCodes.Status416RangeNotSatisfiable);
        throw new RegistryException(StatusCodes.Status416RangeNotSatisfiable, "BLOB_UPLOAD_INVALID", $"The upload has {length} bytes; what comes next must begin there.");
    }

    [GeneratedRegex(@"\A(?:bytes[ =])?([0-9]+)-[0-9]+(?:/(?:[0-9]+|\*))?\z")]
    private static partial Regex ContentRange();
}
