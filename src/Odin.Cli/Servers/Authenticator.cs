using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Servers;

/// <summary>Gets tokens: from the command line, the variable <c>ODIN_TOKEN</c>, the cache, the local server's own password, or the person at the terminal.</summary>
internal sealed class Authenticator(CliEnvironment environment, Connection connection, ConnectionFlags flags, ServerTransport transport)
{
    /// <summary>The variable that holds a token, for programs without a home directory or a terminal.</summary>
    public const string TokenVariable = "ODIN_TOKEN";

    private const string Administrator = "admin";
    private string? password = flags.Password;
    private bool haveLoggedIn;

    public TokenCache Cache { get; } = TokenCache.For(environment, connection, flags.TokenFile);

    /// <summary>
    /// Whether the token goes to this user's own server alone. Not if another one listened there when it was made or read:
    /// then it is that one's, by the person's own wish.
    /// </summary>
    public bool IsOnlyForOurs { get; private set; }

    /// <summary>The token to send with the first request; null: try without one.</summary>
    public async Task<string?> CurrentAsync(CancellationToken cancellationToken)
    {
        if (!haveLoggedIn && (flags.Password is not null || flags.PasswordFromInput))
            return await LogInAsync(cancellationToken);
        if (!haveLoggedIn && GivenToken() is { } given)
            return given;
        IsOnlyForOurs = connection.Local is not null && transport.Objection() is null;
        // What the local server gave is for it alone; a file named on the command line is the person's own choice.
        return connection.Local is null || IsOnlyForOurs || flags.TokenFile is not null ? Cache.Read() : null;
    }

    /// <summary>A new token after the server refused the old one; null when it was new already, so that asking again is vain.</summary>
    public async Task<string?> RenewAsync(CancellationToken cancellationToken)
    {
        if (haveLoggedIn)
            return null;
        if (GivenToken() is not null)
        {
            throw new CliException(
                ExitCode.Unauthorised,
                $"{connection.Display} does not take the token in {TokenVariable}: it has expired, or is one of another server",
                $"Get a new one with `odin auth -u NAME --token FILE`, or unset {TokenVariable}.");
        }
        Cache.Delete();
        return await LogInAsync(cancellationToken);
    }

    /// <summary>Logs in and keeps the token.</summary>
    public async Task<string> LogInAsync(CancellationToken cancellationToken)
    {
        haveLoggedIn = true;
        var objection = connection.Local is null ? null : transport.Objection();
        IsOnlyForOurs = connection.Local is not null && objection is null;
        var (username, secret) = Credentials(objection);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = username, ["password"] = secret });
        using var http = transport.Client(IsOnlyForOurs);
        using var answer = await http.PostAsync(new Uri("v1/auth", UriKind.Relative), form, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!answer.IsSuccessStatusCode || TokenIn(text) is not { } token)
        {
            throw new CliException(
                (int)answer.StatusCode >= 500 ? ExitCode.Unavailable : ExitCode.Unauthorised,
                $"{connection.Display} did not let '{username}' in: {(int)answer.StatusCode} {DetailIn(text)}".TrimEnd(),
                password is null
                    ? $"It does not take the password in '{connection.Local?.DataDirectory}' (any more); log in as a user it knows: `odin auth -u NAME`."
                    : "Check the name and the password, then type `odin auth`.");
        }
        Cache.Write(token);
        return token;
    }

    private (string Username, string Password) Credentials(string? objection)
    {
        var username = flags.Username ?? connection.Username;
        if (password is null && flags.PasswordFromInput)
            password = environment.In.ReadLine() ?? "";
        if (password is not null)
            return (username ?? LoginName, password);
        if (username is null or Administrator && connection.Local is { } local && local.AdminPassword() is { } kept)
        {
            if (objection is null)
                return (Administrator, kept);
            // Who was named on the command line may type the password at a terminal: that is a wish, not a habit.
            if (flags.Username is null || !environment.CanPrompt)
            {
                throw new CliException(
                    ExitCode.Unauthorised,
                    $"{objection}, so the password in '{local.DataDirectory}' is not sent to {connection.Display}",
                    "Start your own server again with `odin server`, or, if you trust this one, log in to it: `odin auth -u NAME`.");
            }
        }
        if (!environment.CanPrompt)
        {
            throw new CliException(
                ExitCode.Unauthorised,
                $"you are not logged in to {connection.Display}",
                "Type `odin auth` at a terminal, or give --username with --password-stdin.");
        }
        username ??= Terminal.Ask(environment, "odin username: ", LoginName);
        return (username, password = Terminal.AskSecret(environment, "odin password: "));
    }

    // What the command line says of tokens and passwords comes first.
    private string? GivenToken()
    {
        if (flags.TokenFile is not null || flags.Password is not null || flags.PasswordFromInput || environment[TokenVariable]?.Trim() is not { Length: > 0 } token)
            return null;
        return TokenCache.IsHeaderText(token)
            ? token
            : throw new CliException(ExitCode.Usage, $"{TokenVariable} holds no token, but a text with blanks or line ends in it", "Set it to what is in the file that `odin auth --token FILE` writes.");
    }

    private string LoginName => environment["USER"] ?? Environment.UserName;

    private static string? TokenIn(string text) => Member(text, "message");

    private static string? DetailIn(string text) => Member(text, "detail");

    private static string? Member(string text, string name)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject answer && answer[name] is JsonValue value && value.TryGetValue<string>(out var member)
                ? member
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
