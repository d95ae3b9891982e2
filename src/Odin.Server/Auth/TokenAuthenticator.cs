using System.Net.Http.Headers;

namespace Odin.Server.Auth;

/// <summary>The outcome of looking at the credentials of a request.</summary>
/// <param name="User">Who it is; null when there was no token or a bad one.</param>
/// <param name="Problem">Why the token was refused; null when there was none or it is good.</param>
internal readonly record struct Authentication(string? User, string? Problem)
{
    /// <summary>Those of the user as they are now, whatever they were when the token was issued; null: everything is allowed.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <summary>Finds out who sends a request.</summary>
internal sealed class TokenAuthenticator(JwtVerifier verifier, UserPresence users)
{
    /// <summary>Looks at the header <c>Authorization</c>, and for a WebSocket at <c>?token=</c> too.</summary>
    public async ValueTask<Authentication> AuthenticateAsync(HttpContext context, bool allowQuery)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            return AuthenticationHeaderValue.TryParse(header, out var value)
                && value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) && !string.IsNullOrEmpty(value.Parameter)
                ? await AuthenticateAsync(value.Parameter, context.RequestAborted)
                : default;
        }
        return allowQuery && TakeFromQuery(context.Request) is { } token
            ? await AuthenticateAsync(token, context.RequestAborted)
            : default;
    }

    public async ValueTask<Authentication> AuthenticateAsync(string token, CancellationToken cancellationToken)
    {
        var result = verifier.Verify(token);
        if (result.Claims is not { Subject: { } name } claims)
            return new Authentication(null, result.Problem);
        // A token outlives neither its user, nor a later user of the same name, nor the password it was issued for.
        if (await users.FindAsync(name, cancellationToken) is not { } user || claims.IssuedAt < user.Created.ToUnixTimeSeconds())
            return new Authentication(null, "The user of the token does not exist any more.");
        return user.PasswordChanged is { } changed && !(claims.IssuedAt >= changed.ToUnixTimeSeconds())
            ? new Authentication(null, "The password was changed after the token was issued. Log in again.")
            : new Authentication(name, null) { Roles = user.Roles };
    }

    // Removed from the request, so that nothing behind this line can write it into a log.
    private static string? TakeFromQuery(HttpRequest request)
    {
        if (!request.Query.TryGetValue("token", out var values))
            return null;
        request.QueryString = QueryString.Create(request.Query.Where(p => p.Key != "token"));
        return values.ToString();
    }
}
