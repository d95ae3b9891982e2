using System.Net;
using System.Net.WebSockets;
using Odin.Server.Auth;

namespace Odin.Server.Tests.Auth;

/// <summary>Who gets in, through the whole server.</summary>
public sealed class AccessTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly TestServer server = fixture.Server;

    public static TheoryData<string, string> Writes { get; } = new()
    {
        { "POST", "/v1/users" },
        { "PUT", "/v1/users/admin" },
        { "DELETE", "/v1/users/admin" },
        { "POST", "/v1/jobs" },
        { "PUT", "/v1/jobs/x" },
        { "POST", "/v1/jobs/x/files/y" },
        { "POST", "/v1/pipelines" },
        { "POST", "/v1/plans" },
        { "POST", "/v1/pipelines/x/cancel" },
        { "POST", "/v1/pipelines/x/rerun" },
        { "DELETE", "/v1/pipelines/x" },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_WithoutAToken_Is401(string method, string path)
    {
        using var response = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        var problem = await response.ExpectAsync(HttpStatusCode.Unauthorized);
        Assert.Equal("Not authenticated", (string)problem["detail"]!);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Write_WithABadToken_Is401(string method, string path)
    {
        foreach (var header in new[] { "Bearer x", "Bearer None", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Bearer " + server.Token("nobody") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.TryAddWithoutValidation("Authorization", header);
            using var response = await server.Client.SendAsync(request);
            await response.ExpectAsync(HttpStatusCode.Unauthorized);
        }
    }

    [Theory]
    [InlineData("/v1/users")]
    [InlineData("/v1/pipelines")]
    [InlineData("/v1/jobs")]
    [InlineData("/v1/nodes")]
    [InlineData("/v1/app")]
    [InlineData("/metrics")]
    public async Task Read_OverLoopback_NeedsNoTokenUnlessItWasForwarded(string path)
    {
        using (var plain = await server.Client.GetAsync(path))
            Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
        foreach (var header in new[] { "X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP" })
        {
            using var forwarded = await GetAsync(path, header, "127.0.0.1");
            await forwarded.ExpectAsync(HttpStatusCode.Unauthorized);
        }
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:1234", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    [InlineData("attacker.example", HttpStatusCode.Unauthorized)]
    [InlineData("localhost.attacker.example", HttpStatusCode.Unauthorized)]
    public async Task Read_UnderARebornName_NeedsAToken(string host, HttpStatusCode expected)
    {
        using var response = await GetAsync("/v1/users", "Host", host);
        Assert.Equal(expected, response.StatusCode);
    }

    /// <summary>A proxy that adds no header of its own speaks 1.0 to what is behind it (nginx did by default), and then the world comes from loopback.</summary>
    [Fact]
    public async Task Http10_FromThisMachine_NeedsAToken()
    {
        async Task<HttpStatusCode> GetAsync(Version version, string path, string? token)
        {
            using var client = server.With(token);
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request);
            return response.StatusCode;
        }
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(HttpVersion.Version10, "/v1/users", null));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(HttpVersion.Version11, "/v1/users", null));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(HttpVersion.Version10, "/v1/users", server.Token()));
        // Probes of load balancers are that old too.
        Assert.Equal(HttpStatusCode.OK, await GetAsync(HttpVersion.Version10, "/healthz", null));
    }

    [Fact]
    public async Task Read_FromAnotherOrigin_NeedsAToken()
    {
        using var other = await GetAsync("/v1/users", "Origin", "https://attacker.example");
        await other.ExpectAsync(HttpStatusCode.Unauthorized);
        using var own = await GetAsync("/v1/users", "Origin", server.Url.GetLeftPart(UriPartial.Authority));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.False(own.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Read_WithABadToken_Is401Everywhere()
    {
        using var client = server.With("x");
        await client.GetJsonAsync("/v1/users", HttpStatusCode.Unauthorized);
        await client.GetJsonAsync("/v1/ping");
        // Clients of the inherited system find out by it that their token is not good.
        await client.GetJsonAsync("/health", HttpStatusCode.Unauthorized);
        await client.GetJsonAsync("/healthz");
    }

    [Fact]
    public async Task Read_WithATokenInTheQuery_DoesNotCount()
    {
        using var response = await GetAsync($"/v1/users?token={server.Token()}", "X-Forwarded-For", "192.0.2.1");
        await response.ExpectAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Read_AnonymousNever_NeedsAToken()
    {
        await using var strict = await TestServer.StartAsync(o => o with { Access = new AccessOptions { Anonymous = AnonymousAccess.Never } });
        await strict.Client.GetJsonAsync("/v1/users", HttpStatusCode.Unauthorized);
        await strict.Client.GetJsonAsync("/v1/ping");
        using var client = strict.Admin();
        await client.GetJsonAsync("/v1/users");
        using var socket = await TestServer.ConnectAsync(strict.LegacySocket);
        Assert.Equal("""{"status":"ERROR","response":"Not authenticated"}""", (await socket.AskAsync("""{"command":"PING","request":"x"}""")).Single().ToJsonString());
    }

    [Fact]
    public async Task Read_AnonymousAlways_NeedsNoTokenEvenWhenForwarded()
    {
        await using var open = await TestServer.StartAsync(o => o with { Access = new AccessOptions { Anonymous = AnonymousAccess.Always } });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users");
        request.Headers.Add("X-Forwarded-For", "192.0.2.1");
        using var response = await open.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await open.Client.PostJsonAsync("/v1/jobs", "{}", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Read_FromAnAllowedOrigin_IsAllowed()
    {
        const string origin = "https://ui.example";
        await using var open = await TestServer.StartAsync(o => o with { Access = new AccessOptions { Origins = [origin] } });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/users");
        request.Headers.Add("Origin", origin);
        using var response = await open.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(origin, response.Headers.GetValues("Access-Control-Allow-Origin").Single());

        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/pipelines");
        preflight.Headers.Add("Origin", origin);
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization");
        using var answer = await open.Client.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task Token_OfADeletedUser_Is401AtOnce()
    {
        using var admin = server.Admin();
        await admin.PostJsonAsync("/v1/users", """{"user":{"username":"leaver","password":"p"}}""");
        using var leaver = server.With(server.Token("leaver"));
        await leaver.GetJsonAsync("/v1/users");
        await admin.SendJsonAsync(HttpMethod.Delete, "/v1/users/leaver", null);
        await Eventually.True(
            async () =>
            {
                using var response = await leaver.GetAsync("/v1/users");
                return response.StatusCode == HttpStatusCode.Unauthorized;
            },
            "the token of the deleted user is refused");
    }

    [Fact]
    public async Task Token_AfterItsTime_Is401()
    {
        var time = new ManualTime(TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(13));
        var old = new JwtSigner(new JwtOptions(), SigningKey.Load(null, server.Data), time).Issue("admin");
        using var client = server.With(old);
        var problem = await client.PostJsonAsync("/v1/jobs", "{}", HttpStatusCode.Unauthorized);
        Assert.Contains("expired", (string)problem["detail"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("header")]
    [InlineData("query")]
    [InlineData("frame")]
    public async Task MainSocket_WithAToken_Answers(string how)
    {
        var address = how == "query" ? new Uri($"{server.MainSocket}?token={server.Token()}") : server.MainSocket;
        using var socket = await TestServer.ConnectAsync(
            address, o => o.SetRequestHeader("Authorization", how == "header" ? "Bearer " + server.Token() : null));
        var token = how == "frame" ? $",\"token\":\"{server.Token()}\"" : "";
        var frames = await socket.AskAsync($$"""{"command":"PING","request":"x"{{token}}}""");
        Assert.Equal("""{"status":"OK","response":"PONG x"}""", Assert.Single(frames).ToJsonString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"token\":\"x\"")]
    public async Task MainSocket_WithoutAGoodToken_Refuses(string token)
    {
        using var socket = await TestServer.ConnectAsync(server.MainSocket);
        var frames = await socket.AskAsync($$"""{"command":"PING","request":"x"{{token}}}""");
        Assert.Equal("ERROR", (string)Assert.Single(frames)["status"]!);
    }

    [Theory]
    [InlineData("Origin", "https://attacker.example")]
    [InlineData("Host", "attacker.example")]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    public async Task LegacySocket_ThatLooksForeign_Refuses(string header, string value)
    {
        using var socket = await TestServer.ConnectAsync(server.LegacySocket, o => o.SetRequestHeader(header, value));
        var frames = await socket.AskAsync("""{"command":"PING","request":"x"}""");
        Assert.Equal("ERROR", (string)Assert.Single(frames)["status"]!);
    }

    [Fact]
    public async Task LegacySocket_WithABadToken_IsRefusedBeforeTheUpgrade()
    {
        var error = await Assert.ThrowsAsync<WebSocketException>(
            () => TestServer.ConnectAsync(server.LegacySocket, o => o.SetRequestHeader("Authorization", "Bearer x")));
        Assert.Contains("401", error.Message, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        return await server.Client.SendAsync(request);
    }
}
