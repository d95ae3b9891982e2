using System.Text;

namespace Odin.Cli.Tests.Lifecycle;

/// <summary>What <c>odin packaging create</c> prints while an image is made; the server replays what was recorded.</summary>
public sealed class PackagingFollowTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Create_StreamsTheLogAndPrintsTheResults()
    {
        var states = new Queue<string>([
            """{"state":"scheduling"}""",
            """{"state":"running"}""",
            """{"state":"succeeded","results":[{"name":"image","value":"localhost:9003/wine-1.0:x"},{"name":"digest","value":"sha256:1"}]}""",
        ]);
        server.On("POST /api/v1/model/packaging", """{"id":"p","spec":{},"status":{}}""", 201)
            .On("GET /api/v1/model/packaging/p", _ => new ReplayAnswer(200, $$"""{"id":"p","spec":{},"status":{{states.Dequeue()}}}"""))
            .OnStream("GET /api/v1/model/packaging/p/log", async context =>
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("Layer 1\nLayer 2\n"));
                context.Response.Close();
            });
        var result = await cli.RunAsync("packaging", "create", "--url", server.Url, "-f", cli.File("p.yaml", "kind: ModelPackaging\nid: p\nspec: {artifactName: a.zip, integrationName: docker-rest}\n"));
        Assert.Equal(new CliResult(0, "The packaging 'p' was created.\nLayer 1\nLayer 2\nImage: localhost:9003/wine-1.0:x\nDigest: sha256:1\n", ""), result);
    }
}
