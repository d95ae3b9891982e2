using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Odin.Cli.Odahuflowctl;

/// <summary>Logging in with a browser: the person opens an address, and the browser brings the code back to a port of this machine.</summary>
internal sealed class BrowserLogin(CtlSession session, CtlTarget target, OpenIdProvider provider)
{
    private const int StateLength = 10;
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private const string Page = "<!DOCTYPE html><title>Authorized</title><p>You are logged in. You can close this window.</p><script>window.close()</script>";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <param name="page">Where the server sends those who are not logged in.</param>
    public async Task<(IssuedTokens Tokens, Uri Endpoint)> RunAsync(Uri page, CancellationToken cancellationToken)
    {
        var configuration = session.Configuration;
        var host = configuration.Text(CtlVariable.LoopbackHost);
        var port = FreePort();
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://{host}:{port}/");
        listener.Start();

        var path = configuration.Text(CtlVariable.LoopbackUrl);
        var redirect = $"http://{host}:{port}{path}";
        var state = RandomNumberGenerator.GetString(Letters, StateLength);
        // Whoever listens in on the way back has the code, but not this (PKCE).
        var verifier = Base64Url(RandomNumberGenerator.GetBytes(32));
        var query = string.Join('&', new (string Name, string Value)[]
        {
            ("client_id", target.ClientId),
            ("response_type", "code"),
            ("state", state),
            ("redirect_uri", redirect),
            ("scope", configuration.Text(CtlVariable.Scope)),
            ("code_challenge", Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))),
            ("code_challenge_method", "S256"),
        }.Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value)}"));
        await session.Out.WriteLineAsync(CtlMessages.OpenInBrowser($"{page.GetLeftPart(UriPartial.Path)}?{query}"));
        await session.Out.FlushAsync(cancellationToken);

        using var limit = new CancellationTokenSource(Patience, session.Environment.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var closing = both.Token.Register(listener.Close);
        var code = await WaitForCodeAsync(listener, path, state, cancellationToken);
        var endpoint = await provider.FindTokenEndpointAsync(Prefixes(page), cancellationToken);
        var form = new List<KeyValuePair<string, string>>
        {
            new("grant_type", "authorization_code"), new("client_id", target.ClientId), new("code", code), new("redirect_uri", redirect), new("code_verifier", verifier),
        };
        if (target.ClientSecret.Length > 0)
            form.Add(new("client_secret", target.ClientSecret));
        var tokens = endpoint is null ? null : await provider.AskAsync(endpoint, form, cancellationToken);
        return tokens is null ? throw CtlSession.Failure(CtlMessages.Credentials(wereGiven: true, isRenewed: false)) : (tokens, endpoint!);
    }

    private static async Task<string> WaitForCodeAsync(HttpListener listener, string path, string state, CancellationToken cancellationToken)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw CtlSession.Failure(CtlMessages.TimeOut);
            }
            var (status, text, code) = Judge(context.Request, path, state);
            var body = Encoding.UTF8.GetBytes(text);
            context.Response.StatusCode = status;
            context.Response.ContentType = code is null ? "text/plain; charset=utf-8" : "text/html; charset=utf-8";
            context.Response.ContentLength64 = body.Length;
            await context.Response.OutputStream.WriteAsync(body, cancellationToken);
            context.Response.Close();
            if (code is not null)
                return code;
        }
    }

    private static (int Status, string Text, string? Code) Judge(HttpListenerRequest request, string path, string state)
    {
        if (request.HttpMethod != "GET" || request.Url?.AbsolutePath != path)
            return (404, "Not found", null);
        var states = request.QueryString.GetValues("state") ?? [];
        var codes = request.QueryString.GetValues("code") ?? [];
        if (states.Length != 1)
            return (500, "state is missed", null);
        if (codes.Length != 1)
            return (500, "code is missed", null);
        return states[0] == state ? (200, Page, codes[0]) : (500, "state is wrong", null);
    }

    // The provider's root may be any of the directories that its authorization page is in.
    private static IEnumerable<Uri> Prefixes(Uri page)
    {
        var parts = page.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var count = 0; count <= parts.Length; count++)
            yield return new Uri(page, "/" + string.Concat(parts.Take(count).Select(p => p + "/")));
    }

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
