using System.CommandLine;
using Odin.Cli.Servers;

namespace Odin.Cli.Odahuflowctl;

/// <summary>Which server, and as whom: the options of every group that talks to one.</summary>
/// <param name="IsNamed">False: nobody has said which server; it is the one of this user on this machine, or the default.</param>
/// <param name="IsApi">False: it serves models; a token that it wants renewed is not kept as one of the API's.</param>
/// <param name="HasStored">False: what the configuration has of tokens and clients is for another server, and does not go to this one.</param>
/// <param name="Local">The server's own description, when it is the one of this user on this machine.</param>
internal sealed record CtlTarget(Uri Url, bool IsNamed, bool IsApi, bool HasStored, string? Token, string ClientId, string ClientSecret, string? Issuer, LocalServer? Local)
{
    public static readonly Option<string?> UrlOption = Text("--url", "API server host. Default: API_URL of the configuration, else a server of yours on this machine, else http://localhost:5000.");
    public static readonly Option<string?> TokenOption = Text("--token", "API server token. Default: API_TOKEN of the configuration.");
    public static readonly Option<string?> ClientIdOption = Text("--client-id", "Client ID. Default: ODAHUFLOWCTL_OAUTH_CLIENT_ID of the configuration.", "--client_id");
    public static readonly Option<string?> ClientSecretOption = Text("--client-secret", "Client secret. Default: ODAHUFLOWCTL_OAUTH_CLIENT_SECRET of the configuration.", "--client_secret");
    public static readonly Option<string?> IssuerOption = Text("--issuer-url", "OpenID provider. Default: ISSUER_URL of the configuration.", "--issuer");

    public static CtlTarget From(CtlSession session, ParseResult? parse)
    {
        var configuration = session.Configuration;
        var stored = configuration.Find(CtlVariable.Url);
        var given = parse?.GetValue(UrlOption) ?? stored;
        var local = LocalServer.Find(session.Environment.DataDirectory);
        var url = given is not null ? Parse(given) : local?.Url ?? Parse(configuration.Text(CtlVariable.Url));
        var hasStored = stored is null || IsSameServer(stored, url);
        var token = Filled(parse?.GetValue(TokenOption));
        if (!hasStored && token is null && Filled(configuration.Find(CtlVariable.Token)) is not null)
            session.Environment.Error.WriteLine(CtlMessages.TokenIsForAnother(stored!, url));
        return new CtlTarget(
            url,
            given is not null,
            IsApi: true,
            hasStored,
            token ?? (hasStored ? Filled(configuration.Find(CtlVariable.Token)) : null),
            Or(ClientIdOption, CtlVariable.ClientId),
            Or(ClientSecretOption, CtlVariable.ClientSecret),
            Filled(parse?.GetValue(IssuerOption) ?? configuration.Find(CtlVariable.IssuerUrl)),
            local is not null && local.IsAt(url) ? local : null);

        string Or(Option<string?> option, string variable) => parse?.GetValue(option) ?? (hasStored ? configuration.Text(variable) : "");
    }

    /// <summary>An address with the slash at its end that makes paths go below it.</summary>
    public static Uri Parse(string text) => Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        ? url
        : throw CtlSession.Failure($"Can not reach {text}: it is not an address of the form http://HOST:PORT");

    /// <summary>Whether two addresses lead to the same server; one that is none leads nowhere.</summary>
    public static bool IsSameServer(string address, Uri url) => Uri.TryCreate(address, UriKind.Absolute, out var other)
        && Uri.Compare(other, url, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static string? Filled(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static Option<string?> Text(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = "TEXT", Recursive = true };
}
