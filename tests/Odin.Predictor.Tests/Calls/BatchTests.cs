using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests.Calls;

/// <summary>Requests that wait at the same time go to the model together, and none of them notices.</summary>
public sealed class BatchTests
{
    private static Dictionary<string, string> Settings(params (string Name, string Value)[] settings) =>
        settings.ToDictionary(s => $"ODIN_PREDICT_{s.Name}", s => s.Value);

    [Fact]
    public async Task Batch_WaitingRequests_AreOneCallAndGetTheirOwnRows()
    {
        await using var server = await PredictorServer.StartAsync();
        var held = await HoldAsync(server);
        var requests = Enumerable.Range(0, 20).Select(i => PredictorServer.ReadAsync(server.PostAsync(
            new JsonObject { ["data"] = new JsonArray([.. Enumerable.Range(0, (i % 3) + 1).Select(r => (JsonNode)new JsonArray($"{i}-{r}"))]) }.ToJsonString()))).ToList();
        await server.QueuedAsync(20);
        server.Go("hold");
        Assert.Equal(200, (await held).Code);
        for (var i = 0; i < 20; i++)
        {
            var (code, body) = await requests[i];
            Assert.Equal((200, new JsonArray([.. Enumerable.Range(0, (i % 3) + 1).Select(r => (JsonNode)$"{i}-{r}!")]).ToJsonString()), (code, JsonNode.Parse(body)!["prediction"]!.ToJsonString()));
        }
        Assert.Equal([1, 39], server.Calls.Select(c => c.Rows));
        Assert.Equal(2, await server.MetricAsync("odin_predictor_batch_rows_count"));
        Assert.Equal(21, await server.MetricAsync("odin_predictor_batch_requests_sum"));
    }

    [Fact]
    public async Task Batch_MoreRowsThanTheLimit_AreSeveralCalls()
    {
        await using var server = await PredictorServer.StartAsync(settings: Settings(("BATCH_ROWS", "8")));
        var answers = await TogetherAsync(server, [.. Enumerable.Range(0, 20).Select(i => $"w{i}")]);
        Assert.All(answers, (a, i) => Assert.Equal((200, Echo($"w{i}")), a));
        Assert.Equal([1, 8, 8, 4], server.Calls.Select(c => c.Rows));
    }

    [Fact]
    public async Task Batch_SwitchedOff_IsOneCallForEachRequest()
    {
        await using var server = await PredictorServer.StartAsync(settings: Settings(("BATCH_ROWS", "1")));
        Assert.All(await TogetherAsync(server, ["a", "b", "c"]), a => Assert.Equal(200, a.Code));
        Assert.Equal([1, 1, 1, 1], server.Calls.Select(c => c.Rows));
    }

    [Theory]
    [InlineData("throw", 500, "this row cannot be predicted")]
    [InlineData("sys.exit", 500, "Exception during prediction: SystemExit")]
    [InlineData("exit", 500, "ended with exit code 3")]
    [InlineData("hang", 504, "not answered within 20 s")]
    public async Task Batch_OneRequestFails_OthersDoNotNotice(string word, int code, string message)
    {
        await using var server = await PredictorServer.StartAsync(settings: Settings(("TIMEOUT", "20"), ("WORKERS", "2")));
        // Both workers are held, so that the rest goes to one of them in one piece.
        var held = new[] { "one", "two" }.Select(n => PredictorServer.ReadAsync(server.SayAsync($"wait {n}"))).ToList();
        await server.StartedAsync("one");
        await server.StartedAsync("two");
        var requests = new[] { "a", word, "b" }.Select(w => PredictorServer.ReadAsync(server.SayAsync(w))).ToList();
        await server.QueuedAsync(3);
        server.Go("one");
        server.Go("two");
        var answers = await Task.WhenAll(requests);
        Assert.Equal((200, Echo("a")), answers[0]);
        Assert.Equal((200, Echo("b")), answers[2]);
        Assert.Equal(code, answers[1].Code);
        Assert.Contains(message, answers[1].Body, StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(held), h => Assert.Equal(200, h.Code));
        Assert.Contains(3, server.Calls.Select(c => c.Rows));
        Assert.True(await server.MetricAsync("odin_predictor_batch_reruns_total") >= 1);
    }

    [Fact]
    public async Task Batch_OtherNumberOfPredictions_AreRunSinglyFromThenOn()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Obedient + """

            def predict_on_matrix(rows, provided_columns_names=None):
                with open(path("calls"), "a") as file:
                    file.write("%d %d\n" % (os.getpid(), len(rows)))
                for row in rows:
                    obey(row[0])
                return [["all of", rows[0][0]]], ["summary"]
            """);
        Assert.All(await TogetherAsync(server, ["a", "b", "c"]), (a, i) => Assert.Contains($"\"all of\",\"{"abc"[i]}\"", a.Body, StringComparison.Ordinal));
        Assert.Equal([1, 3, 1, 1, 1], server.Calls.Select(c => c.Rows));
        Assert.Single(server.Output.Split('\n'), l => l.Contains("each request is run by itself", StringComparison.Ordinal));
        // One request with several rows may be answered so.
        var (code, body) = await PredictorServer.ReadAsync(server.PostAsync("""{"data":[["x"],["y"]]}"""));
        Assert.Equal((200, """{"prediction":[["all of","x"]],"columns":["summary"]}"""), (code, body));
    }

    [Fact]
    public async Task Batch_RowsThatWouldChangeEachOther_AreNotJoined()
    {
        await using var server = await PredictorServer.StartAsync();
        var held = await HoldAsync(server);
        string[] bodies =
        [
            """{"data":[["a"]]}""", """{"data":[["b"]]}""", """{"data":[[1]]}""", """{"data":[[1.5]]}""", """{"data":[[null]]}""",
            """{"columns":["x"],"data":[["c"]]}""", """{"columns":["x"],"data":[["d"]]}""", """{"columns":["y"],"data":[["e"]]}""", """{"data":[["f",1]]}""",
        ];
        var requests = bodies.Select(b => PredictorServer.ReadAsync(server.PostAsync(b))).ToList();
        await server.QueuedAsync(bodies.Length);
        server.Go("hold");
        await held;
        Assert.All(await Task.WhenAll(requests), a => Assert.Equal(200, a.Code));
        Assert.Equal([1, 1, 1, 1, 1, 1, 2, 2], server.Calls.Select(c => c.Rows).Order());
    }

    [Fact]
    public async Task Batch_WithDelay_WaitsForOthers()
    {
        await using var server = await PredictorServer.StartAsync(settings: Settings(("BATCH_DELAY_MS", "10000"), ("BATCH_ROWS", "3")));
        // The third makes the batch full, so none of them waits any longer.
        var requests = new[] { "a", "b", "c" }.Select(w => PredictorServer.ReadAsync(server.SayAsync(w)));
        Assert.All(await Task.WhenAll(requests), a => Assert.Equal(200, a.Code));
        Assert.Equal([3], server.Calls.Select(c => c.Rows));
    }

    private static string Echo(string word) => $$"""{"prediction":["{{word}}!"],"columns":["echo"]}""";

    private static async Task<Task<(int Code, string Body)>> HoldAsync(PredictorServer server)
    {
        var held = PredictorServer.ReadAsync(server.SayAsync("wait hold"));
        await server.StartedAsync("hold");
        return held;
    }

    // One worker is held until all requests wait.
    private static async Task<(int Code, string Body)[]> TogetherAsync(PredictorServer server, string[] words)
    {
        var held = await HoldAsync(server);
        var requests = new List<Task<(int, string)>>();
        foreach (var word in words)
        {
            requests.Add(PredictorServer.ReadAsync(server.SayAsync(word)));
            await server.QueuedAsync(requests.Count);
        }
        server.Go("hold");
        Assert.Equal(200, (await held).Code);
        return await Task.WhenAll(requests);
    }
}
