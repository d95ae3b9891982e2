using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Odin.Execution;

namespace Odin.Server.Tests.Logs;

/// <summary>Logs and events of what lives on a cluster, over REST and WebSocket; the cluster is one in memory.</summary>
public sealed class LiveLogTests : IAsyncLifetime
{
    private readonly MemoryCluster memory = new();
    private TestServer server = null!;

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync(replace: services => services.AddSingleton<ILiveResources>(memory));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("svc%2Fweb")]
    [InlineData("svc/web")]
    [InlineData("deployment/web")]
    public async Task Logs_OfSeveralPods_HaveTheInheritedLayout(string id)
    {
        const string Text = "Found 2 pods,\nweb-1\nweb-2\nusing pod/web-1\n================\nweb-1\n----------------\na\nb\n================\nweb-2\n----------------\nc\n";
        Assert.Equal(Text, (string?)await server.Client.GetJsonAsync($"/v1/resources/{id}/logs"));
        Assert.Equal(Text, await TextAsync($"/v1/resources/{id}/logs"));
        Assert.Equal("Found 2 pods,\nweb-1\nweb-2\nUsing pod/web-1\na\nb\n", await TextAsync($"/v1/resources/{id}/logs?follow=true"));
    }

    [Fact]
    public async Task Logs_OfAPod_TakeContainerAndLines()
    {
        Assert.Equal("b\n", await TextAsync("/v1/resources/web-1/logs?lines=1"));
        Assert.Equal("================\nweb-1\n----------------\nb\n", (string?)await server.Client.GetJsonAsync("/v1/resources/web-1/logs?lines=1"));
        Assert.Equal("side\n", await TextAsync("/v1/resources/web-1/logs?container=side"));
        var problem = await server.Client.GetJsonAsync("/v1/resources/web-1/logs?container=none", HttpStatusCode.BadRequest);
        Assert.Equal("container none is not valid for pod web-1", (string?)problem["detail"]);
    }

    [Theory]
    [InlineData("svc%2Fmissing")]
    [InlineData("svc/Not_A_Name")]
    [InlineData("missing")]
    [InlineData("secret/web")]
    public async Task Resource_DoesNotExist_IsNotFound(string id)
    {
        foreach (var what in (string[])["logs", "events"])
            Assert.Contains("There is no run or task", (string?)(await server.Client.GetJsonAsync($"/v1/resources/{id}/{what}", HttpStatusCode.NotFound))["detail"], StringComparison.Ordinal);
        var frames = await AskAsync($$$"""{"command":"LOGS","request":{"resource":"{{{Uri.UnescapeDataString(id)}}}","namespace":"default"}}""");
        Assert.Equal(["ERROR"], frames.Select(f => f.Status));
    }

    [Fact]
    public async Task Cluster_IsAwayOrForbids_IsSaidWithAStatusForIt()
    {
        memory.Trouble = new ExecutorUnavailableException("The cluster cannot be asked at the moment.", new TimeoutException());
        using (var answer = await server.Client.GetAsync("/v1/resources/svc%2Fweb/logs"))
        {
            await answer.ExpectAsync(HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(answer.Headers.RetryAfter);
        }
        await server.Client.GetJsonAsync("/v1/resources/svc%2Fweb/events", HttpStatusCode.ServiceUnavailable);
        memory.Trouble = new ExecutorRefusedException("The cluster says no: services \"web\" is forbidden", new TimeoutException());
        foreach (var what in (string[])["logs", "events"])
            Assert.Contains("forbidden", (string?)(await server.Client.GetJsonAsync($"/v1/resources/svc%2Fweb/{what}", HttpStatusCode.BadGateway))["detail"], StringComparison.Ordinal);
        var frames = await AskAsync("""{"command":"LOGS","request":{"resource":"svc/web","namespace":"default"}}""");
        Assert.Equal([("ERROR", "The cluster says no: services \"web\" is forbidden")], frames);
    }

    [Fact]
    public async Task Socket_Follows_TheFirstPodAfterTheNamesOfAll()
    {
        var frames = await AskAsync("""{"command":"LOGS","request":{"resource":"deploy/web","namespace":"default","follow":true,"lines":1}}""");
        Assert.Equal([("OK", "Found 2 pods,"), ("OK", "web-1"), ("OK", "web-2"), ("OK", "Using pod/web-1"), ("OK", "b"), ("END", "LOGS")], frames);
        frames = await AskAsync("""{"command":"LOGS","request":{"resource":"web-1","namespace":"default","container":"side"}}""");
        Assert.Equal([("OK", "================\nweb-1\n----------------\nside\n"), ("END", "LOGS")], frames);
    }

    [Fact]
    public async Task Events_OfAService_AreTheClusters()
    {
        var events = (await server.Client.GetJsonAsync("/v1/resources/svc/web/events"))["events"]!.AsArray();
        var only = Assert.Single(events)!;
        Assert.Equal(("evt-web-0", "Warning", "Odd", "controller"), ((string?)only["id"], (string?)only["eventType"], (string?)only["reason"], (string?)only["source"]));
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        var frame = (await socket.AskAsync("""{"command":"EVENTS","request":{"resource":"svc/web","namespace":"default","kind":"Pod"}}"""))[0];
        Assert.Equal("Odd", (string?)frame["response"]![0]!["reason"]);
    }

    private async Task<string> TextAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/plain");
        using var answer = await server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<List<(string? Status, string? Response)>> AskAsync(string frame)
    {
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        return [.. (await socket.AskAsync(frame)).Select(f => ((string?)f["status"], f["response"]?.ToString()))];
    }

    /// <summary>A service and a deployment <c>web</c> of two pods; the first has a second container.</summary>
    private sealed class MemoryCluster : ILiveResources
    {
        public Exception? Trouble { get; set; }

        public Task<IReadOnlyList<string>?> FindPodsAsync(LiveResource resource, CancellationToken cancellationToken)
        {
            if (Trouble is not null)
                throw Trouble;
            return Task.FromResult<IReadOnlyList<string>?>(resource switch
            {
                { Type: ResourceTypes.Service or ResourceTypes.Deployment, Name: "web" } => ["web-1", "web-2"],
                { Type: ResourceTypes.Pod, Name: "web-1" or "web-2" } => [resource.Name],
                _ => null,
            });
        }

        public Task<Stream> OpenLogAsync(string pod, LiveLogQuery query, CancellationToken cancellationToken)
        {
            string[] lines = (pod, query.Container) switch
            {
                ("web-1", null) => ["a", "b"],
                ("web-1", "side") => ["side"],
                ("web-2", null) => ["c"],
                _ => throw new ExecutorRefusedException($"container {query.Container} is not valid for pod {pod}", new TimeoutException()) { IsCallersMistake = true },
            };
            var text = string.Concat(lines.TakeLast(query.Lines ?? lines.Length).Select(l => l + "\n"));
            return Task.FromResult<Stream>(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        }

        public Task<IReadOnlyList<ExecutionEvent>?> FindEventsAsync(LiveResource resource, CancellationToken cancellationToken)
        {
            if (Trouble is not null)
                throw Trouble;
            return Task.FromResult<IReadOnlyList<ExecutionEvent>?>(
                resource == new LiveResource(ResourceTypes.Service, "web") ? [new ExecutionEvent("Warning", "Odd", "controller", "odd", DateTimeOffset.UnixEpoch)] : null);
        }
    }
}
