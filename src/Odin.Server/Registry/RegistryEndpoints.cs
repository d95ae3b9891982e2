using Odin.Server.Auth;

namespace Odin.Server.Registry;

/// <summary>The OCI distribution interface, version 1.1, of the images that this server keeps.</summary>
internal static class RegistryEndpoints
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    /// <summary>Who may do what is decided by <see cref="RegistryAccess"/>, in the way that registries' clients know.</summary>
    public static void MapRegistry(this IEndpointRouteBuilder app) =>
        app.MapMethods("/v2/{**path}", Methods, HandleAsync).ExcludeFromDescription().WithAccess(AccessKind.Public);

    private static Task HandleAsync(HttpContext context, ILogger<RegistryRequests> logger, RegistryAccess access, RegistryRequests requests) =>
        RegistryAnswers.GuardAsync(context, logger, async () =>
        {
            context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
            var path = (context.Request.RouteValues["path"] as string) ?? "";
            if (path == "token" && HttpMethods.IsGet(context.Request.Method))
                await access.IssueAsync(context);
            else if (await access.EnterAsync(context) is { } user)
                await requests.HandleAsync(context, path, user);
        });
}
