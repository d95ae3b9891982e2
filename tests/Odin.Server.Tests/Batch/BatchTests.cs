using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Batch;
using Odin.Feedback;
using Odin.Server.Lifecycle;

namespace Odin.Server.Tests.Batch;

/// <summary>Batch jobs from requests and a model to predictions, through the real server and a real program.</summary>
public sealed class BatchTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private TestServer server = null!;
    private BatchSetting setting = null!;

    public async ValueTask InitializeAsync()
    {
        server = await TestServer.StartAsync();
        setting = new BatchSetting(server, directory);
    }

    public async ValueTask DisposeAsync()
    {
        setting.Dispose();
        await server.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Job_PredictsEveryRequest_LeavesOutWhatIsNone_AndSaysSo()
    {
        await setting.PrepareAsync(("a.json", BatchSetting.Request(10, 20)), ("b.json", BatchSetting.Request(1)), ("bad.json", "{"), ("odd.json", """{"inputs": 1}"""), ("notes.txt", "x"), ("deep/c.json", BatchSetting.Request(5)));
        await setting.CreateServiceAsync("mult");
        var id = await setting.CreateJobAsync("mult", ",\"requestId\":\"r-1\"");
        Assert.Matches("^job-mult-[0-9a-f]{5}$", id);

        var status = await setting.EndAsync(id);
        var log = await setting.LogAsync(id);
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + log);
        Assert.Equal((2, 2, 2, 0), ((int)status["inputFiles"]!, (int)status["invalidInputFiles"]!, (int)status["outputFiles"]!, (int)status["invalidOutputFiles"]!));
        Assert.Equal(("mult", "1.0"), ((string?)status["modelName"], (string?)status["modelVersion"]));
        Assert.Equal(["predicted/a.json", "predicted/b.json"], Directory.GetFiles(setting.Output, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(setting.Output, f)).Order(StringComparer.Ordinal));
        Assert.Equal("[20,40]", JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(setting.Output, "predicted", "a.json")))!["outputs"]![0]!["data"]!.ToJsonString());
        foreach (var line in (string[])
        [
            "'bad.json' is left out: it is not JSON: line 1, byte 2", "'odd.json' is left out: 'inputs' is no list", "'notes.txt' is left alone", "'a.json': ", "2 requests, 2 files left out, request id r-1",
            "multiplying by 2 for mult 1.0 r-1", "2 responses, 0 files left out", "Saved 'predicted/a.json' in ",
        ])
            Assert.Contains(line, log, StringComparison.Ordinal);
        Assert.True(log.IndexOf("requests", StringComparison.Ordinal) < log.IndexOf("multiplying", StringComparison.Ordinal));
        Assert.True(log.IndexOf("multiplying", StringComparison.Ordinal) < log.IndexOf("Saved", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Job_IsRecordedAndJoinedWithWhatWasSaidOfIt()
    {
        await setting.PrepareAsync(("a.json", BatchSetting.Request(10, 20)), ("b.json", BatchSetting.Request(13)), ("c.json", BatchSetting.Request(1)));
        await setting.CreateServiceAsync("mult");
        var id = await setting.CreateJobAsync("mult", ",\"requestId\":\"r-1\"");
        var status = await setting.EndAsync(id);
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await setting.LogAsync(id));
        using var http = server.Admin();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/feedback") { Content = new StringContent("\"good\"", System.Text.Encoding.UTF8, "application/json") };
        foreach (var (name, value) in new[] { ("request-id", "r-1"), ("model-name", "mult"), ("model-version", "1.0") })
            request.Headers.Add(name, value);
        (await http.SendAsync(request)).EnsureSuccessStatusCode();

        var lines = (await http.GetStringAsync(new Uri("/v1/feedback/join?model=mult&version=1.0", UriKind.Relative))).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(["[10,20]", "[13]", "[1]"], lines.Select(l => l["request"]!["inputs"]![0]!["data"]!.ToJsonString()));
        // Of the second one the program has left what is no response.
        Assert.Equal(["[20,40]", "", "[2]"], lines.Select(l => l["response"] is JsonObject response ? response["outputs"]![0]!["data"]!.ToJsonString() : (string?)l["response"]));
        Assert.All(lines, l => Assert.Equal(("r-1", 0, "good"), ((string?)l["requestId"], (int)l["status"]!, (string?)l["feedback"]![0]!["payload"])));
        var objects = Directory.GetFiles(Path.Combine(server.Data, "feedback", "model_log"), "*.json", SearchOption.AllDirectories).Select(f => f.Split("model_log/")[1].Split('/')[0]).Order();
        Assert.Equal(["feedback", "request_response", "response_body"], objects);
        Assert.Contains("Recorded 3 requests as 'request_response/mult/1.0/", await setting.LogAsync(id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_WhoseRecordsCannotBeSaved_SaysSoAndGoesOn()
    {
        await using var closed = await TestServer.StartAsync(o => o with { Engine = engine => engine.Feedback = new FeedbackOptions { Connection = "gone" } });
        using var other = new BatchSetting(closed, directory);
        await other.PrepareAsync(("a.json", BatchSetting.Request(1)));
        await other.CreateServiceAsync("s");
        var id = await other.CreateJobAsync("s");
        Assert.Equal("succeeded", (string?)(await other.EndAsync(id))["state"]);
        Assert.Contains("1 records are lost: ", await other.LogAsync(id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_OfAPackedModel_UnpacksIt_AndOfAnEmbeddedOne_TakesItWhereItIs()
    {
        await setting.PrepareAsync(("a.json", BatchSetting.Request(10)));
        await ZipFile.CreateFromDirectoryAsync(directory["models/plain"], directory["models/packed.zip"]);
        await setting.CreateServiceAsync("packed", s => s["modelRegistry"]!["remote"]!["modelPath"] = "packed.zip");
        var packed = await setting.EndAsync(await setting.CreateJobAsync("packed"));
        Assert.True("succeeded" == (string?)packed["state"], packed.ToJsonString());
        Assert.Equal("mult", (string?)packed["modelName"]);

        await setting.CreateServiceAsync("embedded", s =>
        {
            // As the documentation of the inherited system calls it.
            s.Remove("modelRegistry");
            s["modelSource"] = new JsonObject { ["local"] = new JsonObject { ["meta"] = new JsonObject { ["name"] = "e", ["version"] = "7" }, ["modelPath"] = directory["models/plain"] } };
        });
        var id = await setting.CreateJobAsync("embedded", ",\"outputDestination\":{\"connection\":\"out\",\"path\":\"embedded\"}");
        var embedded = await setting.EndAsync(id);
        Assert.True("succeeded" == (string?)embedded["state"], embedded.ToJsonString());
        Assert.Contains("multiplying by 2 for e 7 ", await setting.LogAsync(id), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(setting.Output, "embedded", "a.json")));
    }

    [Theory]
    [InlineData("skip", "[13]", "InvalidOutput", "The program has left no response")]
    [InlineData("skip", "none", "InvalidInput", "There is no request to predict")]
    [InlineData("skip", "[\"die\"]", "NonZeroExit", "exit code 1")]
    [InlineData("fail", "one", "InvalidInput", "1 of 2 files at '' of the connection 'in' are no requests")]
    public async Task Job_ThatCannotBeDone_FailsWithTheReason(string invalid, string what, string reason, string message)
    {
        await setting.PrepareAsync(("a.json", what.StartsWith('[') ? $$$"""{"inputs":[{"name":"n","data":{{{what}}}}]}""" : "{"));
        if (what == "one")
            await setting.WriteAsync("in/b.json", BatchSetting.Request(1));
        await setting.CreateServiceAsync("s", s => s["invalidFiles"] = invalid);
        var id = await setting.CreateJobAsync("s");
        var status = await setting.EndAsync(id);
        Assert.Equal(("failed", reason), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains(message, (string?)status["message"], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(setting.Output, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("dataSource", "in", "nowhere", "NotFound", "There is nothing at 'nowhere'")]
    [InlineData("model", "models", "nowhere", "NotFound", "There is nothing at 'nowhere'")]
    [InlineData("model", "models", "plain/multiplier.txt", "Unfit", "it is neither a zip nor a tarball with gzip")]
    [InlineData("model", "gone", "x", "ConnectionFailed", "The connection 'gone' does not exist any more")]
    public async Task Job_WhoseSourcesAreNotThere_SaysWhich(string what, string connection, string path, string reason, string message)
    {
        await setting.PrepareAsync(("a.json", BatchSetting.Request(1)));
        await setting.CreateServiceAsync("s", s =>
        {
            if (what == "model")
                s["modelRegistry"] = new JsonObject { ["remote"] = new JsonObject { ["modelConnection"] = connection, ["modelPath"] = path } };
            else
                s[what] = new JsonObject { ["connection"] = connection, ["path"] = path };
        });
        var status = await setting.EndAsync(await setting.CreateJobAsync("s"));
        Assert.Equal(("failed", reason), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains(message, (string?)status["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_WhileItRuns_EndsTheProgramAndLeavesNothing()
    {
        await setting.PrepareAsync(("a.json", BatchSetting.Request(1)));
        await File.WriteAllTextAsync(setting.Hold, "");
        await setting.CreateServiceAsync("s");
        var id = await setting.CreateJobAsync("s");
        await Eventually.True(() => File.Exists(setting.Hold + ".began"), "the program runs");
        Assert.Equal("running", (string?)(await setting.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"batch/job/{id}"))["status"]!["state"]);
        var refused = await setting.Client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Delete, "batch/service/s");
        Assert.Equal("Unable to delete service: \"s\". Cause: there are child jobs", (string?)refused["message"]);

        Assert.Equal($"Inference Service {id} was deleted", (string?)(await setting.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"batch/job/{id}"))["message"]);
        await setting.Client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"batch/job/{id}");
        await Eventually.True(() => !Directory.Exists(Path.Combine(server.Data, "workspaces", ".lifecycle", "inferencejob", id)), "its workspace goes");
        Assert.Equal("Inference Service s was deleted", (string?)(await setting.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, "batch/service/s"))["message"]);
    }

    [Fact]
    public async Task Job_KeepsTheProgramThatItWasMadeWith_AndTheListIsFilteredByService()
    {
        await setting.PrepareAsync(("a.json", BatchSetting.Request(1)));
        await File.WriteAllTextAsync(setting.Hold, "");
        await setting.CreateServiceAsync("one");
        await setting.CreateServiceAsync("two", s => s["triggers"] = JsonNode.Parse("""{"webhook":{"enabled":true}}"""));
        var id = await setting.CreateJobAsync("one");
        await Eventually.True(() => File.Exists(setting.Hold + ".began"), "the program runs");
        await setting.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "batch/service", setting.Service("one", s => s["command"] = new JsonArray("no-such-program")).ToJsonString());
        File.Delete(setting.Hold);
        Assert.Equal("succeeded", (string?)(await setting.EndAsync(id))["state"]);
        var failed = await setting.EndAsync(await setting.CreateJobAsync("one"));
        Assert.Equal("failed", (string?)failed["state"]);
        Assert.Equal("succeeded", (string?)(await setting.EndAsync(await setting.CreateJobAsync("two")))["state"]);
        Assert.Equal((2, 1, 3), (await CountAsync("?service=one"), await CountAsync("?service=two"), await CountAsync("")));
        Assert.Equal(1, await CountAsync("?service=one&state=failed"));
    }

    [Fact]
    public async Task Batch_ThatIsDisabled_CanOnlyBeRead()
    {
        await using var closed = await TestServer.StartAsync(o => o with { Lifecycle = new LifecycleOptions { Batch = false } });
        using var other = new BatchSetting(closed, directory);
        Assert.Equal("This API is disabled", (string?)(await other.Client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "batch/service", "{}"))["message"]);
        Assert.Equal("This API is disabled", (string?)(await other.Client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Delete, "batch/job/x"))["message"]);
        Assert.Equal("[]", (await other.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "batch/job")).ToJsonString());
    }

    [Fact]
    public async Task Job_LongerThanItMayTake_IsEnded_AndOthersWaitForTheirTurn()
    {
        await using var small = await TestServer.StartAsync(o => o with { Engine = engine => engine.Batch = new BatchOptions { Timeout = TimeSpan.FromSeconds(4), MaxParallel = 1 } });
        using var other = new BatchSetting(small, directory);
        await other.PrepareAsync(("a.json", BatchSetting.Request(1)));
        await File.WriteAllTextAsync(other.Hold, "");
        await other.CreateServiceAsync("s");
        var first = await other.CreateJobAsync("s");
        await Eventually.True(() => File.Exists(other.Hold + ".began"), "the program runs");
        var second = await other.CreateJobAsync("s");
        await Eventually.True(
            async () => (string?)(await other.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"batch/job/{second}"))["status"]!["reason"] == "WaitingForTurn", "the second one waits for its turn");
        var status = await other.EndAsync(first);
        Assert.Equal(("failed", "Timeout"), ((string?)status["state"], (string?)status["reason"]));
        File.Delete(other.Hold);
        Assert.Equal("succeeded", (string?)(await other.EndAsync(second))["state"]);
    }

    private async Task<int> CountAsync(string query) => (await setting.Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "batch/job" + query)).AsArray().Count;
}
