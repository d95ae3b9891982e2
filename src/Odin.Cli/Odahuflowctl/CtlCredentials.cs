using Odin.Cli.Servers;

namespace Odin.Cli.Odahuflowctl;

/// <summary>Tokens: the one given, a refreshed one, one for a client's secret, one of this machine's own server, or one from a browser.</summary>
internal sealed class CtlCredentials(CtlSession session, CtlTarget target, ServerTransport transport)
{
    private const string ClientScope = "openid profile offline_access groups";

    private readonly Authenticator own = new(session.Environment, new Connection(target.Url, "the configuration", null, target.Local), new ConnectionFlags(), transport);
    private bool isRenewed;

    /// <summary>Whether the token is one of this user's own server, and goes to it alone.</summary>
    public bool IsOnlyForOurs => target.Token is null && own.IsOnlyForOurs;

    /// <summary>The token to try first; null: none.</summary>
    public async Task<string?> CurrentAsync(CancellationToken cancellationToken) =>
        target.Token ?? await own.CurrentAsync(cancellationToken);

    /// <summary>A new token in place of a refused one.</summary>
    /// <param name="refused">Null: none was sent.</param>
    /// <param name="page">Where the server has sent us to log in; null: it has only refused.</param>
    /// <exception cref="CliException">There is none to be had.</exception>
    public async Task<string> RenewAsync(string? refused, Uri? page, CancellationToken cancellationToken)
    {
        if (isRenewed)
            throw CtlSession.Failure(CtlMessages.Credentials(refused is not null, isRenewed: true));
        isRenewed = true;
        var configuration = session.Configuration;
        using var provider = new OpenIdProvider(session);
        if (target.HasStored && configuration.Find(CtlVariable.RefreshToken) is { } refresh && configuration.Find(CtlVariable.IssuingUrl) is { } issuing)
        {
            session.Debug($"Refreshing the token at {issuing}");
            var tokens = await provider.AskAsync(
                new Uri(issuing),
                [new("grant_type", "refresh_token"), new("client_id", target.ClientId), new("client_secret", target.ClientSecret), new("refresh_token", refresh)],
                cancellationToken) ?? throw CtlSession.Failure(CtlMessages.RefreshTokenNotCorrect);
            return Keep(tokens, new Uri(issuing));
        }
        if (target is { ClientId.Length: > 0, ClientSecret.Length: > 0 })
            return await AskForClientAsync(provider, cancellationToken);
        if (target.Token is null && target.Local is not null)
            return await own.RenewAsync(cancellationToken) ?? throw CtlSession.Failure(CtlMessages.Credentials(wereGiven: true, isRenewed: true));
        if (refused is not null || page is null || configuration.Flag(CtlVariable.NonInteractive))
            throw CtlSession.Failure(CtlMessages.Credentials(refused is not null, isRenewed: false));
        var (issued, endpoint) = await new BrowserLogin(session, target, provider).RunAsync(page, cancellationToken);
        var token = Keep(issued, endpoint);
        session.Out.WriteLine(CtlMessages.Authorized(target.Url, issued.Claim("name"), issued.Claim("email")));
        return token;
    }

    private async Task<string> AskForClientAsync(OpenIdProvider provider, CancellationToken cancellationToken)
    {
        var endpoint = await provider.FindTokenEndpointAsync(target.Issuer is null ? [] : [new Uri(target.Issuer.TrimEnd('/') + "/")], cancellationToken);
        var tokens = endpoint is null ? null : await provider.AskAsync(
            endpoint,
            [new("grant_type", "client_credentials"), new("client_id", target.ClientId), new("client_secret", target.ClientSecret), new("scope", ClientScope)],
            cancellationToken);
        return tokens is null ? throw CtlSession.Failure(CtlMessages.ClientCredentialsNotCorrect) : Keep(tokens, endpoint!);
    }

    private string Keep(IssuedTokens tokens, Uri endpoint)
    {
        if (!target.IsApi)
            return tokens.IdToken;
        // A client of another server's must not be told to this one's provider.
        if (!target.HasStored)
            session.Configuration.Store((CtlVariable.ClientId, null), (CtlVariable.ClientSecret, null));
        session.Configuration.Store(
            (CtlVariable.Url, target.Url.AbsoluteUri.TrimEnd('/')),
            (CtlVariable.Token, tokens.IdToken),
            (CtlVariable.RefreshToken, tokens.RefreshToken),
            (CtlVariable.AccessToken, tokens.AccessToken),
            (CtlVariable.IssuerUrl, target.Issuer),
            (CtlVariable.IssuingUrl, endpoint.AbsoluteUri));
        return tokens.IdToken;
    }
}
