using System.Net;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Server.Tests.Lifecycle;

namespace Odin.Server.Tests.Deployments;

/// <summary>The feeds of deployments and routes, from an empty server on.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private readonly UnservedServer unserved = new();
    private LifecycleClient client = null!;

    private TestServer Server => unserved.Server;

    public async ValueTask InitializeAsync()
    {
        await unserved.InitializeAsync();
        client = new LifecycleClient(Server);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await unserved.DisposeAsync();
    }

    [Fact]
    public async Task Deployments_AreToldOfInTheirOrder()
    {
        Assert.Equal("""{"events":[],"cursor":0}""", (await ReadAsync("deployment", "")).ToJsonString());
        await SendAsync(HttpMethod.Post, "a");
        await SendAsync(HttpMethod.Post, "b");
        await client.PostAsync("model/deployment", Body("b"));
        await client.DeleteAsync("model/deployment/no-such");
        var (events, cursor) = Parts(await ReadAsync("deployment", ""));
        Assert.Equal([("a", "ModelDeploymentCreated", "a"), ("b", "ModelDeploymentCreated", "b")], events);
        Assert.Equal(2, cursor);

        await SendAsync(HttpMethod.Put, "a");
        (events, cursor) = Parts(await ReadAsync("deployment", "?cursor=2"));
        Assert.Equal([("a", "ModelDeploymentUpdated", "a")], events);
        await ServedModels.SetStatusAsync(Server, "a", new DeploymentStatus { State = DeploymentState.Ready });
        await client.DeleteAsync("model/deployment/b");
        await client.DeleteAsync("model/deployment/b");
        (events, cursor) = Parts(await ReadAsync("deployment", $"?cursor={cursor}"));
        Assert.Equal([("a", "ModelDeploymentStatusUpdated", "a"), ("b", "ModelDeploymentDeletionMarkIsSet", "")], events);
        Assert.Equal(5, cursor);
        // Nothing new: the cursor stays, and whoever asks from the beginning gets the newest of each.
        Assert.Equal("""{"events":[],"cursor":5}""", (await ReadAsync("deployment", "?cursor=5")).ToJsonString());
        Assert.Equal(["a", "b"], Parts(await ReadAsync("deployment", "?cursor=0")).Events.Select(e => e.Id));

        await ServedModels.RemoveAsync(Server, "b");
        Assert.Equal([("b", "ModelDeploymentDeleted", "")], Parts(await ReadAsync("deployment", "?cursor=5")).Events);
        var gone = (await ReadAsync("route", ""))["events"]!.AsArray()[^1]!;
        Assert.Equal("ModelRouteDeleted", (string?)gone["type"]);
        Assert.StartsWith("b-", (string?)gone["entityID"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_AreToldOfInTheirOrder()
    {
        await SendAsync(HttpMethod.Post, "a");
        var name = (string)(await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "model/route/a"))["id"]!;
        await LastAsync(name, "ModelRouteStatusUpdated");
        const string Spec = """{"id":"own","spec":{"urlPrefix":"/custom/own","modelDeployments":[{"mdName":"a"}]}}""";
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/route", Spec);
        await LastAsync("own", "ModelRouteStatusUpdated");
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/route", Spec);
        await LastAsync("own", "ModelRouteStatusUpdated");
        var shown = (await ReadAsync("route", ""))["events"]!.AsArray()[^1]!;
        Assert.Equal("/custom/own", (string?)shown["payload"]!["spec"]!["urlPrefix"]);
        Assert.Equal("Processing", (string?)shown["payload"]!["status"]!["state"]);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, "model/route/own");
        var last = (await ReadAsync("route", ""))["events"]!.AsArray()[^1]!;
        Assert.Equal(("own", "ModelRouteDeleted"), ((string?)last["entityID"], (string?)last["type"]));
        Assert.Equal(("", "", false), ((string?)last["payload"]!["id"], (string?)last["payload"]!["status"]!["edgeUrl"], (bool)last["payload"]!["default"]!));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", (string?)last["datetime"]);
    }

    [Theory]
    [InlineData("deployment", "x1", "invalid syntax")]
    [InlineData("route", "1.5", "invalid syntax")]
    [InlineData("route", "99999999999999999999", "value out of range")]
    public async Task Cursor_IsNoNumber_IsRefused(string kind, string cursor, string reason)
    {
        var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Get, $"model/{kind}-events?cursor={cursor}");
        Assert.Equal($"Incorrect \"cursor\" query parameter value: {cursor}. Integer expected. Details: strconv.Atoi: parsing \"{cursor}\": {reason}", (string?)answer["message"]);
    }

    private static ((string? Id, string? Type, string? Payload)[] Events, long Cursor) Parts(JsonNode page) => (
        [.. page["events"]!.AsArray().Select(e => ((string?)e!["entityID"], (string?)e["type"], (string?)e["payload"]!["id"]))], (long)page["cursor"]!);

    private static string Body(string id) => $$$"""{"id":"{{{id}}}","spec":{"image":"i","predictor":"triton"}}""";

    private Task<JsonNode> SendAsync(HttpMethod method, string id) =>
        client.ExpectAsync(method == HttpMethod.Post ? HttpStatusCode.Created : HttpStatusCode.OK, method, "model/deployment", Body(id));

    private Task<JsonNode> ReadAsync(string kind, string query) => client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"model/{kind}-events{query}");

    private Task LastAsync(string id, string type) => Eventually.True(
        async () => Parts(await ReadAsync("route", "")).Events.Any(e => e.Id == id && e.Type == type), $"the newest event of route {id} is {type}");
}
