using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Odin.Images;
using Odin.Server.Auth;
using Odin.Users;

namespace Odin.Server.Registry;

/// <summary>
/// Lets the users of the server into the registry: with the token that the registry gives for a name and a password, with any
/// token of the server, or with name and password on each request. In the place of the password a token of that user will do.
/// </summary>
internal sealed class RegistryAccess(
    TokenAuthenticator tokens, UserPresence users, RolePolicy roles, UserAccounts accounts, LoginThrottle throttle, LoginAudit audit, JwtSigner signer, TimeProvider time)
{
    // Long enough for the requests of one push; clients ask for a new one by themselves.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    // It may end sooner; clients ask again then.
    private static readonly TimeSpan ShownLife = TimeSpan.FromMinutes(1);

    /// <returns>Null: the request has been refused.</returns>
    public async Task<string?> EnterAsync(HttpContext context)
    {
        var (user, problem) = await FindUserAsync(context);
        if (user is not null)
        {
            var facts = await users.FindAsync(user, context.RequestAborted);
            if (facts is not null && roles.MayUseRegistry(facts.Roles, context.Request.Method))
                return user;
            await RegistryAnswers.RefuseAsync(context, StatusCodes.Status403Forbidden, "DENIED", $"The roles of '{user}' do not allow this.");
            return null;
        }
        if (context.Response.StatusCode == StatusCodes.Status429TooManyRequests)
            return null;
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{Address(context.Request)}/v2/token\",service=\"{context.Request.Host}\"";
        await RegistryAnswers.RefuseAsync(context, StatusCodes.Status401Unauthorized, "UNAUTHORIZED", problem ?? "Log in with the name and the password of a user of this server.");
        return null;
    }

    /// <summary>Whether the name and the password of a connection are good, as if its owner had come with them.</summary>
    public async Task<bool> KnowsAsync(RegistryCredentials credentials, CancellationToken cancellationToken)
    {
        const string Place = "a connection";
        var (name, password) = (credentials.UserName, credentials.Password);
        if (password.Count(c => c == '.') == 2 && await tokens.AuthenticateAsync(password, cancellationToken) is { User: { } owner })
            return owner == name;
        using var turn = await throttle.EnterAsync(cancellationToken);
        if (throttle.WaitFor(name, Place) is { } wait)
            throw new ImageException($"The server's own registry has refused '{name}' too often: try again in {(int)Math.Ceiling(wait.TotalSeconds)} s.", isPassing: true);
        if (await accounts.LoginAsync(name, password, cancellationToken) is null)
        {
            throttle.Failed(name, Place);
            audit.Failed(name, Place);
            return false;
        }
        throttle.Succeeded(name, Place);
        return true;
    }

    /// <summary>Answers with a token for the name and password that the request has.</summary>
    public async Task IssueAsync(HttpContext context)
    {
        var issued = time.GetUtcNow();
        var (user, problem) = await FindUserAsync(context);
        if (context.Response.StatusCode == StatusCodes.Status429TooManyRequests)
            return;
        if (user is null)
        {
            context.Response.Headers.WWWAuthenticate = $"Basic realm=\"{context.Request.Host}\"";
            await RegistryAnswers.RefuseAsync(context, StatusCodes.Status401Unauthorized, "UNAUTHORIZED", problem ?? "Log in with the name and the password of a user of this server.");
            return;
        }
        // Who shows a token gets no newer one for it: else a lost one would hold for ever.
        if (ShownToken(context) is { } shown)
        {
            await RegistryAnswers.WriteAsync(context, new RegistryToken(shown, shown, (int)ShownLife.TotalSeconds, issued), RegistryTokenJson.Default.RegistryToken);
            return;
        }
        // The change of a password counts from the next whole second, which a quick login may be ahead of.
        var changed = (await accounts.FindAsync(user, context.RequestAborted))?.Spec.PasswordChanged;
        var token = signer.Issue(user, changed > issued ? changed.Value : issued, Life);
        await RegistryAnswers.WriteAsync(context, new RegistryToken(token, token, (int)Life.TotalSeconds, issued), RegistryTokenJson.Default.RegistryToken);
    }

    // The token that stands for the password, or for both.
    private static string? ShownToken(HttpContext context)
    {
        if (!AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization.ToString(), out var value) || value.Parameter is null)
            return null;
        if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return value.Parameter;
        return Decode(value.Parameter) is var (_, password) && password.Count(c => c == '.') == 2 && !password.Any(char.IsWhiteSpace) ? password : null;
    }

    // A proxy that ends TLS says so; whoever else does only gets a wrong address in their own answer.
    private static string Address(HttpRequest request)
    {
        var scheme = request.Headers["X-Forwarded-Proto"].ToString() is "https" ? "https" : request.Scheme;
        return $"{scheme}://{request.Host}";
    }

    private async Task<(string? User, string? Problem)> FindUserAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (!AuthenticationHeaderValue.TryParse(header, out var value) || value.Parameter is null)
            return (null, null);
        if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
        {
            var (user, problem) = await tokens.AuthenticateAsync(value.Parameter, context.RequestAborted);
            return (user, problem);
        }
        if (!value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) || Decode(value.Parameter) is not var (name, password))
            return (null, null);
        // A token has two dots, which cannot be told from a password; but a password that is somebody's token is nobody's.
        if (password.Count(c => c == '.') == 2 && await tokens.AuthenticateAsync(password, context.RequestAborted) is { User: { } owner })
            return owner == name ? (owner, null) : (null, "The token is of another user.");
        return await LoginAsync(context, name, password);
    }

    private async Task<(string? User, string? Problem)> LoginAsync(HttpContext context, string name, string password)
    {
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "local";
        if (throttle.WaitFor(name, address) is { } wait)
            return await TooManyAsync(context, wait);
        using var turn = await throttle.EnterAsync(context.RequestAborted);
        // Those who were ahead may have failed in the meantime.
        if (throttle.WaitFor(name, address) is { } more)
            return await TooManyAsync(context, more);
        var user = await accounts.LoginAsync(name, password, context.RequestAborted);
        if (user is null)
        {
            throttle.Failed(name, address);
            audit.Failed(name, address);
            return (null, "The user name or the password is wrong.");
        }
        throttle.Succeeded(name, address);
        audit.Succeeded(user.Name, address);
        return (user.Name, null);
    }

    private static async Task<(string?, string?)> TooManyAsync(HttpContext context, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await RegistryAnswers.RefuseAsync(context, StatusCodes.Status429TooManyRequests, "TOOMANYREQUESTS", $"Too many failed logins. Try again in {seconds} s.");
        return (null, null);
    }

    private static (string Name, string Password)? Decode(string parameter)
    {
        var bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out var count))
            return null;
        return Encoding.UTF8.GetString(bytes, 0, count).Split(':', 2) is [{ Length: > 0 } name, var password] ? (name, password) : null;
    }
}
