using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests.Workers;

/// <summary>Workers that die, hang, grow and talk.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task Worker_Exits_AnswersAndIsReplaced()
    {
        await using var server = await PredictorServer.StartAsync();
        var (code, body) = await PredictorServer.ReadAsync(server.SayAsync("exit"));
        Assert.Equal(500, code);
        Assert.Contains("ended with exit code 3", (string)JsonNode.Parse(body)!["message"]!, StringComparison.Ordinal);
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
        Assert.Equal(2, server.Calls.Select(c => c.Pid).Distinct().Count());
        Assert.Equal(1, await server.MetricAsync("odin_predictor_worker_restarts_total{reason=\"ended\"}"));
    }

    [Fact]
    public async Task Worker_KilledInACall_AnswersAndIsReplaced()
    {
        await using var server = await PredictorServer.StartAsync();
        var held = PredictorServer.ReadAsync(server.SayAsync("wait hold"));
        await server.StartedAsync("hold");
        await server.SignalAsync("KILL", server.Calls[^1].Pid);
        var (code, body) = await held;
        Assert.Equal(500, code);
        Assert.Contains("by a kill (signal 9)", body, StringComparison.Ordinal);
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
    }

    [Fact]
    public async Task Worker_KilledWhileIdle_LosesNoRequest()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_WORKERS"] = "2" });
        await Eventually.True(async () => await server.MetricAsync("odin_predictor_workers_ready") == 2, "both workers are ready");
        foreach (var pid in server.Workers)
            await server.SignalAsync("KILL", pid);
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
        await Eventually.True(async () => await server.MetricAsync("odin_predictor_workers_ready") == 2, "both are replaced");
    }

    [Theory]
    [InlineData("hang")]
    [InlineData("spin")]
    public async Task Worker_Hangs_IsReplacedAndSaysWhere(string word)
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_TIMEOUT"] = "5" });
        var (code, body) = await PredictorServer.ReadAsync(server.SayAsync(word));
        Assert.Equal(504, code);
        Assert.Contains("not answered within 5 s", body, StringComparison.Ordinal);
        await server.ReadyAsync();
        var hung = Assert.Single(server.Calls).Pid;
        await Eventually.True(() => !Directory.Exists($"/proc/{hung}"), "the hung process is gone");
        await Eventually.True(async () => (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code == 200, "the next one answers");
        Assert.Contains("in obey", server.Output, StringComparison.Ordinal);
        Assert.Equal(1, await server.MetricAsync("odin_predictor_worker_restarts_total{reason=\"hung\"}"));
    }

    [Fact]
    public async Task Worker_HangsInOneThread_LetsTheOthersEnd()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_TIMEOUT"] = "8", ["ODIN_PREDICT_THREADS"] = "2", ["ODIN_PREDICT_BATCH_ROWS"] = "1" });
        var hung = PredictorServer.ReadAsync(server.SayAsync("hang"));
        await Eventually.True(() => server.Calls.Count == 1, "the first call runs");
        // Its own time begins later, by the first of many calls that take turns until the time of the hung one is over.
        while (!hung.IsCompleted)
            Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
        Assert.Equal(504, (await hung).Code);
        await Eventually.True(async () =>
        {
            Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
            return server.Calls.Select(c => c.Pid).Distinct().Count() == 2;
        }, "another process answers");
    }

    [Fact]
    public async Task Worker_Grows_IsReplacedWithoutALostRequest()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_WORKER_MEMORY"] = "200Mi" });
        var answers = new List<int>();
        answers.Add((await PredictorServer.ReadAsync(server.SayAsync("leak"))).Code);
        await Eventually.True(async () =>
        {
            answers.Add((await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
            return server.Calls.Select(c => c.Pid).Distinct().Count() == 2;
        }, "another process answers");
        Assert.All(answers, code => Assert.Equal(200, code));
        var old = server.Calls[0].Pid;
        await Eventually.True(() => !Directory.Exists($"/proc/{old}"), "the old process is gone");
        Assert.Equal(1, await server.MetricAsync("odin_predictor_worker_restarts_total{reason=\"memory\"}"));
    }

    [Fact]
    public async Task Worker_Prints_GoesToTheLogWithItsName()
    {
        await using var server = await PredictorServer.StartAsync();
        Assert.Equal((200, """{"prediction":["print!"],"columns":["echo"]}"""), await PredictorServer.ReadAsync(server.SayAsync("print")));
        foreach (var words in new[] { "words on standard output", "words on descriptor one", "words on descriptor two" })
            await Eventually.True(() => server.Output.Split('\n').Any(l => l.Contains("worker-1", StringComparison.Ordinal) && l.EndsWith(words, StringComparison.Ordinal)), words);
        // A line without end is cut, and takes no memory.
        await Eventually.True(() => server.Output.Contains(new string('w', 8192), StringComparison.Ordinal), "the long line");
        Assert.DoesNotContain(new string('w', 9000), server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_CannotLoad_IsToldByReadiness()
    {
        await using var server = await PredictorServer.StartAsync("import a_package_that_is_not_there\n", isReady: false);
        await Eventually.True(async () => (await PredictorServer.ReadAsync(server.Client.GetAsync("/readyz"))).Body.Contains("a_package_that_is_not_there", StringComparison.Ordinal), "the reason is told");
        Assert.Equal(503, (await PredictorServer.ReadAsync(server.Client.GetAsync("/readyz"))).Code);
        Assert.Equal(503, (await PredictorServer.ReadAsync(server.Client.GetAsync("/api/model/info"))).Code);
        var (code, body) = await PredictorServer.ReadAsync(server.SayAsync("x"));
        Assert.Equal(503, code);
        Assert.Contains("cannot be loaded", body, StringComparison.Ordinal);
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.Client.GetAsync("/healthcheck"))).Code);
        // What was missing comes, and it goes on by itself.
        await File.WriteAllTextAsync(server.Place("a_package_that_is_not_there.py"), "");
        await File.WriteAllTextAsync(server.Place("entrypoint.py"), TestModel.Obedient);
        await server.ReadyAsync();
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
    }

    [Theory]
    [InlineData("import os\nos._exit(9)\n", "ended with exit code 9")]
    [InlineData("def init():\n    return 'objects'\n", "can not handle")]
    [InlineData("def init():\n    return 'matrix'\n", "no function info()")]
    public async Task Worker_EndsWhileItLoads_IsToldByReadiness(string entrypoint, string reason)
    {
        await using var server = await PredictorServer.StartAsync(entrypoint, isReady: false);
        await Eventually.True(async () => (await PredictorServer.ReadAsync(server.Client.GetAsync("/readyz"))).Body.Contains(reason, StringComparison.Ordinal), reason);
    }

    [Fact]
    public async Task Worker_PythonMissing_IsToldByReadiness()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_PYTHON"] = "/no/such/python" }, isReady: false);
        await Eventually.True(async () => (await PredictorServer.ReadAsync(server.Client.GetAsync("/readyz"))).Body.Contains("'/no/such/python' cannot be run", StringComparison.Ordinal), "the reason is told");
    }
}
