using Odin.Deployments;
using Odin.Server.Auth;

namespace Odin.Server.Gateway;

/// <summary>Lets those in who may ask models.</summary>
internal sealed class GatewayAccess(TokenAuthenticator authenticator, ModelAccess models, AccessOptions options)
{
    /// <summary>Finds out who asks. A prediction changes nothing, so it is open to whom reading is open.</summary>
    /// <returns>False: the request is answered with 401. The caller is null for somebody on this machine without a token.</returns>
    public async ValueTask<(bool MayEnter, CurrentUser? Caller)> EnterAsync(HttpContext context)
    {
        var known = await authenticator.AuthenticateAsync(context, allowQuery: false);
        if (known.User is not null)
            return (true, new CurrentUser(known.User) { Roles = known.Roles });
        if (known.Problem is null && AccessPolicy.MayPass(options.Anonymous, RequestFacts.Describe(context, AccessKind.Read, options)))
            return (true, null);
        context.Response.Headers.WWWAuthenticate = known.Problem is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return (false, null);
    }

    /// <summary>Whether the caller may send this to the model.</summary>
    /// <param name="path">As the model sees it.</param>
    public bool MayCall(HttpContext context, CurrentUser? caller, Deployment deployment, string path) => models.MayCall(caller, deployment.Spec, context.Request.Method, path);
}
