using System.Text.Json.Nodes;

namespace Odin.Server.Tests;

/// <summary>The checklist of spec 13, over REST.</summary>
public sealed class StockClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly TestServer server = fixture.Server;

    [Fact]
    public async Task Run_WithAnExpiredToken_LogsInAgainAndSucceeds()
    {
        var client = new StockClient(server);
        client.UseToken("old");
        await server.PutJobAsync("stock-run", "name: stock\ntasks: [{name: a, image: i, command: [sh, -c, 'true']}]\n");
        var answer = await client.RunAsync("stock-run", "admin", TestServer.Password);
        var id = (string)answer["pipeline"]!["id"]!;
        await server.EndAsync(id);
        Assert.Equal([$"{id} --> DONE", $"{id}--a | a | executed | sh -c true"], await client.StatusAsync("stock-"));
        Assert.Empty(await client.StatusAsync("nothing-like-that"));
    }

    [Fact]
    public async Task Run_OfNoJob_IsPrintedAsJsonAndKeepsTheLogin()
    {
        var client = new StockClient(server);
        Assert.True(await client.LogInAsync("admin", TestServer.Password));
        var token = client.Token;
        var answer = await client.RunAsync("nosuch", "admin", TestServer.Password);
        Assert.Equal(404, (int)answer["status"]!);
        Assert.Equal(token, client.Token);
    }

    [Fact]
    public async Task Run_WithAContext_ReachesTheTemplate()
    {
        await server.PutJobAsync("templated", "tasks: []\n");
        using var admin = server.Admin();
        using var pushed = await admin.PostAsync(
            "/v1/jobs/templated/files/main.yml.jinja2",
            new StringContent("name: tpl\ntasks: [{name: a, image: i, command: echo, args: ['{{ a.b }}', '{{ k|default(\"none\") }}']}]\n"));
        await pushed.ExpectAsync(System.Net.HttpStatusCode.OK);
        var client = new StockClient(server);
        var context = new JsonObject { ["a"] = new JsonObject { ["b"] = 3 } };
        var answer = await client.RunAsync("templated", "admin", TestServer.Password, context);
        var id = (string?)answer["pipeline"]?["id"];
        Assert.True(id is not null, answer.ToJsonString());
        await server.EndAsync(id);
        Assert.EndsWith("3 none\n", (string)(await client.GetAsync($"/v1/resources/{id}--a/logs"))!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_ThatDoesNotExist_IsStillJson()
    {
        var client = new StockClient(server);
        foreach (var path in new[] { "/v1", "/v1/", "/v3/x", "/v1/pipeline/x", "/v1/resources/x/logs", "/favicon.ico", "/v1/jobs/x/files/a/b" })
            Assert.NotNull((await client.GetAsync(path))["detail"]);
        Assert.Equal("pong", (string)(await client.GetAsync("/v1/ping"))!);
    }

    [Fact]
    public async Task LogIn_WithAWrongPassword_EndsWithoutALoop() =>
        Assert.False(await new StockClient(server).LogInAsync("admin", "wrong"));
}
