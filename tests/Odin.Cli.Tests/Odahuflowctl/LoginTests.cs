using System.Net;
using System.Text;
using System.Web;

namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>Logging in, with a server that refuses whom it does not know, and an OpenID provider; both replay what is documented.</summary>
public sealed class LoginTests : IAsyncDisposable
{
    private const string Hint = "For more information rerun command with --verbose flag\n";
    private const string Ask = "Please provide correct temporary token or disable non interactive mode\n";

    // Ada, ada@example.org.
    private static readonly string IdToken = $"e30.{Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"name":"Ada","email":"ada@example.org"}""")).TrimEnd('=')}.x";

    private static readonly string Tokens = $$"""{"access_token":"access","refresh_token":"refresh","id_token":"{{IdToken}}"}""";

    private readonly CliTest cli = new() { Alias = "odahuflowctl" };
    private readonly ReplayServer server = new();
    private readonly ReplayServer provider = new();

    public LoginTests()
    {
        foreach (var path in new[] { "/health", "/api/v1/user/info", "/api/v1/connection" })
            server.On($"GET {path}", r => r.Authorization is "Bearer good" || r.Authorization == $"Bearer {IdToken}" ? new ReplayAnswer(200, path == "/api/v1/connection" ? "[]" : "{}") : new ReplayAnswer(401, ""));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await provider.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Token_IsCheckedAndKept()
    {
        Assert.Equal(new CliResult(0, "Success! Credentials have been saved.\n", ""), await cli.RunAsync("login", "--url", server.Url, "--token", "good"));
        Assert.Equal($"[general]\napi_token = good\napi_url = {server.Url}\n\n", await Config());
        Assert.Equal(0, (await cli.RunAsync("conn", "get")).ExitCode);
        Assert.Equal(new CliResult(0, "All authorization credentials have been removed\n", ""), await cli.RunAsync("logout"));
        Assert.Equal("[general]\n\n", await Config());
    }

    [Fact]
    public async Task Token_FromStandardInput_IsInNoListOfProcesses()
    {
        cli.Input = "good\n";
        Assert.Equal(0, (await cli.RunAsync("login", "--url", server.Url, "--token", "-")).ExitCode);
        Assert.Contains("api_token = good\n", await Config(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ThatIsWrong_IsSaid() => Assert.Equal(
        new CliResult(1, $"Error: Credentials are not correct.\n{Ask}{Hint}", ""), await cli.RunAsync("login", "--url", server.Url, "--token", "bad"));

    [Fact]
    public async Task Token_RefusedOnlyWhenItMatters_IsSaidToo()
    {
        server.On("GET /health", "{}");
        Assert.Equal($"Error: Credentials are not correct.\n{Ask}{Hint}", (await cli.RunAsync("login", "--url", server.Url, "--token", "bad")).Out);
    }

    [Fact]
    public async Task Login_OverwritesWhatWasKept()
    {
        cli.File(".odahuflow/config", "[general]\napi_url = http://old\napi_refresh_token = r\napi_issuing_url = http://old/token\nissuer_url = http://old\nodahuflowctl_oauth_client_id = c\nmodel_host = m\nretry_attempts = 5\n");
        Assert.Equal(0, (await cli.RunAsync("login", "--url", server.Url, "--token", "good")).ExitCode);
        Assert.Equal($"[general]\napi_token = good\napi_url = {server.Url}\nretry_attempts = 5\n\n", await Config());
    }

    [Fact]
    public async Task NoServer_IsSaid()
    {
        cli.Variables["RETRY_ATTEMPTS"] = "0";
        Assert.Equal(new CliResult(1, $"Error: Can not reach http://127.0.0.1:1\n{Hint}", ""), await cli.RunAsync("login", "--url", "http://127.0.0.1:1/", "--token", "good"));
    }

    [Fact]
    public async Task ClientCredentials_GetAToken()
    {
        provider.On("GET /realm/.well-known/openid-configuration", $$"""{"token_endpoint":"{{provider.Url}}/token"}""").On("POST /token", Tokens);
        var result = await cli.RunAsync("login", "--url", server.Url, "--client_id", "robot", "--client_secret", "s", "--issuer", $"{provider.Url}/realm");
        Assert.Equal(new CliResult(0, "Success! Credentials have been saved.\n", ""), result);
        Assert.Equal("grant_type=client_credentials&client_id=robot&client_secret=s&scope=openid+profile+offline_access+groups", provider.Requests.Last().Body);
        var config = await Config();
        foreach (var line in new[] { $"api_token = {IdToken}", "api_refresh_token = refresh", "api_access_token = access", $"api_issuing_url = {provider.Url}/token", $"issuer_url = {provider.Url}/realm", "odahuflowctl_oauth_client_secret = s" })
            Assert.Contains(line + "\n", config, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"access_token":"a","refresh_token":"r"}""", 200)]
    [InlineData("""{"error":"invalid_client"}""", 401)]
    public async Task ClientCredentials_ThatAreWrong_AreSaid(string answer, int status)
    {
        provider.On("GET /.well-known/openid-configuration", $$"""{"token_endpoint":"{{provider.Url}}/token"}""").On("POST /token", answer, status);
        Assert.Equal(
            new CliResult(1, $"Error: Client credentials are not correct.\nPlease check the client's ID, its secret and the issuer's URL.\n{Hint}", ""),
            await cli.RunAsync("login", "--url", server.Url, "--client_id", "robot", "--client_secret", "s", "--issuer", provider.Url));
    }

    [Fact]
    public async Task GroupOptions_AreClientCredentialsToo()
    {
        provider.On("GET /.well-known/openid-configuration", $$"""{"token_endpoint":"{{provider.Url}}/token"}""").On("POST /token", Tokens);
        Assert.Equal(0, (await cli.RunAsync("conn", "--url", server.Url, "--client-id", "robot", "--client-secret", "s", "--issuer-url", provider.Url, "get")).ExitCode);
    }

    [Fact]
    public async Task Refresh_RenewsATokenThatIsTooOld()
    {
        provider.On("POST /token", Tokens);
        Keep("old", "r1");
        Assert.Equal(0, (await cli.RunAsync("conn", "get")).ExitCode);
        Assert.Equal("grant_type=refresh_token&client_id=legion-cli&client_secret=&refresh_token=r1", provider.Requests.Single().Body);
        Assert.Contains($"api_token = {IdToken}\n", await Config(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refresh_ThatIsRefused_IsSaid()
    {
        provider.On("POST /token", """{"error":"invalid_grant"}""", 400);
        Keep("old", "r1");
        Assert.Equal($"Error: Refresh token is not correct.\nPlease login again\n{Hint}", (await cli.RunAsync("conn", "get")).Out);
    }

    [Fact]
    public async Task Refresh_ThatDoesNotHelp_IsTriedOnce()
    {
        provider.On("POST /token", Tokens.Replace(IdToken, "useless", StringComparison.Ordinal));
        Keep("old", "r1");
        Assert.Equal($"Error: Credentials are not correct even after refreshing.\n{Ask}{Hint}", (await cli.RunAsync("conn", "get")).Out);
        Assert.Single(provider.Requests);
    }

    [Fact]
    public async Task Browser_BringsACode()
    {
        Redirect();
        provider.On("GET /auth/realm/login", "<form>").On("GET /auth/realm/.well-known/openid-configuration", $$"""{"token_endpoint":"{{provider.Url}}/token"}""").On("POST /token", Tokens);
        using var output = new WatchedWriter();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var run = OdinProgram.RunAsync(["login", "--url", server.Url], cli.Environment(output, TextWriter.Null), "odahuflowctl", handleSignals: false, limit.Token);

        var told = await output.LineAsync("Credentials are missed.\nPlease open ").WaitAsync(limit.Token);
        Assert.StartsWith($"Credentials are missed.\nPlease open http://localhost:{provider.Port}/auth/realm/login?client_id=legion-cli&response_type=code&state=", told, StringComparison.Ordinal);
        var query = HttpUtility.ParseQueryString(told[(told.IndexOf('?', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(10, query["state"]!.Length);
        Assert.Equal("openid profile email offline_access groups", query["scope"]);
        var callback = query["redirect_uri"]!;
        Assert.Matches(@"^http://127\.0\.0\.1:\d+/oauth/callback$", callback);
        Assert.Equal((HttpStatusCode.InternalServerError, "state is missed"), await VisitAsync(callback + "?code=c"));
        Assert.Equal((HttpStatusCode.InternalServerError, "state is missed"), await VisitAsync(callback + "?state=a&state=b&code=c"));
        Assert.Equal((HttpStatusCode.InternalServerError, "code is missed"), await VisitAsync($"{callback}?state={query["state"]}"));
        Assert.Equal((HttpStatusCode.InternalServerError, "state is wrong"), await VisitAsync(callback + "?state=other&code=c"));
        Assert.Equal(HttpStatusCode.NotFound, (await VisitAsync(callback.Replace("/oauth/", "/", StringComparison.Ordinal) + "?state=a&code=c")).Status);
        var (status, page) = await VisitAsync($"{callback}?state={query["state"]}&code=the-code");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("You can close this window", page, StringComparison.Ordinal);

        Assert.Equal(0, await run);
        Assert.EndsWith($"You have been authorized on endpoint {server.Url} as Ada / ada@example.org\nSuccess! Credentials have been saved.\n", output.ToString(), StringComparison.Ordinal);
        var form = HttpUtility.ParseQueryString(provider.Requests.Last().Body);
        Assert.Equal(("authorization_code", "legion-cli", "the-code", callback), (form["grant_type"], form["client_id"], form["code"], form["redirect_uri"]));
        Assert.Equal(query["code_challenge"], Challenge(form["code_verifier"]!));
    }

    [Fact]
    public async Task Browser_WhereNobodyIs_IsNotAskedFor()
    {
        Redirect();
        provider.On("GET /auth/realm/login", "<form>");
        cli.Variables["ODAHUFLOWCTL_NONINTERACTIVE"] = "true";
        Assert.Equal(new CliResult(1, $"Error: Credentials are missed.\n{Ask}{Hint}", ""), await cli.RunAsync("login", "--url", server.Url));
        Assert.Equal($"Error: Credentials are not correct.\n{Ask}{Hint}", (await cli.RunAsync("login", "--url", server.Url, "--token", "bad")).Out);
    }

    [Fact]
    public async Task Redirect_DoesNotTakeTheTokenAlong()
    {
        Redirect();
        provider.On("GET /auth/realm/login", "<form>");
        await cli.RunAsync("login", "--url", server.Url, "--token", "bad");
        Assert.Null(provider.Requests.Single().Authorization);
    }

    private static string Challenge(string verifier) =>
        Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(verifier))).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static async Task<(HttpStatusCode Status, string Text)> VisitAsync(string url)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(url));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    // Whom it does not know the server sends to the provider, which is another host.
    private void Redirect() => server.OnStream("GET /health", context =>
    {
        var isKnown = context.Request.Headers["Authorization"] == $"Bearer {IdToken}";
        if (!isKnown)
            context.Response.Redirect($"http://localhost:{provider.Port}/auth/realm/login?from=proxy");
        context.Response.Close();
        return Task.CompletedTask;
    });

    private void Keep(string token, string refresh) => cli.File(
        ".odahuflow/config", $"[general]\napi_url = {server.Url}\napi_token = {token}\napi_refresh_token = {refresh}\napi_issuing_url = {provider.Url}/token\n");

    private Task<string> Config() => File.ReadAllTextAsync(cli.File(".odahuflow/config"));

    /// <summary>Tells of a line as soon as it is written.</summary>
    private sealed class WatchedWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string start = "";

        public WatchedWriter() => NewLine = "\n";

        public Task<string> LineAsync(string beginning)
        {
            lock (found)
            {
                start = beginning;
                if (ToString().TrimEnd('\n') is { Length: > 0 } written && written.StartsWith(start, StringComparison.Ordinal))
                    found.TrySetResult(written);
            }
            return found.Task;
        }

        public override Task WriteLineAsync(string? value)
        {
            lock (found)
            {
                WriteLine(value);
                if (start.Length > 0 && value!.StartsWith(start, StringComparison.Ordinal))
                    found.TrySetResult(value);
            }
            return Task.CompletedTask;
        }
    }
}
