using System.Net;
using System.Text.Json.Nodes;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>A server whose connections may lead to some directories only.</summary>
public sealed class LocalDirectoriesTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private TestServer server = null!;
    private LifecycleClient client = null!;

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync(options => options with { Engine = engine => engine.LocalDirectories = [directory["open"]] });
        client = new LifecycleClient(server);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Connection_ThatLeadsElsewhere_IsRefused()
    {
        Directory.CreateDirectory(directory["open"]);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", Body("good", "local", directory["open"]));
        foreach (var type in new[] { "local", "git" })
        {
            var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "connection", Body("bad", type, server.Data));
            Assert.Contains($"the uri leads to '{server.Data}' on the server's machine, and only what lies in {directory["open"]}", (string?)answer["message"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("local")]
    [InlineData("git")]
    public async Task Connection_OfBefore_OrOfALinkThatCameLater_LeadsNowhere(string type)
    {
        Directory.CreateDirectory(directory["open/data"]);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", Body("c", type, directory["open/data"]));
        Directory.Delete(directory["open/data"]);
        Directory.CreateSymbolicLink(directory["open/data"], server.Data);

        var finding = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Post, "connection/c/test", "{}");

        Assert.False((bool)finding["works"]!);
        Assert.Contains("only what lies in", (string?)finding["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Artifacts_OfTheServerItself_CanBeRead()
    {
        var finding = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Post, "connection/models-output/test", "{}");
        Assert.True((bool)finding["works"]!, finding.ToJsonString());
    }

    private static string Body(string id, string type, string uri) => new JsonObject { ["id"] = id, ["spec"] = new JsonObject { ["type"] = type, ["uri"] = uri } }.ToJsonString();
}
