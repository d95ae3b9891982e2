using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Odin.ObjectStorage;
using Odin.Server.Tests.Lifecycle;

namespace Odin.Server.Tests.Batch;

/// <summary>What the inherited API says of batch services and jobs, word for word.</summary>
public sealed class BatchApiTests(ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly LifecycleClient client = new(fixture.Server);
    private readonly string id = $"b-{Guid.NewGuid():n}"[..12];

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData("{}", "entity \"\" is invalid; errors: ID is not valid, empty \"ID\", image must be non-empty, command must be non-empty, whether modelRegistry.local.meta.name or modelRegistry.local.meta.version must be defined for embedded models, whether modelRegistry.local or modelRegistry.remote must be defined")]
    [InlineData("""{"id":"X","spec":{"image":"i","command":["c"],"modelRegistry":{"remote":{}}}}""", "entity \"X\" is invalid; errors: ID is not valid, modelRegistry.remote.modelConnection must be non-empty")]
    [InlineData("""{"id":"x","spec":{"image":"i","command":["c"],"modelRegistry":{"local":{}}}}""", "entity \"x\" is invalid; errors: modelRegistry.local.meta.name must be non-empty, modelRegistry.local.meta.version must be non-empty")]
    [InlineData("""{"id":"x","spec":{"image":"i","command":["c"],"modelRegistry":{"remote":{"modelConnection":"m"}},"resources":{"limits":{"cpu":"1GiB"}}}}""", "entity \"x\" is invalid; errors: validation of cpu limit is failed: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    [InlineData("""{"id":"x","spec":{"image":"i","command":["c"],"modelRegistry":{"remote":{"modelConnection":"m"}},"invalidFiles":"perhaps"}}""", "entity \"x\" is invalid; errors: invalidFiles must be \"skip\" or \"fail\", not \"perhaps\"")]
    public async Task Service_Invalid_IsSaidInFull(string body, string message) =>
        Assert.Equal(message, (string?)(await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "batch/service", body))["message"]);

    [Fact]
    public async Task Service_LongId_IsRefusedAtOneTooMany()
    {
        var (longest, tooLong) = (id.PadRight(53, 'x'), id.PadRight(54, 'x'));
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "batch/service", Service(longest));
        Assert.Equal($"entity \"{tooLong}\" is invalid; errors: ID length must be less or equal to 53", (string?)(await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "batch/service", Service(tooLong)))["message"]);
    }

    [Fact]
    public async Task Service_IsMadeShownReplacedAndDeleted()
    {
        var made = await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "batch/service", Service(id));
        Assert.Equal("""{"webhook":{"enabled":true}}""", made["spec"]!["triggers"]!.ToJsonString());
        Assert.Equal("""{"remote":{"modelConnection":"m","modelPath":"p"}}""", made["spec"]!["modelRegistry"]!.ToJsonString());
        Assert.Equal("{}", made["status"]!.ToJsonString());
        Assert.Equal($"entity \"{id}\" already exists", (string?)(await client.ExpectAsync(HttpStatusCode.Conflict, HttpMethod.Post, "batch/service", Service(id)))["message"]);
        var replaced = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "batch/service", Service(id).Replace("\"i\"", "\"other\"", StringComparison.Ordinal));
        Assert.Equal(("other", "{}", (string?)made["createdAt"]), ((string?)replaced["spec"]!["image"], replaced["spec"]!["triggers"]!.ToJsonString(), (string?)replaced["createdAt"]));
        Assert.Contains(id, (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "batch/service")).AsArray().Select(s => (string?)s!["id"]));
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"batch/service/{id}");
        await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"batch/service/{id}");
        await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Put, "batch/service", Service(id));
        await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Delete, $"batch/service/{id}");
    }

    [Fact]
    public async Task Job_Invalid_IsSaidInFull()
    {
        Assert.Equal("entity \"\" is invalid; errors: service must be non-empty", await RefusedAsync("{}"));
        Assert.Equal("entity \"job\" is invalid; errors: unable to fetch corresponding service: entity \"nope\" is not found", await RefusedAsync("""{"spec":{"inferenceServiceId":"nope"}}"""));
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "batch/service", Service(id));
        Assert.EndsWith(
            " is invalid; errors: field \"dataSource\"\" must be set for BatchInferenceJob \nor as a default for a corresponding BatchInferenceService, "
            + "field \"outputDestination\"\" must be set for BatchInferenceJob \nor as a default for a corresponding BatchInferenceService",
            await RefusedAsync($$$"""{"spec":{"inferenceServiceId":"{{{id}}}"}}"""), StringComparison.Ordinal);
        // Of both, and not only of the first that is looked at.
        Assert.EndsWith(
            " is invalid; errors: connection from \"dataSource\" with name \"a\" is not found, connection from \"outputDestination\" with name \"b\" is not found",
            await RefusedAsync($$$"""{"spec":{"inferenceServiceId":"{{{id}}}","dataSource":{"connection":"a"},"outputDestination":{"connection":"b"} } }"""), StringComparison.Ordinal);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "batch/service", Service(id).Replace("\"image\"", "\"triggers\":{\"webhook\":{\"enabled\":false}},\"image\"", StringComparison.Ordinal));
        Assert.Contains($" is invalid; errors: InferenceService: {id} webhook trigger is disabled, ", await RefusedAsync($$$"""{"spec":{"inferenceServiceId":"{{{id}}}"}}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\\n[odin][INFO] forged")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("LONG")]
    public async Task Job_RequestIdThatIsNone_IsRefused(string requestId)
    {
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "batch/service", Service(id).Replace("\"image\"", "\"dataSource\":{\"connection\":\"models-output\"},\"outputDestination\":{\"connection\":\"models-output\"},\"image\"", StringComparison.Ordinal));
        Assert.EndsWith(
            " is invalid; errors: requestId must have at most 200 characters, all of them printable ASCII without blanks",
            await RefusedAsync($$$"""{"spec":{"inferenceServiceId":"{{{id}}}","requestId":"{{{(requestId == "LONG" ? new string('x', 201) : requestId)}}}"} }"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_CannotBeReplaced()
    {
        var answer = await client.SendAsync(HttpMethod.Put, "batch/job", "{}");
        Assert.True(answer.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, answer.Status.ToString());
    }

    private async Task<string> RefusedAsync(string body) => (string)(await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "batch/job", body))["message"]!;

    private static string Service(string id) => $$$"""{"id":"{{{id}}}","spec":{"image":"i","command":["c"],"modelRegistry":{"remote":{"modelConnection":"m","modelPath":"p"} } } }""";
}

/// <summary>The same between buckets.</summary>
public sealed class BatchBucketTests(MotoServer moto) : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Job_BetweenBuckets_ReadsAndWritesThere()
    {
        var bucket = await moto.CreateBucketAsync();
        using var storage = new S3ObjectStorage(new S3StorageOptions { Bucket = bucket, Region = "us-east-1", KeyId = "key", KeySecret = "s3cret", Endpoint = moto.Endpoint });
        await SaveAsync(storage, "in/a.json", BatchSetting.Request(10, 20));
        await SaveAsync(storage, "model/multiplier.txt", "3");
        await using var server = await TestServer.StartAsync();
        using var setting = new BatchSetting(server, directory);
        await setting.PrepareAsync();
        var spec = new JsonObject { ["type"] = "s3", ["uri"] = $"{moto.Endpoint}/{bucket}/out", ["region"] = "us-east-1", ["keyID"] = Base64("key"), ["keySecret"] = Base64("s3cret") };
        await setting.Client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", new JsonObject { ["id"] = "bucket", ["spec"] = spec }.ToJsonString());
        await setting.CreateServiceAsync("s", s =>
        {
            s["modelRegistry"] = JsonNode.Parse("""{"remote":{"modelConnection":"bucket","modelPath":"model"}}""");
            s["dataSource"] = JsonNode.Parse("""{"connection":"bucket","path":"in"}""");
            // Without a path: that of the connection.
            s["outputDestination"] = JsonNode.Parse("""{"connection":"bucket","path":""}""");
        });
        var id = await setting.CreateJobAsync("s");
        var status = await setting.EndAsync(id);
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await setting.LogAsync(id));
        await using var content = await storage.OpenAsync("out/a.json", CancellationToken.None);
        Assert.Equal("[30,60]", (await JsonNode.ParseAsync(content))!["outputs"]![0]!["data"]!.ToJsonString());
        Assert.Null(status["modelName"]);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static Task<StoredObject> SaveAsync(S3ObjectStorage storage, string key, string text) =>
        storage.SaveAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(text)), SaveMode.Overwrite, CancellationToken.None);
}
