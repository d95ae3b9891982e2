using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Odin.Connections;
using Odin.Feedback;
using Odin.Server.Hosting;
using Odin.Server.Lifecycle;
using Odin.Server.Tests.Lifecycle;

namespace Odin.Server.Tests.Feedback;

/// <summary>The connection <c>feedback</c> is there where it leads to what is recorded, and what somebody has deleted stays away.</summary>
public sealed class FeedbackConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connection_IsMadeOnce_AlsoWhereThereAreOthersAlready()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new LifecycleClient(server);
        Assert.Equal(Path.Combine(server.Data, "feedback"), (string?)(await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "connection/feedback"))["spec"]!["uri"]);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, "connection/feedback");
        await StartAgainAsync(server);
        await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, "connection/feedback");
        // As the version before has left it: with connections, and without the mark.
        File.Delete(Path.Combine(server.Data, ".feedback-connection"));
        await StartAgainAsync(server);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "connection/feedback");
        // One of that name is somebody's own.
        File.Delete(Path.Combine(server.Data, ".feedback-connection"));
        await StartAgainAsync(server);
    }

    [Fact]
    public async Task Connection_FeedbackLiesElsewhere_IsNotMade()
    {
        await using var server = await TestServer.StartAsync(o => o with { Engine = engine => engine.Feedback = new FeedbackOptions { Connection = "mine" } });
        using var client = new LifecycleClient(server);
        await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, "connection/feedback");
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"connection/{BuiltInConnections.ModelsOutput}");
    }

    private static Task StartAgainAsync(TestServer server) => new BuiltIns(
        server.Store,
        server.Services.GetRequiredService<DataDirectory>(),
        server.Services.GetRequiredService<FeedbackOptions>(),
        server.Services.GetRequiredService<TimeProvider>()).StartAsync(Token);
}
