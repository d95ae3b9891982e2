using System.Globalization;
using System.Text.Json.Serialization;
using Odin.Server.Hosting;
using Odin.Users;

namespace Odin.Server.Auth;

/// <summary>Logging in: a name and a password for a token.</summary>
internal static class AuthEndpoints
{
    public static void MapAuth(this IEndpointRouteBuilder v1) =>
        v1.MapPost("/auth", LoginAsync)
            .WithTags("Auth").WithName("Login").WithSummary("Exchanges a name and a password for a token")
            .WithDescription("Takes a form or JSON with 'username' and 'password'.")
            .WithAccess(AccessKind.Public)
            .Takes<LoginRequest>("application/json", "application/x-www-form-urlencoded")
            .Produces<LoginAnswer>()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    private static async Task<IResult> LoginAsync(
        HttpContext context, UserAccounts accounts, LoginThrottle throttle, JwtSigner signer, LoginAudit audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var (name, password) = await ReadAsync(context.Request, cancellationToken);
        var address = context.Connection.RemoteIpAddress?.ToString() ?? "local";
        if (throttle.WaitFor(name, address) is { } wait)
            return TooMany(context, wait);
        using var turn = await throttle.EnterAsync(cancellationToken);
        // Those who were ahead may have failed in the meantime.
        if (throttle.WaitFor(name, address) is { } more)
            return TooMany(context, more);

        // Before the password is looked at: if it changes meanwhile, the token is of the old one, and refused.
        var issued = time.GetUtcNow();
        var user = await accounts.LoginAsync(name, password, cancellationToken);
        if (user is null)
        {
            throttle.Failed(name, address);
            audit.Failed(name, address);
            return Problem.Result(StatusCodes.Status401Unauthorized, "The user name or the password is wrong.");
        }
        throttle.Succeeded(name, address);
        audit.Succeeded(user.Name, address);
        return TypedResults.Json(new LoginAnswer(signer.Issue(user.Name, Later(issued, user.Spec.PasswordChanged))), AuthJson.Default.LoginAnswer);
    }

    // The change of a password counts from the next whole second, which a quick login may be ahead of.
    private static DateTimeOffset Later(DateTimeOffset issued, DateTimeOffset? changed) => changed > issued ? changed.Value : issued;

    private static IResult TooMany(HttpContext context, TimeSpan wait)
    {
        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Problem.Result(StatusCodes.Status429TooManyRequests, $"Too many failed logins. Try again in {seconds} s.");
    }

    private static async Task<(string Name, string Password)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.HasFormContentType)
        {
            var form = await request.ReadFormAsync(cancellationToken);
            return (Required(form["username"], "username"), Required(form["password"], "password"));
        }
        var body = await RequestBody.ReadObjectAsync(request, cancellationToken);
        return (Required(body.Text("username"), "username"), Required(body.Text("password"), "password"));
    }

    private static string Required(string? value, string name) => string.IsNullOrEmpty(value)
        ? throw new InvalidRequestException(new ProblemItem("Missing", $"'{name}' is missing.") { Location = name })
        : value;
}

/// <summary>A name and a password.</summary>
public sealed record LoginRequest(string Username, string Password)
{
    public override string ToString() => $"LoginRequest {{ Username = {Username} }}";
}

/// <summary>The token.</summary>
/// <param name="Message">A JWT for the header <c>Authorization: Bearer …</c>.</param>
public sealed record LoginAnswer(string Message)
{
    public override string ToString() => nameof(LoginAnswer);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(LoginAnswer))]
internal sealed partial class AuthJson : JsonSerializerContext;
