using Odin.Server.Hosting;

namespace Odin.Server.Auth;

/// <summary>
/// Lets a request pass with a good token, or without one where <see cref="AccessPolicy"/> allows it. A bad token is
/// refused even where none is needed: the sender believes to be somebody.
/// </summary>
internal sealed partial class AccessMiddleware(
    RequestDelegate next, TokenAuthenticator authenticator, RolePolicy roles, AccessOptions options, ILogger<AccessMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var kind = RequestFacts.KindOf(context);
        if (kind == AccessKind.Public)
        {
            await next(context);
            return;
        }

        var isSocket = kind is AccessKind.LegacySocket or AccessKind.MainSocket;
        var known = await authenticator.AuthenticateAsync(context, allowQuery: isSocket);
        var (user, problem) = known;
        if (user is not null)
        {
            context.Items[typeof(CurrentUser)] = new CurrentUser(user) { Roles = known.Roles };
            if (MayCall(context, known.Roles, isSocket))
                await next(context);
            else
                RolePolicy.Refuse(context);
            // Who did what; the query is left out, and nothing secret stands in a path.
            if (kind == AccessKind.Write)
                LogWrite(user, context.Request.Method, context.Request.Path, context.Response.StatusCode);
            return;
        }
        var mayPass = problem is null && AccessPolicy.MayPass(options.Anonymous, RequestFacts.Describe(context, kind, options));
        // A socket may still bring its token in the first frame; until then it may do nothing.
        if (mayPass || (isSocket && problem is null && context.WebSockets.IsWebSocketRequest))
        {
            if (!mayPass)
                context.Items[typeof(TokenOwed)] = new TokenOwed();
            await next(context);
            return;
        }
        context.Response.Headers.WWWAuthenticate = problem is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, problem ?? "Not authenticated");
    }

    private bool MayCall(HttpContext context, IReadOnlyList<string>? names, bool isSocket) =>
        isSocket ? roles.MayUseSockets(names) : roles.MayCall(names, context.Request.Method, context.Request.Path.Value ?? "");

    [LoggerMessage(Level = LogLevel.Information, Message = "User '{User}': {Method} {Path} answered {Status}")]
    private partial void LogWrite(string user, string method, string path, int status);
}

/// <summary>Who sends the request.</summary>
internal sealed record CurrentUser(string Name)
{
    /// <summary>Null: everything is allowed.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <summary>Marks a WebSocket that must show a token in its first frame.</summary>
internal sealed record TokenOwed;

internal static class CurrentUserExtensions
{
    /// <summary>The user; null for somebody unknown, who got in by the settings of access.</summary>
    public static CurrentUser? User(this HttpContext context) => context.Items[typeof(CurrentUser)] as CurrentUser;

    /// <summary>The name of the user; null for somebody unknown.</summary>
    public static string? UserName(this HttpContext context) => context.User()?.Name;
}
