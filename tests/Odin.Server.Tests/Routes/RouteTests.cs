using System.Net;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Server.Tests.Deployments;
using Odin.Server.Tests.Lifecycle;

namespace Odin.Server.Tests.Routes;

/// <summary>Routes over REST, and whether they lead somewhere.</summary>
public sealed class RouteTests(UnservedServer fixture) : IClassFixture<UnservedServer>, IAsyncLifetime
{
    private readonly LifecycleClient client = new(fixture.Server);
    private readonly string id = $"r-{Guid.NewGuid():n}"[..12];

    private string One => id + "-one";

    private string Two => id + "-two";

    public async ValueTask InitializeAsync()
    {
        await DeployAsync(One);
        await DeployAsync(Two);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Create_WithTheLeast_LeadsToOneDeployment()
    {
        var created = await CreateAsync(Spec($$"""[{"mdName":"{{One}}"}]"""));
        Assert.False((bool)created["default"]!);
        Assert.Equal($$"""{"urlPrefix":"/custom/{{id}}","modelDeployments":[{"mdName":"{{One}}","weight":100}]}""", created["spec"]!.ToJsonString());
        Assert.Equal(
            ($"{fixture.Server.Url}custom/{id}", "", (string?)created["updatedAt"]),
            ((string?)created["status"]!["edgeUrl"], (string?)created["status"]!["state"], (string?)created["status"]!["updatedAt"]));
        var again = await client.PostAsync("model/route", Body(Spec($$"""[{"mdName":"{{One}}"}]""")));
        Assert.Equal((HttpStatusCode.Conflict, $"entity \"{id}\" already exists"), (again.Status, (string?)again.Body!["message"]));
    }

    [Fact]
    public async Task Replace_AndDelete_TakeEffectAtOnce()
    {
        var created = await CreateAsync(Spec($$"""[{"mdName":"{{One}}"}]"""));
        var spec = Named("""{"urlPrefix":"/custom/ID","mirror":"ONE","modelDeployments":[{"mdName":"ONE","weight":30},{"mdName":"TWO","weight":70}],"sticky":{"header":"X-User"}}""");
        var replaced = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/route", Body(spec.Replace($"/{id}\"", $"/{id}/\"", StringComparison.Ordinal)));
        Assert.Equal(spec, replaced["spec"]!.ToJsonString());
        Assert.Equal((string?)created["createdAt"], (string?)replaced["createdAt"]);
        Assert.NotEqual((string?)replaced["createdAt"], (string?)replaced["updatedAt"]);
        Assert.Contains(id, (await GetAsync("model/route?size=1000")).AsArray().Select(r => (string?)r!["id"]));
        Assert.Equal("cannot find mirror url parameter", (string?)(await client.GetAsync("model/route?mirror=x")).Body!["message"]);

        Assert.Equal($"Model route {id} was deleted", (string?)(await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"model/route/{id}"))["message"]);
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            var gone = await client.ExpectAsync(HttpStatusCode.NotFound, method, $"model/route/{id}");
            Assert.Equal($"entity \"{id}\" is not found", (string?)gone["message"]);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await client.PutAsync("model/route", Body(Spec($$"""[{"mdName":"{{One}}"}]""")))).Status);
    }

    [Fact]
    public async Task DefaultRoute_IsNobodysToChange()
    {
        var route = await GetAsync($"model/deployment/{One}/default-route");
        var name = (string)route["id"]!;
        var forbidden = await client.ExpectAsync(HttpStatusCode.Forbidden, HttpMethod.Put, "model/route", route.ToJsonString());
        Assert.Equal($"access forbidden: unable to update default route with ID \"{name}\"", (string?)forbidden["message"]);
        forbidden = await client.ExpectAsync(HttpStatusCode.Forbidden, HttpMethod.Delete, $"model/route/{name}");
        Assert.Equal($"access forbidden: unable to delete default route with ID \"{name}\"", (string?)forbidden["message"]);
        var made = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "model/route",
            $$"""{"id":"{{id}}","default":true,"spec":{{Spec($$"""[{"mdName":"{{One}}"}]""")}}}""");
        Assert.Equal("unable to create default route", (string?)made["message"]);
        // What is deleted by the id of the deployment is none of the routes.
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync($"model/route/{One}")).Status);
    }

    [Fact]
    public async Task Prefix_OfAnotherRoute_IsRefused()
    {
        await CreateAsync(Spec($$"""[{"mdName":"{{One}}"}]"""));
        var body = $$"""{"id":"{{id}}-b","spec":{{Spec($$"""[{"mdName":"{{Two}}"}]""")}}}""";
        var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "model/route", body);
        Assert.Equal($"the URL prefix /custom/{id} belongs to the route \"{id}\" already", (string?)answer["message"]);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/route", Body(Spec($$"""[{"mdName":"{{Two}}"}]""")));
    }

    [Fact]
    public async Task Prefix_WantedByManyAtOnce_OneHasIt()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(i =>
            client.PostAsync("model/route", $$"""{"id":"{{id}}-{{i}}","spec":{{Spec($$"""[{"mdName":"{{One}}"}]""")}}}""")));
        Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
        Assert.Equal(4, answers.Count(a => a.Status == HttpStatusCode.BadRequest));
    }

    [Theory]
    [InlineData("""{"spec":{}}""",
        "ID is not valid; empty \"ID\"; Validation of model route is failed: empty URL Prefix; model deployment targets must contain at least one element")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"custom/x","mirror":"no","modelDeployments":[{"mdName":"ONE","weight":99}]}}""",
        "Validation of model route is failed: the URL prefix must start with slash; entity \"no\" is not found; it must have 100 weight or nil value if there is only one target")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"/model/x","modelDeployments":[{"mdName":"nope"}]}}""",
        "Validation of model route is failed: custom URL prefix must start with /custom; entity \"nope\" is not found")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"/custom/x","modelDeployments":[{"mdName":"ONE"},{"mdName":"TWO","weight":50}]}}""",
        "weights must be present if there are more than one model deployment targets; total target weight does not equal 100")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"/custom/x","modelDeployments":[{"mdName":"ONE","weight":-50},{"mdName":"ONE","weight":150}]}}""",
        "the weight of ONE must be between 0 and 100; the weight of ONE must be between 0 and 100; ONE is among the targets more than once")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"/custom/../v1","modelDeployments":[{"mdName":"ONE"}]}}""",
        "the URL prefix /custom/../v1 must be a path of letters, digits and the characters '-', '.', '_', '~' between single slashes")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"/custom/%2e","modelDeployments":[{"mdName":"ONE"}],"sticky":{"header":"Cookie","cookie":"a b"}}}""",
        "the URL prefix /custom/%2e must be a path of letters, digits and the characters '-', '.', '_', '~' between single slashes; sticky must have either a header or a cookie; "
        + "sticky.header \"Cookie\" must be the name of a header that tells clients apart, as X-User; sticky.cookie \"a b\" must be the name of a cookie: letters, digits and !#$%&'*+-.^_`|~")]
    [InlineData("""{"id":"a","spec":{"urlPrefix":"/custom/x","modelDeployments":[{"mdName":"ONE"}],"sticky":{}}}""", "sticky must have either a header or a cookie")]
    public async Task Wish_IsWrong_EverythingIsSaidAtOnce(string body, string message)
    {
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put })
        {
            var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, method, "model/route", Named(body));
            Assert.Equal(Named(message), (string?)answer["message"]);
        }
    }

    [Fact]
    public async Task State_FollowsTheTargetsAndNotTheMirror()
    {
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/route", Body(
            $$"""{"urlPrefix":"/custom/{{id}}","mirror":"{{Two}}","modelDeployments":[{"mdName":"{{One}}"}]}"""));
        await StateAsync(id, "Processing");
        await ServedModels.SetStatusAsync(fixture.Server, One, new DeploymentStatus { State = DeploymentState.Ready, Reason = DeploymentReasons.Asleep });
        await StateAsync(id, "Ready");
        await StateAsync(One, "Ready");
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/route", Body(
            $$"""{"urlPrefix":"/custom/{{id}}","modelDeployments":[{"mdName":"{{One}}","weight":0},{"mdName":"{{Two}}","weight":100}]}"""));
        await StateAsync(id, "Processing");
        await ServedModels.SetStatusAsync(fixture.Server, Two, new DeploymentStatus { State = DeploymentState.Ready });
        await StateAsync(id, "Ready");
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"model/deployment/{Two}");
        await StateAsync(id, "Processing");
        await StateAsync(One, "Ready");
    }

    [Fact]
    public async Task EdgeUrl_BehindAProxy_IsTheProxys()
    {
        using var admin = fixture.Server.Admin();
        admin.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        admin.DefaultRequestHeaders.Host = "models.example.org";
        var route = await admin.GetJsonAsync($"/api/v1/model/deployment/{One}/default-route");
        Assert.Equal($"https://models.example.org/model/{One}", (string?)route["status"]!["edgeUrl"]);
        Assert.Equal("https", (string?)(await admin.GetJsonAsync("/service-catalog/catalog/data.json"))["schemes"]![0]);
    }

    [Fact]
    public async Task EdgeUrl_Configured_IsShown()
    {
        await using var server = await TestServer.StartAsync(o => o with { Lifecycle = o.Lifecycle with { EdgeUrl = "https://models.example.org" } });
        using var asked = new LifecycleClient(server);
        await asked.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment", """{"id":"wine","spec":{"image":"i","predictor":"triton"}}""");
        var route = await asked.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "model/deployment/wine/default-route");
        Assert.Equal("https://models.example.org/model/wine", (string?)route["status"]!["edgeUrl"]);
    }

    private string Named(string text) => text.Replace("ONE", One, StringComparison.Ordinal).Replace("TWO", Two, StringComparison.Ordinal)
        .Replace("custom/ID", $"custom/{id}", StringComparison.Ordinal);

    private string Spec(string targets) => $$"""{"urlPrefix":"/custom/{{id}}","modelDeployments":{{targets}}}""";

    private string Body(string spec) => $$"""{"id":"{{id}}","spec":{{spec}}}""";

    private Task<JsonNode> CreateAsync(string spec) => client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/route", Body(spec));

    private Task<JsonNode> GetAsync(string path) => client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path);

    private async Task DeployAsync(string name) =>
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment", $$$"""{"id":"{{{name}}}","spec":{"image":"i","predictor":"triton"}}""");

    private Task StateAsync(string route, string state) =>
        Eventually.True(async () => (string?)(await GetAsync($"model/route/{route}"))["status"]!["state"] == state, $"route {route} is {state}");
}
