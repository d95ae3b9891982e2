using System.Globalization;
using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>Reading, putting and deleting manifests and tags.</summary>
internal static class RegistryManifests
{
    private const int Longest = 4 << 20;

    public static async Task GetAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var found = await repository.FindManifestAsync(path.Reference, context.RequestAborted) ?? throw RegistryException.UnknownManifest(path.Reference);
        var response = context.Response;
        response.ContentType = found.MediaType;
        response.ContentLength = found.Content.Length;
        response.Headers["Docker-Content-Digest"] = found.Digest;
        response.Headers.ETag = $"\"{found.Digest}\"";
        if (context.Request.Headers.IfNoneMatch.ToString() == $"\"{found.Digest}\"")
        {
            response.ContentLength = null;
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(found.Content, context.RequestAborted);
    }

    public static async Task PutAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var content = await ReadAsync(context.Request, context.RequestAborted);
        var type = context.Request.ContentType?.Split(';')[0].Trim() ?? "";
        var stored = await repository.PutManifestAsync(path.Reference, type, content, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v2/{path.Repository}/manifests/{stored.Digest}";
        context.Response.Headers["Docker-Content-Digest"] = stored.Digest;
        if (ImageDigest.SubjectOf(stored) is { } subject)
            context.Response.Headers["OCI-Subject"] = subject;
    }

    public static async Task DeleteAsync(HttpContext context, RegistryPath path, StoredRepository repository)
    {
        var isGone = ImageDigest.IsValid(path.Reference)
            ? await repository.DeleteManifestAsync(path.Reference, context.RequestAborted)
            : await repository.DeleteTagAsync(path.Reference, context.RequestAborted);
        if (!isGone)
            throw RegistryException.UnknownManifest(path.Reference);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (content.Length <= Longest && await request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            content.Write(buffer, 0, count);
        return content.Length <= Longest
            ? content.ToArray()
            : throw new RegistryException(StatusCodes.Status413PayloadTooLarge, "SIZE_INVALID", string.Create(CultureInfo.InvariantCulture, $"A manifest may have {Longest} bytes."));
    }
}
