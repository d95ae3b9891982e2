using System.Net;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>The life of each noun of the inherited API: create, show, list, replace, delete, and what is not there.</summary>
public sealed class NounTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Training = """{"id":"ID","spec":{"model":{"name":"m","version":"1"},"toolchain":"mlflow","algorithmSource":{"objectStorage":{"connection":"models-output","path":"nothing"}}}}""";

    public static TheoryData<string, string, string, string> Nouns { get; } = new()
    {
        { "connection", """{"id":"ID","kind":"Connection","spec":{"type":"docker","uri":"r/x","username":"u","password":"cGFzc3dvcmQ="}}""", "Connection ID was deleted", "" },
        { "toolchain/integration", """{"id":"ID","spec":{"entrypoint":"e","defaultImage":"i","additionalEnvironments":{"A":1}},"status":{"x":1}}""", "ToolchainIntegration ID was deleted", "mlflow" },
        { "training-integration", """{"id":"ID","spec":{"entrypoint":"e","defaultImage":"i"}}""", "TrainingIntegration ID was deleted", "mlflow" },
        { "packaging/integration", """{"id":"ID","spec":{"entrypoint":"e","defaultImage":"i","privileged":true,"schema":{"targets":[{"name":"t","connectionTypes":["docker"],"required":true}],"arguments":{"properties":[{"name":"p","parameters":[{"name":"type","value":"string"}]}],"required":["p"]}}}}""", "Packaging integration ID was deleted", "docker-rest" },
        { "model/training", Training, "Model training ID was deleted", "" },
        { "model/packaging", """{"id":"ID","spec":{"artifactName":"x.zip","integrationName":"docker-cli"}}""", "Model packaging ID was deleted", "" },
    };

    [Theory]
    [MemberData(nameof(Nouns))]
    public async Task Noun_LivesItsLife(string path, string body, string deleted, string builtIn)
    {
        using var client = new LifecycleClient(fixture.Server);
        var id = $"noun-{Guid.NewGuid():n}";
        body = body.Replace("\"ID\"", $"\"{id}\"", StringComparison.Ordinal);
        await MissingAsync(client, path, id, body);
        if (builtIn.Length > 0)
            await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"{path}/{builtIn}");

        var created = await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, path, body);
        Assert.Equal(id, (string)created["id"]!);
        Assert.Equal((string)created["createdAt"]!, (string)created["updatedAt"]!);
        Assert.NotNull(created["spec"]!.AsObject());
        Assert.NotNull(created["status"]!.AsObject());
        Assert.Equal($"entity \"{id}\" already exists", (string)(await client.ExpectAsync(HttpStatusCode.Conflict, HttpMethod.Post, path, body))["message"]!);
        Assert.Equal(created["spec"]!.ToJsonString(), (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"{path}/{id}"))["spec"]!.ToJsonString());

        var replaced = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, path + "/", body);
        Assert.Equal((string)created["createdAt"]!, (string)replaced["createdAt"]!);
        Assert.NotEqual((string)replaced["createdAt"]!, (string)replaced["updatedAt"]!);
        var list = (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path)).AsArray();
        Assert.Equal(list.Select(r => (string)r!["id"]!).Order(StringComparer.Ordinal), list.Select(r => (string)r!["id"]!));
        Assert.Single(list, r => (string)r!["id"]! == id);
        Assert.Empty((await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path + "?page=1")).AsArray());
        Assert.Single((await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path + "?size=1")).AsArray());

        Assert.Equal(deleted.Replace("ID", id, StringComparison.Ordinal), (string)(await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"{path}/{id}"))["message"]!);
        await MissingAsync(client, path, id, body);
    }

    [Fact]
    public async Task Connection_Secrets_AreMaskedUnlessAskedFor()
    {
        using var client = new LifecycleClient(fixture.Server);
        const string body = """{"id":"masked","spec":{"type":"s3","uri":"s3://b/p","region":"eu","keyID":"QUtJQQ==","keySecret":"c2VjcmV0"}}""";
        var created = (await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", body))["spec"]!;
        Assert.Equal(("*****", "*****", null), ((string?)created["keyID"], (string?)created["keySecret"], (string?)created["password"]));
        var replaced = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "connection", """{"id":"masked","spec":{"type":"s3","uri":"s3://c","region":"eu","keyID":"*****","keySecret":"bmV3"}}""");
        Assert.Equal("*****", (string?)replaced["spec"]!["keyID"]);

        var open = (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "connection/masked/decrypted?token=left-over"))["spec"]!;
        Assert.Equal(("QUtJQQ==", "bmV3", "s3://c"), ((string?)open["keyID"], (string?)open["keySecret"], (string?)open["uri"]));
        Assert.Equal(HttpStatusCode.Unauthorized, (await fixture.Server.Client.GetAsync(new Uri("/api/v1/connection/masked/decrypted", UriKind.Relative))).StatusCode);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "connection/masked");

        // Nothing of them lies about.
        var files = Directory.EnumerateFiles(fixture.Server.Data, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock").ToList();
        Assert.Contains(files, f => Path.GetFileName(f) == "connections.keys");
        foreach (var file in files)
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var memory = new MemoryStream();
            await stream.CopyToAsync(memory);
            Assert.True(memory.GetBuffer().AsSpan(0, (int)memory.Length).IndexOf("QUtJQQ"u8) < 0 && memory.GetBuffer().AsSpan(0, (int)memory.Length).IndexOf("AKIA"u8) < 0, $"'{file}' holds a secret.");
        }
    }

    [Fact]
    public async Task Connection_IsVital_StaysUntilItIsNoLonger()
    {
        using var client = new LifecycleClient(fixture.Server);
        const string body = """{"id":"vital","spec":{"type":"git","uri":"https://127.0.0.1/x","vital":VITAL}}""";
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", body.Replace("VITAL", "true", StringComparison.Ordinal));
        var refused = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Delete, "connection/vital");
        Assert.Equal("vital connection is vital, it cannot be deleted", (string)refused["message"]!);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "connection", body.Replace("VITAL", "false", StringComparison.Ordinal));
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, "connection/vital");
    }

    [Fact]
    public async Task List_Filters_AreAlternativesInOneNameAndTogetherOverSeveral()
    {
        using var client = new LifecycleClient(fixture.Server);
        foreach (var (id, version) in new[] { ("filter-a", "1"), ("filter-b", "2"), ("filter-c", "3") })
        {
            var body = Training.Replace("\"ID\"", $"\"{id}\"", StringComparison.Ordinal).Replace("\"m\"", "\"filtered\"", StringComparison.Ordinal).Replace("\"1\"", $"\"{version}\"", StringComparison.Ordinal);
            await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", body);
        }
        Assert.Equal(["filter-a", "filter-c"], await IdsAsync("model_version=3&model_version=1&model_name=filtered&toolchain=*"));
        Assert.Equal(["filter-b"], await IdsAsync("model_name=filtered&size=1&page=1"));
        Assert.Empty(await IdsAsync("model_name=FILTERED"));

        async Task<IEnumerable<string>> IdsAsync(string query) =>
            (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "model/training?" + query)).AsArray().Select(t => (string)t!["id"]!);
    }

    [Fact]
    public async Task Training_Defaults_AndBothGenerationsOfNames()
    {
        using var client = new LifecycleClient(fixture.Server);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", """{"id":"examples","spec":{"type":"git","uri":"https://127.0.0.1/x","reference":"origin/develop"}}""");
        var training = await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training",
            """{"ID":"defaults","Spec":{"model":{"name":"wine","version":1.0},"toolchain":"mlflow","vcsName":"examples","hyperParameters":{"alpha":1.0},"data":[{"connName":"models-output","localPath":"d/"}]}}""");
        var spec = training["spec"]!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"limits":{"cpu":"250m","memory":"256Mi"},"requests":{"cpu":"125m","memory":"128Mi"}}"""), spec["resources"]));
        Assert.Equal(("./", "1.0", "1.0", "models-output", "odin:latest"),
            ((string?)spec["workDir"], (string?)spec["model"]!["version"], (string?)spec["hyperParameters"]!["alpha"], (string?)spec["outputConnection"], (string?)spec["image"]));
        Assert.Equal(("examples", "origin/develop", "examples"), ((string?)spec["algorithmSource"]!["vcs"]!["connection"], (string?)spec["algorithmSource"]!["vcs"]!["reference"], (string?)spec["vcsName"]));
        Assert.Empty(spec["algorithmSource"]!["objectStorage"]!.AsObject());
        Assert.Equal("models-output", (string?)spec["data"]![0]!["connection"]);
        Assert.Equal("{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip", (string?)spec["model"]!["artifactNameTemplate"]);
    }

    [Fact]
    public async Task Configuration_And_User_AreShown()
    {
        using var client = new LifecycleClient(fixture.Server);
        var configuration = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "configuration");
        Assert.Equal("models-output", (string?)configuration["training"]!["outputConnectionID"]);
        Assert.Equal(4L * 3600 * 1_000_000_000, (long)configuration["training"]!["timeout"]!);
        Assert.Equal("admin", (string?)(await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "user/info"))["username"]);
        Assert.Equal("anonymous", (string?)(await fixture.Server.Client.GetJsonAsync("/api/v1/user/info"))["username"]);
    }

    [Fact]
    public async Task Disabled_WritesAreRefusedAndReadsGoOn()
    {
        await using var server = await TestServer.StartAsync(o => o with { Lifecycle = o.Lifecycle with { Connections = false, Trainings = false, Packagings = false } });
        using var client = new LifecycleClient(server);
        foreach (var path in new[] { "connection", "toolchain/integration", "training-integration", "model/training", "packaging/integration", "model/packaging" })
        {
            await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path);
            foreach (var (method, target) in new[] { (HttpMethod.Post, path), (HttpMethod.Put, path), (HttpMethod.Delete, path + "/x") })
                Assert.Equal("This API is disabled", (string)(await client.ExpectAsync(HttpStatusCode.BadRequest, method, target, "{}"))["message"]!);
        }
    }

    private static async Task MissingAsync(LifecycleClient client, string path, string id, string body)
    {
        var message = $"entity \"{id}\" is not found";
        Assert.Equal(message, (string)(await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"{path}/{id}"))["message"]!);
        Assert.Equal(message, (string)(await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Put, path, body))["message"]!);
        Assert.Equal(message, (string)(await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Delete, $"{path}/{id}"))["message"]!);
    }
}
