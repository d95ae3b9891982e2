using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics;
using Odin.Images;
using Odin.ObjectStorage;
using Odin.Server.Hosting;

namespace Odin.Server.Registry;

/// <summary>Writes answers as the distribution specification has them.</summary>
internal static partial class RegistryAnswers
{
    public static async Task WriteAsync<T>(HttpContext context, T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string contentType = "application/json")
    {
        var bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body, type);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    public static Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        // The answer is ours even where it has no body.
        if (context.Features.Get<IStatusCodePagesFeature>() is { } pages)
            pages.Enabled = false;
        return WriteAsync(context, new RegistryErrors([new RegistryError(code, message)]), RegistryJson.Default.RegistryErrors);
    }

    /// <summary>Runs a handler and turns what it throws into an answer.</summary>
    public static async Task GuardAsync(HttpContext context, ILogger logger, Func<Task> handler)
    {
        try
        {
            await handler();
        }
        catch (Exception e) when (!context.Response.HasStarted && Describe(e) is var (status, code, message))
        {
            if (status >= 500)
                LogTrouble(logger, e, context.Request.Method, context.Request.Path);
            if (status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = "5";
            await RefuseAsync(context, status, code, message);
        }
        catch (ImageException e) when (context.Response.HasStarted)
        {
            // Cut off, so that nobody takes what came for the whole.
            LogTrouble(logger, e, context.Request.Method, context.Request.Path);
            context.Abort();
        }
    }

    private static (int Status, string Code, string Message)? Describe(Exception exception) => exception switch
    {
        _ when DiskTrouble.Describe(exception.GetBaseException()) is { } trouble => (StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", trouble),
        RegistryException e => (e.Status, e.Code, e.Message),
        InvalidManifestException { Flaw: ManifestFlaw.BlobMissing } e => (StatusCodes.Status404NotFound, "MANIFEST_BLOB_UNKNOWN", e.Message),
        InvalidManifestException { Flaw: ManifestFlaw.Digest } e => (StatusCodes.Status400BadRequest, "DIGEST_INVALID", e.Message),
        InvalidManifestException { Flaw: ManifestFlaw.TooLarge } e => (StatusCodes.Status413PayloadTooLarge, "SIZE_INVALID", e.Message),
        InvalidManifestException e => (StatusCodes.Status400BadRequest, "MANIFEST_INVALID", e.Message),
        ImageException { IsPassing: true } => (StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "The storage of the images cannot be used at the moment. The server's log says why."),
        ImageException e => (StatusCodes.Status400BadRequest, "DIGEST_INVALID", e.Message),
        ObjectStorageException => (StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", "The storage of the images cannot be used at the moment. The server's log says why."),
        _ => null,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Registry: {Method} {Path} failed")]
    private static partial void LogTrouble(ILogger logger, Exception exception, string method, string path);
}

internal sealed record RegistryErrors(IReadOnlyList<RegistryError> Errors);

internal sealed record RegistryError(string Code, string Message);

internal sealed record TagList(string Name, IReadOnlyList<string> Tags);

internal sealed record RepositoryList(IReadOnlyList<string> Repositories);

internal sealed record ReferrerIndex(int SchemaVersion, string MediaType, IReadOnlyList<Descriptor> Manifests);

internal sealed record RegistryToken(string Token, string AccessToken, int ExpiresIn, DateTimeOffset IssuedAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RegistryErrors))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(RepositoryList))]
[JsonSerializable(typeof(ReferrerIndex))]
internal sealed partial class RegistryJson : JsonSerializerContext;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RegistryToken))]
internal sealed partial class RegistryTokenJson : JsonSerializerContext;
