using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Server.Tests.Deployments;
using Odin.Server.Tests.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Tests.ServiceCatalog;

/// <summary>The catalog over real model servers; which of them run is said by the tests.</summary>
public sealed class CatalogTests(UnservedServer fixture) : IClassFixture<UnservedServer>, IDisposable
{
    private readonly LifecycleClient client = new(fixture.Server);
    private readonly string id = $"c-{Guid.NewGuid():n}"[..12];

    private TestServer Server => fixture.Server;

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task Catalog_FollowsAModelFromItsStartToItsEnd()
    {
        await DeployAsync(Predictors.OdahuMlServer);
        await NotFoundAsync();
        await using (var predictor = new RealPredictor("tiny", "2.5"))
        {
            await ServeAsync("r1", predictor.Endpoint);
            await VersionAsync("2.5");
        }
        var route = (string)(await client.GetAsync($"model/deployment/{id}/default-route")).Body!["id"]!;
        var document = await Server.Client.GetJsonAsync("/service-catalog/catalog/data.json");
        var invoke = document["paths"]![$"/model/{id}/api/model/invoke"]!["post"]!;
        Assert.Equal([route], invoke["tags"]!.AsArray().Select(t => (string?)t));
        Assert.NotNull(document["paths"]![$"/model/{id}/api/model/info"]);
        Assert.Equal("http", (string?)document["schemes"]![0]);
        var shown = await Server.Client.GetJsonAsync($"/service-catalog/model-info/{id}");
        Assert.Equal($$$"""{"deploymentID":"{{{id}}}","servedModel":{"metadata":{"modelName":"tiny","modelVersion":"2.5"}""", shown.ToJsonString()[..(shown.ToJsonString().IndexOf("},", StringComparison.Ordinal) + 1)]);
        var swagger = JsonNode.Parse(Convert.FromBase64String((string)shown["servedModel"]!["swagger2"]!))!;
        Assert.Equal("tiny", (string?)swagger["info"]!["title"]);

        // Asleep: nobody is asked, and nothing is forgotten.
        await ServedModels.SetStatusAsync(Server, id, new DeploymentStatus { State = DeploymentState.Ready, Revision = new DeploymentRevision("r1", "sha256:0") });
        Assert.Contains($"/model/{id}/api/model/invoke", await PathsAsync());
        await using (var newer = new RealPredictor("tiny", "3.0"))
        {
            await ServeAsync("r2", newer.Endpoint);
            await VersionAsync("3.0");
        }
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"model/deployment/{id}");
        Assert.DoesNotContain($"/model/{id}/api/model/invoke", await PathsAsync());
        await NotFoundAsync();
        await ServedModels.RemoveAsync(Server, id);
        await Eventually.True(async () => await Server.Store.FindAsync<ServedModel>(id, CancellationToken.None) is null, "what the model has said is forgotten");
    }

    [Fact]
    public async Task Catalog_ModelThatAnswersLater_IsAskedAgain()
    {
        await DeployAsync(Predictors.OdahuMlServer);
        using var directory = new TemporaryDirectory();
        await ServeAsync("r1", "unix:" + directory["nobody.socket"]);
        await using var predictor = new RealPredictor("late", "1");
        await ServeAsync("r1", predictor.Endpoint);
        await VersionAsync("1");
    }

    [Fact]
    public async Task Catalog_Triton_IsDescribedByItsIndex()
    {
        await DeployAsync(Predictors.Triton);
        var (triton, port) = FreePort.Listen();
        var answering = AnswerAsync(triton);
        await ServeAsync("r1", $"http://127.0.0.1:{port}");
        await VersionAsync("7");
        var document = await Server.Client.GetJsonAsync("/service-catalog/catalog/data.json");
        var infer = document["paths"]![$"/model/{id}/v2/models/digits%20%22x%22/infer"]!["post"]!;
        var request = ((string)infer["parameters"]![0]!["schema"]!["$ref"]!)["#/definitions/".Length..];
        Assert.NotNull(document["definitions"]![request]);
        triton.Close();
        await answering;
    }

    /// <summary>As a version has kept them that looked less closely, or another server on the same database.</summary>
    [Theory]
    [InlineData("""{"swagger":"2.0","paths":{"/x":{"get":{"a":1,"a":2}}}}""")]
    [InlineData("""{"swagger":"2.0","paths":{"/x":{"get":{"a":"\ud800"}}}}""")]
    [InlineData("""{"swagger":""")]
    public async Task Catalog_ADescriptionThatCannotBeRead_IsNotThereAndTroublesNobody(string swagger)
    {
        await DeployAsync(Predictors.OdahuMlServer);
        await Server.Store.CreateAsync(new ServedModel(new Odin.Resources.ResourceMetadata { Id = id }, "r1", "odd", "1", swagger), TimeProvider.System, CancellationToken.None);
        Assert.DoesNotContain(await PathsAsync(), p => p.StartsWith($"/model/{id}/", StringComparison.Ordinal));
        await Server.Client.GetJsonAsync($"/service-catalog/model-info/{id}");
        await ServedModels.RemoveAsync(Server, id);
    }

    /// <summary>Whoever opens the page brings no token: the page asks for it, and sends it with what it reads and tries out.</summary>
    [Fact]
    public async Task Pages_WhereATokenIsNeeded_CanBeGivenOne()
    {
        await using var closed = await TestServer.StartAsync(o => o with { Access = new Odin.Server.Auth.AccessOptions { Anonymous = Odin.Server.Auth.AnonymousAccess.Never } });
        await closed.Client.GetJsonAsync("/service-catalog/catalog/data.json", HttpStatusCode.Unauthorized);
        foreach (var page in new[] { "catalog", "swagger" })
        {
            Assert.Contains("<script src=\"/service-catalog/token.js\"></script>", await closed.Client.GetStringAsync($"/service-catalog/{page}/index.html"), StringComparison.Ordinal);
            Assert.Contains("window.catalogToken.add(request)", await closed.Client.GetStringAsync($"/service-catalog/{page}/index.js"), StringComparison.Ordinal);
        }
        using var script = await closed.Client.GetAsync("/service-catalog/token.js");
        Assert.Equal(("text/javascript", HttpStatusCode.OK), (script.Content.Headers.ContentType?.MediaType, script.StatusCode));
        var text = await script.Content.ReadAsStringAsync();
        Assert.Contains("window.catalogToken", text, StringComparison.Ordinal);
        // In memory only.
        foreach (var store in new[] { "localStorage", "sessionStorage", "cookie" })
            Assert.DoesNotContain(store, text, StringComparison.Ordinal);
        using var admin = closed.Admin();
        var document = await admin.GetJsonAsync("/service-catalog/catalog/data.json");
        var (name, scheme) = Assert.Single(document["securityDefinitions"]!.AsObject());
        Assert.Equal(("apiKey", "header", "Authorization"), ((string?)scheme!["type"], (string?)scheme["in"], (string?)scheme["name"]));
        Assert.NotNull(document["security"]![0]![name]);
    }

    [Fact]
    public async Task Pages_NeedNothingFromElsewhere()
    {
        foreach (var page in new[] { "catalog", "swagger" })
        {
            using var response = await Server.Client.GetAsync($"/service-catalog/{page}/index.html");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var html = await response.Content.ReadAsStringAsync();
            Assert.Contains("swagger-ui", html, StringComparison.Ordinal);
            Assert.DoesNotContain("src=\"http", html, StringComparison.Ordinal);
            using var script = await Server.Client.GetAsync($"/service-catalog/{page}/swagger-ui-bundle.js");
            Assert.Equal(HttpStatusCode.OK, script.StatusCode);
        }
        foreach (var path in new[] { "/service-catalog", "/service-catalog/" })
        {
            using var root = await Server.Client.GetAsync(path);
            Assert.Equal("/service-catalog/catalog/index.html", root.Headers.Location?.OriginalString);
        }
        var own = await Server.Client.GetJsonAsync("/service-catalog/swagger/data.json");
        Assert.Equal("2.0", (string?)own["swagger"]);
        Assert.Contains("/service-catalog/model-info/{deployment}", own["paths"]!.Keys());
    }

    private static async Task AnswerAsync(HttpListener triton)
    {
        try
        {
            while (true)
            {
                var context = await triton.GetContextAsync();
                context.Response.StatusCode = context.Request is { HttpMethod: "POST", Url.AbsolutePath: "/v2/repository/index" } ? 200 : 404;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes("""[{"name":"digits \"x\"","version":"7","state":"READY"},{"name":"other"}]"""));
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task DeployAsync(string predictor) =>
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/deployment", $$$"""{"id":"{{{id}}}","spec":{"image":"i","predictor":"{{{predictor}}}"}}""");

    private Task ServeAsync(string revision, string endpoint) => ServedModels.SetStatusAsync(Server, id, new DeploymentStatus
    {
        State = DeploymentState.Ready,
        Revision = new DeploymentRevision(revision, "sha256:0"),
        Replicas = [new Replica($"{id}-{revision}", revision, endpoint, ReplicaState.Ready, DateTimeOffset.UnixEpoch)],
    });

    private async Task<IEnumerable<string>> PathsAsync() => (await Server.Client.GetJsonAsync("/service-catalog/catalog/data.json"))["paths"]!.Keys();

    private Task VersionAsync(string version) => Eventually.True(
        async () =>
        {
            using var response = await Server.Client.GetAsync($"/service-catalog/model-info/{id}");
            return response.IsSuccessStatusCode && (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["servedModel"]!["metadata"]!["modelVersion"] == version;
        },
        $"the catalog has version {version}");

    private async Task NotFoundAsync() =>
        Assert.Equal($"entity \"{id}\" is not found", (string?)(await Server.Client.GetJsonAsync($"/service-catalog/model-info/{id}", HttpStatusCode.NotFound))["message"]);
}
