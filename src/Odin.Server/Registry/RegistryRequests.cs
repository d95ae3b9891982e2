using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>Finds the part of the registry that a request is about.</summary>
internal sealed partial class RegistryRequests(StoredRegistry registry, RegistryBlobs blobs, RegistryUploads uploads, RegistryLists lists, ILogger<RegistryRequests> logger)
{
    public async Task HandleAsync(HttpContext context, string path, string user)
    {
        var method = context.Request.Method;
        if (path.Length == 0)
        {
            await RegistryAnswers.WriteAsync(context, new Dictionary<string, string>(), RegistryEmptyJson.Default.DictionaryStringString);
            return;
        }
        if (path == "_catalog" && method == "GET")
        {
            await lists.CatalogAsync(context);
            return;
        }
        var target = RegistryPath.Parse(path)
            ?? throw new RegistryException(StatusCodes.Status404NotFound, "NAME_UNKNOWN", $"There is nothing at '{context.Request.Path}'.");
        await DispatchAsync(context, target, registry.Open(target.Repository), method);
        if (method is not ("GET" or "HEAD"))
            LogWrite(user, method, context.Request.Path, context.Response.StatusCode);
    }

    private Task DispatchAsync(HttpContext context, RegistryPath path, StoredRepository repository, string method) => (path.Part, method) switch
    {
        (RegistryPart.Blob, "GET" or "HEAD") => RegistryBlobs.GetAsync(context, path, repository),
        (RegistryPart.Blob, "DELETE") => blobs.DeleteAsync(context, path),
        (RegistryPart.Upload, "POST") when path.Reference.Length == 0 => uploads.BeginAsync(context, path, repository),
        (RegistryPart.Upload, "GET" or "HEAD") => uploads.StatusAsync(context, path),
        (RegistryPart.Upload, "PATCH") => uploads.AppendAsync(context, path),
        (RegistryPart.Upload, "PUT") => uploads.CompleteAsync(context, path, repository),
        (RegistryPart.Upload, "DELETE") => uploads.CancelAsync(context, path),
        (RegistryPart.Manifest, "GET" or "HEAD") => RegistryManifests.GetAsync(context, path, repository),
        (RegistryPart.Manifest, "PUT") => RegistryManifests.PutAsync(context, path, repository),
        (RegistryPart.Manifest, "DELETE") => RegistryManifests.DeleteAsync(context, path, repository),
        (RegistryPart.Tags, "GET" or "HEAD") => RegistryLists.TagsAsync(context, path, repository),
        (RegistryPart.Referrers, "GET" or "HEAD") => RegistryLists.ReferrersAsync(context, path, repository),
        _ => throw RegistryException.Unsupported($"'{context.Request.Path}' does not take {method}."),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "User '{User}': {Method} {Path} answered {Status}")]
    private partial void LogWrite(string user, string method, string path, int status);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class RegistryEmptyJson : System.Text.Json.Serialization.JsonSerializerContext;
