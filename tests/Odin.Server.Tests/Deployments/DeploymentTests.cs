using System.Net;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Routes;
using Odin.Server.Tests.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Tests.Deployments;

/// <summary>Deployments over REST. Nothing runs them here: what a reconciler would write, the tests write.</summary>
public sealed class DeploymentTests(UnservedServer fixture) : IClassFixture<UnservedServer>, IDisposable
{
    private readonly LifecycleClient client = new(fixture.Server);
    private readonly string id = $"d-{Guid.NewGuid():n}"[..12];

    private IResourceStore Store => fixture.Server.Store;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task Create_WithTheLeast_HasItsDefaultsAndItsRoute()
    {
        var created = await CreateAsync();
        var spec = created["spec"]!;
        Assert.Equal(
            """{"image":"reg.example.org/wine:1","predictor":"odahu-ml-server","resources":{"limits":{"cpu":"250m","memory":"256Mi"},"requests":{"cpu":"125m","memory":"128Mi"}},"""
            + $"\"minReplicas\":0,\"maxReplicas\":1,\"livenessProbeInitialDelay\":2,\"readinessProbeInitialDelay\":2,\"roleName\":\"role-{id}\"}}",
            spec.ToJsonString());
        Assert.Equal("""{"availableReplicas":0,"replicas":0}""", StatusOf(created));
        Assert.Equal((string?)created["createdAt"], (string?)created["updatedAt"]);
        Assert.Null(created["deletionMark"]);

        var route = await GetAsync($"model/deployment/{id}/default-route");
        Assert.Matches($"^{id}-[0-9a-f]{{5}}$", (string)route["id"]!);
        Assert.True((bool)route["default"]!);
        Assert.Equal($$"""{"urlPrefix":"/model/{{id}}","modelDeployments":[{"mdName":"{{id}}","weight":100}]}""", route["spec"]!.ToJsonString());
        Assert.Equal(new Uri(fixture.Server.Url, $"/model/{id}").AbsoluteUri, (string?)route["status"]!["edgeUrl"]);
        // Older clients ask for it by the id of the deployment.
        Assert.Equal((string?)route["id"], (string?)(await GetAsync($"model/route/{id}"))["id"]);
        Assert.Equal((string?)route["id"], (string?)(await GetAsync($"model/route/{route["id"]}"))["id"]);
    }

    [Fact]
    public async Task Create_WithEverything_IsGivenBack()
    {
        var created = await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment",
            $$$"""
            {"id":"{{{id}}}","kind":"ModelDeployment","createdAt":"nonsense","spec":{"image":"wine","predictor":"triton","annotations":{"a":1},"minReplicas":2,
             "livenessProbeInitialDelay":0,"readinessProbeInitialDelay":7,"roleName":"wine.readers","resources":{"limits":{"cpu":"1000m","gpu":null}},"nodeSelector":null}}
            """);
        Assert.Equal(
            """
            {"image":"wine","predictor":"triton","resources":{"limits":{"cpu":"1000m"}},"annotations":{"a":"1"},"minReplicas":2,"maxReplicas":2,"livenessProbeInitialDelay":0,"readinessProbeInitialDelay":7,"roleName":"wine.readers"}
            """,
            created["spec"]!.ToJsonString());
        Assert.Equal(created.ToJsonString(), (await GetAsync($"model/deployment/{id}")).ToJsonString());
        var again = await client.PostAsync("model/deployment", $$$"""{"id":"{{{id}}}","spec":{"image":"wine","predictor":"triton"}}""");
        Assert.Equal((HttpStatusCode.Conflict, $"entity \"{id}\" already exists"), (again.Status, (string?)again.Body!["message"]));
        Assert.Single(await RoutesAsync());
    }

    [Fact]
    public async Task List_ByRole_HasThoseAlone()
    {
        await CreateAsync($"\"roleName\":\"only-{id}\"");
        var found = (await GetAsync($"model/deployment?roleName=only-{id}&roleName=no")).AsArray();
        Assert.Equal(id, (string?)Assert.Single(found)!["id"]);
        Assert.Empty((await GetAsync($"model/deployment?roleName=only-{id}&page=1")).AsArray());
        var wrong = await client.GetAsync("model/deployment?state=Ready");
        Assert.Equal((HttpStatusCode.BadRequest, "cannot find state url parameter"), (wrong.Status, (string?)wrong.Body!["message"]));
    }

    [Fact]
    public async Task Status_IsThatOfTheReplicas()
    {
        await CreateAsync();
        var since = DateTimeOffset.UnixEpoch;
        await SetStatusAsync(new DeploymentStatus
        {
            State = DeploymentState.Ready,
            Revision = new DeploymentRevision($"{id}-00001", "sha256:0"),
            ModelName = "wine",
            ModelVersion = "1.0",
            Replicas =
            [
                new Replica("a", $"{id}-00001", "unix:/a", ReplicaState.Ready, since), new Replica("b", $"{id}-00001", "unix:/b", ReplicaState.Starting, since),
                new Replica("c", $"{id}-00000", "unix:/c", ReplicaState.Draining, since),
            ],
        });
        Assert.Equal(
            $$"""{"availableReplicas":1,"replicas":3,"state":"Ready","deployment":"{{id}}-00001","modelName":"wine","modelVersion":"1.0"}""",
            StatusOf(await GetAsync($"model/deployment/{id}")));
        await SetStatusAsync(new DeploymentStatus { State = DeploymentState.Failed, Reason = DeploymentReasons.ImagePullFailed, Message = "Not there." });
        Assert.Equal(
            """{"availableReplicas":0,"replicas":0,"state":"Failed","reason":"ImagePullFailed","message":"Not there."}""",
            StatusOf(await GetAsync($"model/deployment/{id}")));
    }

    [Fact]
    public async Task Replace_OneThatRuns_KeepsItsReplicasAndItsRoute()
    {
        var created = await CreateAsync();
        var route = (string?)(await GetAsync($"model/deployment/{id}/default-route"))["id"];
        var revision = new DeploymentRevision("r1", "sha256:0");
        await SetStatusAsync(new DeploymentStatus
        {
            State = DeploymentState.Ready,
            Reason = DeploymentReasons.Asleep,
            Revision = revision,
            Replicas = [new Replica("a", "r1", "unix:/a", ReplicaState.Ready, DateTimeOffset.UnixEpoch)],
        });
        var replaced = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/deployment", Body("\"minReplicas\":1"));
        Assert.Equal((string?)created["createdAt"], (string?)replaced["createdAt"]);
        Assert.NotEqual((string?)replaced["createdAt"], (string?)replaced["updatedAt"]);
        Assert.Equal("""{"availableReplicas":1,"replicas":1,"deployment":"r1"}""", StatusOf(replaced));
        Assert.Equal(route, (string?)(await GetAsync($"model/deployment/{id}/default-route"))["id"]);
        Assert.Equal(2, (await Store.FindAsync<Deployment>(id, Token))!.Metadata.Generation);

        var missing = await client.PutAsync("model/deployment", Body("\"minReplicas\":1", "no-such"));
        Assert.Equal((HttpStatusCode.NotFound, "entity \"no-such\" is not found"), (missing.Status, (string?)missing.Body!["message"]));
    }

    [Fact]
    public async Task Delete_StaysReadableUntilItIsRemoved()
    {
        await CreateAsync();
        await SetStatusAsync(new DeploymentStatus { State = DeploymentState.Ready });
        for (var i = 0; i < 2; i++)
        {
            var deleted = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"model/deployment/{id}");
            Assert.Equal($"Model deployment {id} was deleted", (string?)deleted["message"]);
        }
        var shown = await GetAsync($"model/deployment/{id}");
        Assert.True((bool)shown["deletionMark"]!);
        Assert.Equal("Deleting", (string?)shown["status"]!["state"]);
        Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsync("model/deployment", Body(""))).Status);
        var replaced = await client.PutAsync("model/deployment", Body(""));
        Assert.Equal((HttpStatusCode.Conflict, $"entity \"{id}\" is being deleted"), (replaced.Status, (string?)replaced.Body!["message"]));

        await ServedModels.RemoveAsync(fixture.Server, id);
        foreach (var path in new[] { $"model/deployment/{id}", $"model/deployment/{id}/default-route", $"model/route/{id}" })
        {
            var gone = await client.GetAsync(path);
            Assert.Equal((HttpStatusCode.NotFound, $"entity \"{id}\" is not found"), (gone.Status, (string?)gone.Body!["message"]));
        }
        Assert.Empty(await RoutesAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync($"model/deployment/{id}")).Status);
        await CreateAsync();
    }

    [Fact]
    public async Task Create_ByManyAtOnce_OneHasMadeIt()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => client.PostAsync("model/deployment", Body(""))));
        Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
        Assert.Equal(5, answers.Count(a => a.Status == HttpStatusCode.Conflict));
        Assert.Single(await RoutesAsync());
    }

    [Theory]
    [InlineData("""{"spec":{"image":"","minReplicas":5,"maxReplicas":3,"livenessProbeInitialDelay":5,"readinessProbeInitialDelay":5}}""",
        "maximum number of replicas parameter must not be less than minimum number of replicas parameter; ID is not valid; empty \"ID\"; empty image parameter; empty predictor parameter")]
    [InlineData("""{"id":"a","spec":{"image":"i","predictor":"triton","minReplicas":-1,"maxReplicas":-2,"livenessProbeInitialDelay":-1,"readinessProbeInitialDelay":-2}}""",
        "livenessProbeInitialDelay must be non-negative integer; readinessProbeInitialDelay must be non-negative integer; maximum number of replicas parameter must not be less than minimum number of replicas parameter; "
        + "maximum number of replicas parameter must not be less than 1; minimum number of replicas parameter must not be less than 0")]
    [InlineData("""{"id":"a23456789-123456789-123456789-123456789-1234567","spec":{"image":"i","predictor":"triton"}}""", "model deployment ID should not exceed 46 symbols")]
    [InlineData("""{"id":"A","spec":{"image":"i","predictor":"triton","roleName":"a b"}}""",
        "ID is not valid; a b must be valid Kubernetes label, i.e. match this pattern: ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")]
    [InlineData("""{"id":"a","spec":{"image":"i","predictor":"triton","nodeSelector":{"b":"2","a":"1"},"resources":{"limits":{"cpu":"1K"},"requests":{"memory":"-1"}}}}""",
        "node selector map[a:1 b:2] is not presented in ODAHU config; validation of cpu limit is failed: unable to parse quantity's suffix; "
        + "resources.requests[memory]: Invalid value: \"-1\": must be greater than or equal to 0")]
    [InlineData("""{"id":"a","spec":{"image":"i","predictor":"seldon","imagePullConnectionID":"models-output"}}""",
        "unknown predictor: seldon. Known predictors: [odahu-ml-server triton]; models-output cannot pull images; it has type local and none of [docker ecr]")]
    [InlineData("""{"id":"a","spec":{"image":"i","predictor":"triton","imagePullConnID":"nope"}}""", "entity \"nope\" is not found")]
    [InlineData("""{"id":"a","spec":{"image":"Wine","predictor":"triton"}}""", "'Wine' is no image reference: its name must be in lower case.")]
    public async Task Wish_IsWrong_EverythingIsSaidAtOnce(string body, string messages)
    {
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put })
        {
            var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, method, "model/deployment", body);
            Assert.Equal($"Validation of model deployment is failed: {messages}", (string?)answer["message"]);
        }
    }

    [Theory]
    [InlineData("""{"id":"a","spec":{"minReplicas":1.0}}""", "json: cannot take a number for spec.minReplicas: it must be a whole number of 32 bits")]
    [InlineData("""{"id":"a","spec":{"maxReplicas":"1"}}""", "json: cannot take a string for spec.maxReplicas: it must be a whole number of 32 bits")]
    [InlineData("""{"id":"a","spec":{"maxReplicas":4294967296}}""", "json: cannot take a number for spec.maxReplicas: it must be a whole number of 32 bits")]
    public async Task Number_IsNone_SaysWhere(string body, string message)
    {
        var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "model/deployment", body);
        Assert.Equal(message, (string?)answer["message"]);
    }

    [Fact]
    public async Task Id_Of46Characters_IsRight()
    {
        var longest = id + new string('x', 46 - id.Length);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment", Body("", longest));
    }

    [Fact]
    public async Task Settings_DefaultsAndSwitch_AreKept()
    {
        await using var unserved = new UnservedServer(o => o with { Engine = engine => engine.Deployments = engine.Deployments with { DefaultPredictor = Predictors.Triton, PullConnection = "reg" } });
        await unserved.InitializeAsync();
        using var asked = new LifecycleClient(unserved.Server);
        await asked.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", """{"id":"reg","spec":{"type":"docker","uri":"h/x","username":"u","password":"cA=="}}""");
        var made = await asked.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment", """{"id":"old","spec":{"image":"wine"}}""");
        Assert.Equal(("triton", "reg"), ((string?)made["spec"]!["predictor"], (string?)made["spec"]!["imagePullConnID"]));

        await using var closed = await TestServer.StartAsync(o => o with { Lifecycle = o.Lifecycle with { Deployments = false } });
        using var refused = new LifecycleClient(closed);
        foreach (var path in new[] { "model/deployment", "model/route" })
        {
            Assert.Equal("This API is disabled", (string?)(await refused.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, path, "{}"))["message"]);
            Assert.Empty((await refused.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path)).AsArray());
        }
    }

    // Without its times, which are those of the whole.
    private static string StatusOf(JsonNode deployment)
    {
        var status = deployment["status"]!.DeepClone().AsObject();
        foreach (var name in new[] { "createdAt", "updatedAt" })
        {
            Assert.Equal((string?)deployment[name], (string?)status[name]);
            status.Remove(name);
        }
        return status.ToJsonString();
    }

    private string Body(string more, string? other = null) =>
        $$$"""{"id":"{{{other ?? id}}}","spec":{"image":"reg.example.org/wine:1","predictor":"odahu-ml-server"{{{(more.Length > 0 ? "," + more : "")}}}}}""";

    private Task<JsonNode> CreateAsync(string more = "") => client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment", Body(more));

    private Task<JsonNode> GetAsync(string path) => client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path);

    private async Task<IReadOnlyList<Route>> RoutesAsync() => (await Store.ListAsync<Route>(new ResourceQuery { Parent = id }, Token)).Items;

    private Task SetStatusAsync(DeploymentStatus status) => ServedModels.SetStatusAsync(fixture.Server, id, status);
}
