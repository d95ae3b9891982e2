using System.Text;
using Odin.Cli.Tests.Lifecycle;

namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>Work that takes time, and waiting for it; the server replays what was recorded.</summary>
public sealed class JobTests : IAsyncDisposable
{
    private const string Hint = "For more information rerun command with --verbose flag\n";
    private readonly CliTest cli = new() { Alias = "odahuflowctl" };
    private readonly ReplayServer server = new();

    public JobTests()
    {
        cli.Variables["API_URL"] = server.Url;
        cli.Variables["API_TOKEN"] = "t";
        cli.Variables["BACKOFF_FACTOR"] = "0";
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Theory]
    [InlineData("train", "create", "POST", "model/training", "ModelTraining", "Start training", "was trained. Training took")]
    [InlineData("train", "edit", "PUT", "model/training", "ModelTraining", "Rerun training", "was trained. Training took")]
    [InlineData("pack", "create", "POST", "model/packaging", "ModelPackaging", "Start packing", "was packed. Packaging took")]
    [InlineData("packaging", "edit", "PUT", "model/packaging", "ModelPackaging", "Rerun packing", "was packed. Packaging took")]
    public async Task Job_IsWaitedForWithItsLog(string group, string command, string method, string path, string kind, string start, string end)
    {
        Replay(method, path, ["running", "succeeded"], "one\ntwo\n");
        var result = await cli.RunAsync(group, command, "-f", Write(kind));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches($@"\A{start}: {{'id': 'x', 'kind': '{kind}', 'spec': {{}}, 'status': {{}}}}\nLogs streaming\.\.\.\none\ntwo\nModel x {end} \d+ seconds\n\z", result.Out);
    }

    [Theory]
    [InlineData("train", "model/training", "ModelTraining", "Model training x was failed.")]
    [InlineData("pack", "model/packaging", "ModelPackaging", "Model packaging x was failed.")]
    public async Task Job_ThatFails_IsAnError(string group, string path, string kind, string message)
    {
        Replay("POST", path, ["failed"], "so it goes\n");
        var result = await cli.RunAsync(group, "create", "-f", Write(kind));
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith($"Logs streaming...\nso it goes\nError: {message}\nwhy it failed\n{Hint}", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_WithColours_HasItsLogInCyan()
    {
        cli.IsTerminal = true;
        Replay("POST", "model/training", ["running", "succeeded"], "one\n");
        Assert.Contains("\n\e[36mone\e[0m\n", (await cli.RunAsync("train", "create", "-f", Write("ModelTraining"))).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_WithoutAState_IsSaidAndTheTimeRunsOut()
    {
        Replay("POST", "model/training", [.. Enumerable.Repeat("", 100)], "");
        var result = await cli.RunAsync("train", "create", "-f", Write("ModelTraining"), "--timeout", "1");
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith($"Can not determine the state of model training x. Sleeping...\nError: Time out: operation has not been confirmed\n{Hint}", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_ThatIsDeletedMeanwhile_IsNotWaitedFor()
    {
        server.On("POST /api/v1/model/training", Entity("running"), 201);
        server.On("GET /api/v1/model/training/x", """{"message":"entity \"x\" is not found"}""", 404);
        var result = await cli.RunAsync("train", "create", "-f", Write("ModelTraining"));
        Assert.EndsWith($"Error: ModelTraining x was deleted while it was waited for\n{Hint}", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoWait_ReturnsAtOnce_TheLastOfBothCounts()
    {
        Replay("POST", "model/training", ["succeeded"], "");
        var result = await cli.RunAsync("train", "create", "-f", Write("ModelTraining"), "--wait", "--no-wait");
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain("Logs streaming", result.Out, StringComparison.Ordinal);
        Assert.Contains("Logs streaming", (await cli.RunAsync("train", "create", "-f", Write("ModelTraining"), "--no-wait", "--wait")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    public async Task Timeout_ThatIsNotPositive_IsAnErrorBeforeAnythingIsSent(string seconds)
    {
        Assert.Equal(
            new CliResult(1, $"Error: '{seconds}' timeout must be positive integer\n{Hint}", ""), await cli.RunAsync("pack", "edit", "-f", Write("ModelPackaging"), "--timeout", seconds));
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("train", "model/training", "ModelTraining", "Training already exists\n")]
    [InlineData("pack", "model/packaging", "ModelPackaging", "Packaging already exists\n")]
    [InlineData("dep", "model/deployment", "ModelDeployment", "Deployment already exists\n")]
    public async Task IgnoreIfExists_IsNoError(string group, string path, string kind, string message)
    {
        server.On($"POST /api/v1/{path}", """{"message":"entity \"x\" already exists"}""", 409);
        foreach (var option in new[] { "--ignore-if-exists", "--ignore-if-exist" })
            Assert.Equal(new CliResult(0, message, ""), await cli.RunAsync(group, "create", "-f", Write(kind), option));
        Assert.Equal($"Error: Got error from server: entity \"x\" already exists (status: 409)\n{Hint}", (await cli.RunAsync(group, "create", "-f", Write(kind))).Out);
    }

    [Fact]
    public async Task Overrides_AreSent()
    {
        Replay("POST", "model/packaging", ["succeeded"], "");
        await cli.RunAsync("pack", "create", "-f", Write("ModelPackaging"), "--id", "y", "--artifact-name", "a.zip", "--no-wait");
        Assert.Equal("""{"kind":"ModelPackaging","id":"y","spec":{"artifactName":"a.zip"}}""", server.Requests.Single().Body);
    }

    [Theory]
    [InlineData("--follow", "True")]
    [InlineData("--not-follow", "False")]
    [InlineData("--file", "True")]
    public async Task Logs_AreStreamed(string option, string follow)
    {
        Replay("POST", "model/training", ["succeeded"], "one\ntwo\n");
        string[] what = option == "--file" ? ["-f", Write("ModelTraining")] : ["--id", "x", option];
        Assert.Equal(new CliResult(0, "one\ntwo\n", ""), await cli.RunAsync(["train", "logs", .. what]));
        Assert.Equal($"/api/v1/model/training/x/log?follow={follow}", server.Requests.Single().PathAndQuery);
    }

    [Fact]
    public async Task Logs_OfWhatIsNotThere_AreAnError()
    {
        server.On("GET /api/v1/model/training/x/log", """{"message":"entity \"x\" is not found"}""", 404);
        Assert.Equal(new CliResult(1, $"Error: Got error from server: entity \"x\" is not found (status: 404)\n{Hint}", ""), await cli.RunAsync("train", "logs", "--id", "x"));
    }

    [Fact]
    public async Task Deployment_IsWaitedFor()
    {
        server.On("POST /api/v1/model/deployment", """{"id":"x","spec":{"minReplicas":1},"status":{}}""", 201)
            .On("GET /api/v1/model/deployment/x", """{"id":"x","spec":{"minReplicas":1},"status":{"state":"Ready","availableReplicas":1}}""");
        var result = await cli.RunAsync("dep", "create", "-f", Write("ModelDeployment"), "--image", "i:1");
        Assert.Equal("""{"kind":"ModelDeployment","id":"x","spec":{"image":"i:1"}}""", server.Requests.First().Body);
        Assert.Matches(@"\A{'id': 'x', .*}\nModel x was deployed\. Deployment process took \d+ seconds\n\z", result.Out);
        server.On("GET /api/v1/model/deployment/x", """{"id":"x","spec":{"minReplicas":1},"status":{"state":"Failed"}}""");
        Assert.EndsWith($"Error: Model deployment x was failed\n{Hint}", (await cli.RunAsync("dep", "create", "-f", Write("ModelDeployment"))).Out, StringComparison.Ordinal);
        server.On("GET /api/v1/model/deployment/x", """{"id":"x","spec":{"minReplicas":2},"status":{"state":"Ready","availableReplicas":1}}""");
        Assert.Contains("\nNumber of available pods is 1/2\n", (await cli.RunAsync("dep", "create", "-f", Write("ModelDeployment"), "--timeout", "1")).Out, StringComparison.Ordinal);
        server.On("GET /api/v1/model/deployment/x", """{"id":"x","spec":{"minReplicas":2},"status":{"state":"Processing"}}""");
        Assert.Contains("\nCurrent deployment x state is Processing\n", (await cli.RunAsync("dep", "create", "-f", Write("ModelDeployment"), "--timeout", "1")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployment_IsDeleted_WhenItIsGone()
    {
        server.On("DELETE /api/v1/model/deployment/x", """{"message":"Model deployment x was deleted"}""");
        Assert.Equal(new CliResult(0, "Model deployment x was deleted\n", ""), await cli.RunAsync("dep", "delete", "--id", "x"));
        server.On("GET /api/v1/model/deployment/x", Entity("Deleting"));
        Assert.Equal($"Model deployment x is still being deleted...\nError: Time out: operation has not been confirmed\n{Hint}", (await cli.RunAsync("dep", "delete", "--id", "x", "--timeout", "1")).Out);
        Assert.Equal("Model deployment x was deleted\n", (await cli.RunAsync("dep", "delete", "--id", "x", "--no-wait")).Out);
    }

    [Fact]
    public async Task Route_IsWaitedFor()
    {
        server.On("PUT /api/v1/model/route", Entity(""), 200).On("GET /api/v1/model/route/x", Entity("Ready"));
        Assert.EndsWith("}\nModel Route x is ready\n", (await cli.RunAsync("route", "edit", "-f", Write("ModelRoute"))).Out, StringComparison.Ordinal);
        server.On("GET /api/v1/model/route/x", Entity("Failed"));
        Assert.EndsWith($"Error: Model Route x was failed\n{Hint}", (await cli.RunAsync("route", "edit", "-f", Write("ModelRoute"), "--route-id", "x")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerTrouble_IsTriedAgain()
    {
        var left = 2;
        server.On("GET /api/v1/connection", _ => left-- > 0 ? new ReplayAnswer(503, """{"message":"not now"}""") : new ReplayAnswer(200, "[]"));
        Assert.Equal(new CliResult(0, "[]\n", ""), await cli.RunAsync("conn", "get", "-o", "json"));
        Assert.Equal(3, server.Requests.Count);
        Assert.All(server.Requests, r => Assert.Equal("Bearer t", r.Authorization));
    }

    [Fact]
    public async Task ServerTrouble_ThatStays_IsSaidInTheServersWords()
    {
        server.On("GET /api/v1/connection", """{"message":"the disk is full"}""", 503).On("POST /api/v1/connection", """{"message":"the disk is full"}""", 503);
        var expected = new CliResult(1, $"Error: Got error from server: the disk is full (status: 503)\n{Hint}", "");
        Assert.Equal(expected, await cli.RunAsync("conn", "get"));
        Assert.Equal(4, server.Requests.Count);
        server.Requests.Clear();
        // What is made might have been made.
        Assert.Equal(expected, await cli.RunAsync("conn", "create", "-f", Write("Connection")));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("", "Forbidden")]
    [InlineData("<html>", "Forbidden")]
    [InlineData("""{"message":"no"}""", "no")]
    [InlineData("""{"detail":"not you","status":403}""", "not you")]
    public async Task Refusal_WithoutAMessage_IsNamedByItsStatus(string body, string message)
    {
        server.On("GET /api/v1/connection", body, 403);
        Assert.Equal($"Error: Got error from server: {message} (status: 403)\n{Hint}", (await cli.RunAsync("conn", "get")).Out);
    }

    [Fact]
    public async Task Model_IsAsked()
    {
        server.On("POST /model/x/api/model/invoke", r => new ReplayAnswer(200, $$"""{"prediction":[[1]],"columns":{{r.Json["columns"]!.ToJsonString()}}}"""))
            .On("GET /model/x/api/model/info", """{"swagger":"2.0"}""")
            .On("GET /api/v1/model/route/r", $$"""{"id":"r","spec":{},"status":{"edgeUrl":"{{server.Url}}/model/x"} }""")
            .On("GET /api/v1/model/deployment/d/default-route", $$"""{"id":"d","spec":{},"status":{"edgeUrl":"{{server.Url}}/model/x"} }""");
        var request = """{"columns": ["a"], "data": [[1]]}""";
        string[][] places = [["--url-prefix", "/model/x"], ["--mr", "r"], ["--md", "d"], ["--url", server.Url + "/model/x"], ["--base-url", server.Url, "--url-prefix", "model/x"]];
        foreach (var place in places)
            Assert.Equal(new CliResult(0, "{\"prediction\": [[1]], \"columns\": [\"a\"]}\n", ""), await cli.RunAsync(["model", "invoke", .. place, "--json", request]));
        Assert.Equal(0, (await cli.RunAsync("model", "invoke", "--mr", "r", "--file", cli.File("r.json", request))).ExitCode);
        Assert.Equal("{\"swagger\": \"2.0\"}\n", (await cli.RunAsync("model", "info", "--md", "d", "--jwt", "other")).Out);
        Assert.Equal("Bearer other", server.Requests.Last().Authorization);
    }

    [Theory]
    [InlineData("model invoke --url-prefix /m", "Provide the request by either --json or --json-file")]
    [InlineData("model invoke --url-prefix /m --json []", "The request must be a JSON object")]
    [InlineData("model info", "Specify one of --url-prefix, --model-route or --model-deployment")]
    [InlineData("model info --url-prefix /m", "Wrong status code returned: 403. Data: \"\". URL: \"URL/m/api/model/info\"")]
    public async Task Model_AskedWrongly_IsAnError(string line, string message)
    {
        server.On("GET /m/api/model/info", "", 403);
        Assert.Equal($"Error: {message.Replace("URL/", server.Url + "/", StringComparison.Ordinal)}\n{Hint}", (await cli.RunAsync(line.Split(' '))).Out);
    }

    private string Write(string kind) => cli.File("entity.yaml", $"kind: {kind}\nid: x\nspec: {{}}\n");

    private static string Entity(string state) => $$"""{"id":"x","spec":{},"status":{"state":"{{state}}"} }""";

    private void Replay(string method, string path, string[] states, string log)
    {
        var left = new Queue<string>(states);
        server.On($"{method} /api/v1/{path}", """{"id":"x","spec":{},"status":{}}""", method == "POST" ? 201 : 200)
            .On($"GET /api/v1/{path}/x", _ =>
            {
                var state = left.Count > 1 ? left.Dequeue() : left.Peek();
                return new ReplayAnswer(200, $$"""{"id":"x","spec":{},"status":{"state":"{{state}}","message":"why it {{state}}"} }""");
            })
            .OnStream($"GET /api/v1/{path}/x/log", async context =>
            {
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(log));
                context.Response.Close();
            });
    }
}

/// <summary>The same on the real server.</summary>
[Collection(RealServerCollection.Name)]
public sealed class RealJobTests(RealServer server) : IDisposable
{
    private readonly CliTest cli = new() { Alias = "odahuflowctl", Variables = { ["API_URL"] = server.Url, ["API_TOKEN"] = server.Token } };

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task Training_OfTheOldDialect_RunsToItsArtifact()
    {
        var source = await ModelSource.CreateAsync(cli.Home);
        Assert.Equal(0, (await cli.RunAsync("conn", "create", "-f", cli.File("connection.yaml", source.Connection))).ExitCode);
        var result = await cli.RunAsync("train", "create", "-f", cli.File("training.yaml", source.Training));
        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        Assert.Equal(1, result.Lines.Count(l => l == "training with 2"));
        Assert.Matches($@"\nModel {source.Id} was trained\. Training took \d+ seconds\n\z", result.Out);
        Assert.Matches(@"\Adoubler-1\.0-.*\.zip\n\z", (await cli.RunAsync("train", "get", "--id", source.Id, "-o", "jsonpath=$[0].status.artifacts[0].artifactName")).Out);
        Assert.Contains("training with 2\n", (await cli.RunAsync("train", "logs", "--id", source.Id, "--not-follow")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployment_IsMadeShownChangedAndDeleted()
    {
        var id = $"d-{Guid.NewGuid():n}"[..12];
        var file = cli.File("deployment.yaml", $"kind: ModelDeployment\nid: {id}\nspec: {{image: '127.0.0.1:1/none:1', predictor: odahu-ml-server, minReplicas: 0}}\n");
        Assert.Contains("'maxReplicas': 1", (await cli.RunAsync("dep", "create", "-f", file, "--no-wait")).Out, StringComparison.Ordinal);
        Assert.Equal("Deployment already exists\n", (await cli.RunAsync("dep", "create", "-f", file, "--ignore-if-exists")).Out);
        Assert.Contains("'127.0.0.1:1/none:2'", (await cli.RunAsync("dep", "edit", "-f", file, "--image", "127.0.0.1:1/none:2", "--no-wait")).Out, StringComparison.Ordinal);
        Assert.Equal($"/model/{id}\n", (await cli.RunAsync("route", "get", "--id", id, "-o", "jsonpath=$[0].spec.urlPrefix")).Out);
        var deleted = await cli.RunAsync("dep", "delete", "--id", id);
        Assert.Equal((0, $"Model deployment {id} was deleted"), (deleted.ExitCode, deleted.Lines[^1]));
        Assert.Equal($"ModelDeployment {id} was not found. Ignore\n", (await cli.RunAsync("dep", "delete", "--id", id, "--ignore-not-found")).Out);
    }

    [Fact]
    public async Task Training_ThatFails_IsSaidWithItsReason()
    {
        var source = await ModelSource.CreateAsync(cli.Home, "raise SystemExit('no luck')");
        await cli.RunAsync("conn", "create", "-f", cli.File("connection.yaml", source.Connection));
        var result = await cli.RunAsync("train", "create", "-f", cli.File("training.yaml", source.Training));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no luck", result.Out, StringComparison.Ordinal);
        Assert.Contains($"\nError: Model training {source.Id} was failed.\n", result.Out, StringComparison.Ordinal);
    }
}
