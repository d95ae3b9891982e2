using System.CommandLine;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>login</c> and <c>logout</c>.</summary>
internal static class LoginCommands
{
    private static readonly Option<string> Url = new("--url") { Description = "API server host.", HelpName = "TEXT", Required = true };
    private static readonly Option<string?> Token = CtlCommand.Text("--token", "API server token; '-' reads it from standard input.");
    private static readonly Option<string?> ClientId = CtlCommand.Text("--client_id", "Client ID.", "--client-id");
    private static readonly Option<string?> ClientSecret = CtlCommand.Text("--client_secret", "Client secret.", "--client-secret");
    private static readonly Option<string?> Issuer = CtlCommand.Text("--issuer", "OpenID provider.", "--issuer-url");

    public static Command CreateLogin(CtlSession session) => Subcommand.Create(
        "login", "Log in to a server, and keep what lets one in.", (parse, token) => LogInAsync(session, parse, token), Url, Token, ClientId, ClientSecret, Issuer);

    public static Command CreateLogout(CtlSession session) => Subcommand.Create("logout", "Forget all credentials.", (_, _) =>
    {
        Forget(session);
        session.Out.WriteLine(CtlMessages.LoggedOut);
        return Task.FromResult(ExitCode.Success);
    });

    private static async Task<int> LogInAsync(CtlSession session, ParseResult parse, CancellationToken cancellationToken)
    {
        var (token, id, secret, issuer) = (parse.GetValue(Token), parse.GetValue(ClientId), parse.GetValue(ClientSecret), parse.GetValue(Issuer));
        if (token is not null && (id is not null || secret is not null))
            throw new CtlUsageException(CtlMessages.TokenAndClient);
        if (id is null != secret is null)
            throw new CtlUsageException(CtlMessages.HalfAClient);
        if (id is not null && issuer is null)
            throw new CtlUsageException(CtlMessages.ClientWithoutIssuer);
        // In a list of processes a token is for all to see.
        if (token == "-")
            token = (await session.Environment.In.ReadLineAsync(cancellationToken))?.Trim();
        var url = CtlTarget.Parse(parse.GetRequiredValue(Url));

        Forget(session);
        session.Configuration.Store(
            (CtlVariable.Url, url.AbsoluteUri.TrimEnd('/')), (CtlVariable.Token, token), (CtlVariable.ClientId, id), (CtlVariable.ClientSecret, secret), (CtlVariable.IssuerUrl, issuer));
        // What the command line says comes before variables of the environment.
        var target = CtlTarget.From(session, null) with { Url = url, Token = token };
        if (id is not null)
            target = target with { ClientId = id, ClientSecret = secret!, Issuer = issuer };
        using var client = CtlClient.Create(session, target);
        (await client.SendAsync(HttpMethod.Get, "health", null, cancellationToken)).EnsureSuccess();
        // A server of ours says to everybody how it is; who one is, it says only to those it knows. Others do not know the question.
        _ = await client.SendAsync(HttpMethod.Get, "api/v1/user/info", null, cancellationToken);
        session.Out.WriteLine(CtlMessages.LoggedIn);
        return ExitCode.Success;
    }

    private static void Forget(CtlSession session) => session.Configuration.Store([.. CtlVariable.Credentials.Select(c => (c, (string?)null))]);
}
