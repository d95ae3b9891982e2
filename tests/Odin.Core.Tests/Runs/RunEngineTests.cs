using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Tests.Runs;

/// <summary>Whole runs through the real engine: real processes, real SQLite.</summary>
public sealed class RunEngineTests
{
    [Fact]
    public async Task Run_Diamond_SucceedsInOrder()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("diamond", """
            name: diamond
            tasks:
            - {name: a, image: x, command: sh, args: [-c, "echo a >> ${RUN_PATH}/order"]}
            - {name: b, image: x, command: sh, args: [-c, "echo b >> ${RUN_PATH}/order"], depends: a}
            - {name: c, image: x, command: sh, args: [-c, "echo c >> ${RUN_PATH}/order"], depends: a}
            - {name: d, image: x, command: sh, args: [-c, "echo d >> ${RUN_PATH}/order"], depends: [b, c]}
            """));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        var order = await File.ReadAllLinesAsync(Path.Combine(run.Spec.RunPath, "order"));
        Assert.Equal("a", order[0]);
        Assert.Equal(["b", "c"], order[1..3].Order());
        Assert.Equal("d", order[3]);
        Assert.Matches("^diamond-[a-z0-9]{8}j$", run.Id);
    }

    [Fact]
    public async Task Run_FailingTask_HasAReasonAndStopsTheRest()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("broken", """
            tasks:
            - {name: bad, image: x, command: sh, args: [-c, "echo no >&2; exit 3"]}
            - {name: after, image: x, command: "true", depends: bad}
            """));
        var tasks = await engine.TasksAsync(run);

        Assert.Equal(RunPhase.Failed, run.Status.Phase);
        Assert.Contains($"{run.Id}--bad", run.Status.Message, StringComparison.Ordinal);
        Assert.Equal((TaskRunPhase.Failed, ExecutionReasons.NonZeroExit, 3), (tasks["bad"].Status.Phase, tasks["bad"].Status.Reason, tasks["bad"].Status.ExitCode));
        Assert.Equal(TaskRunPhase.Skipped, tasks["after"].Status.Phase);
    }

    [Fact]
    public async Task Run_MissingCommand_SaysSo()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("missing", "tasks: [{name: a, image: x, command: no-such-program-anywhere}]"));

        Assert.Equal(ExecutionReasons.CommandNotFound, (await engine.TasksAsync(run))["a"].Status.Reason);
    }

    [Fact]
    public async Task Run_References_CarryWrittenValuesAndDeclaredOutputs()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("values", """
            tasks:
            - {name: use, image: x, command: sh, args: [-c, 'echo "$$0 $$1 $$2" > ${RUN_PATH}/seen', "^make.outputs.score", "got-{^make.outputs.list.0}", "^make.outputs.file"]}
            - name: make
              image: x
              command: sh
              args: [-c, 'echo "score=0.5" >> $$ODIN_OUTPUTS; echo "list=[7, 8]" >> $$ODIN_OUTPUTS; echo hi > ${TASK_PATH}/f']
              outputs: {file: "${TASK_PATH}/f"}
            """));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        Assert.Equal($"0.5 got-7 {run.Spec.RunPath}/make/f", (await File.ReadAllTextAsync(Path.Combine(run.Spec.RunPath, "seen"))).Trim());
    }

    [Theory]
    [InlineData("${p}", "^make.outputs.v", "^make.outputs.v")]
    [InlineData("x-${p}", "{^make.outputs.v}", "x-{^make.outputs.v}")]
    [InlineData("{${p}}", "^make.outputs.v", "{^make.outputs.v}")]
    [InlineData("${p}^make.outputs.v", "", "^make.outputs.v")]
    [InlineData("{${p}^make.outputs.v}", "", "{^make.outputs.v}")]
    [InlineData("{^make.outputs.v}-${p}-{^make.outputs.v}", "{^make.outputs.v}}{", "5-{^make.outputs.v}}{-5")]
    [InlineData("{^make.outputs.${p}}", "v", "5")]
    [InlineData("{ {^make.outputs.v} ${p}", "^v{}", "{ {^make.outputs.v} ^v{}")]
    [InlineData("{\"v\": \"{^make.outputs.v}\", \"p\": ${p}}", "{\"a\": \"^b\"}", "{\"v\": \"5\", \"p\": {\"a\": \"^b\"}}")]
    [InlineData("^^${p}", "{^make.outputs.v}", "^{^make.outputs.v}")]
    public async Task Run_ParameterThatLooksLikeAReference_IsData(string text, string value, string expected)
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("data", "main.yml", $$$"""
            parameters: {p: {type: string}}
            tasks:
            - {name: use, image: x, command: sh, args: [-c, 'printf %s "$$0$$V" > ${RUN_PATH}/seen', '{{{text}}}'], env: {V: '{{{text}}}'}, depends: make}
            - {name: make, image: x, command: sh, args: [-c, 'echo v=5 >> $$ODIN_OUTPUTS']}
            """);
        var run = await engine.EndAsync(await engine.SubmitAsync("data", r => r with { Parameters = new JsonObject { ["p"] = value } }));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        Assert.Equal(expected + expected, await File.ReadAllTextAsync(Path.Combine(run.Spec.RunPath, "seen")));
        Assert.Equal(expected, (await engine.TasksAsync(run))["use"].Status.Args![^1]);
    }

    [Fact]
    public async Task Run_ScriptThatCallsOdin_FindsItAndTheRecordOfTheRun()
    {
        using var programs = new TemporaryDirectory();
        await File.WriteAllTextAsync(programs["odin"], "#!/bin/sh\ncat \"$ODIN_RUN_RECORD\"\n");
        await TestProgram.RunAsync("chmod", ["+x", programs["odin"]]);
        await using var engine = await EngineHost.StartAsync(configure: o => o.ProgramDirectory = programs.Path);
        var run = await engine.EndAsync(await engine.SubmitAsync("calls", """
            tasks:
            - {name: make, image: x, command: sh, args: [-c, 'echo score=5 >> $$ODIN_OUTPUTS']}
            - {name: use, image: x, command: sh, args: [-c, 'set -e; odin chore > ${RUN_PATH}/seen'], depends: make}
            - {name: own-path, image: x, command: sh, args: [-c, 'odin > ${RUN_PATH}/own'], env: {PATH: /usr/bin:/bin}, depends: make}
            - {name: other, image: x, command: "true", args: ["/opt/odin/data", codine], depends: make}
            """));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        foreach (var file in (string[])["seen", "own"])
        {
            var record = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(run.Spec.RunPath, file)))!;
            Assert.Equal(run.Id, record["parent"]!["label"]!.GetValue<string>());
            Assert.Equal(5, record["make"]!["outputs"]!["score"]!.GetValue<int>());
        }
        Assert.Equal(2, Directory.GetFiles(Path.Combine(run.Spec.RunPath, ".odin"), "*.run.json").Length);
    }

    [Fact]
    public async Task Run_ReferenceToNothing_FailsTheTaskWithTheRemedy()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("nothing", """
            tasks:
            - {name: make, image: x, command: "true"}
            - {name: use, image: x, command: echo, args: ["^make.outputs.score"]}
            """));
        var use = (await engine.TasksAsync(run))["use"];

        Assert.Equal((TaskRunPhase.Failed, TaskReasons.BadReference), (use.Status.Phase, use.Status.Reason));
        Assert.Contains("ODIN_OUTPUTS", use.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Retries_UntilItSucceeds()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("retry", """
            tasks:
            - name: flaky
              image: x
              command: sh
              args: [-c, 'echo x >> ${RUN_PATH}/tries; test $$(wc -l < ${RUN_PATH}/tries) -ge 3']
              retries: {limit: 3, backoff: 0.01}
            """));
        var task = (await engine.TasksAsync(run))["flaky"];

        Assert.Equal((TaskRunPhase.Succeeded, 3), (task.Status.Phase, task.Status.Attempt));
        Assert.Equal(2, task.Status.Events.Count(e => e.Type == "Warning"));
    }

    [Fact]
    public async Task Run_Timeout_StopsTheTask()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("slow", "tasks: [{name: a, image: x, command: sleep, args: ['600'], timeout: 0.2}]"));

        Assert.Equal(RunPhase.Failed, run.Status.Phase);
        Assert.Equal(ExecutionReasons.Timeout, (await engine.TasksAsync(run))["a"].Status.Reason);
    }

    [Fact]
    public async Task Run_TimeoutBeyondWhatTimersTake_Runs()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("patient", "tasks: [{name: a, image: x, command: sleep, args: ['0.2'], timeout: 60d}]"));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
    }

    [Theory]
    [InlineData("""{"a": 1, "a": 2}""", "")]
    [InlineData("no equals sign", ", outputs: {f: '${TASK_PATH}/f'}")]
    public async Task Run_UnreadableOutputs_FailTheTaskAndEndTheRun(string written, string outputs)
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("written", "text", written);
        var run = await engine.EndAsync(await engine.SubmitAsync("written",
            $"tasks: [{{name: a, image: x, command: sh, args: [-c, 'cat ${{WORK_PATH}}/text > $$ODIN_OUTPUTS']{outputs}}}]"));

        Assert.Equal(RunPhase.Failed, run.Status.Phase);
        Assert.Equal(TaskReasons.BadOutputs, (await engine.TasksAsync(run))["a"].Status.Reason);
    }

    [Fact]
    public async Task Cancel_RunningRun_EndsItAsCancelled()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.SubmitAsync("long", """
            tasks:
            - {name: a, image: x, command: sleep, args: ['600']}
            - {name: b, image: x, command: "true", depends: a}
            """);
        await engine.ReachAsync(run, "a", TaskRunPhase.Running);

        Assert.True(await engine.Get<RunCanceller>().CancelAsync(run.Id, "ann", CancellationToken.None));
        run = await engine.EndAsync(run);
        var tasks = await engine.TasksAsync(run);

        Assert.Equal((RunPhase.Cancelled, "Cancelled by ann."), (run.Status.Phase, run.Status.Message));
        Assert.All(tasks.Values, t => Assert.Equal(TaskRunPhase.Cancelled, t.Status.Phase));
        Assert.Null(tasks["b"].Status.Submitted);
    }

    [Fact]
    public async Task Run_EarlyExit_SkipsTheRest()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("early", """
            tasks:
            - {name: a, image: x, command: sh, args: [-c, 'echo "{\"request_early_exit\": true}" > $$ODIN_RECORD']}
            - {name: b, image: x, command: "false", depends: a}
            """));

        Assert.Equal((RunPhase.Succeeded, true), (run.Status.Phase, run.Status.EarlyExit));
        Assert.Equal(TaskRunPhase.Skipped, (await engine.TasksAsync(run))["b"].Status.Phase);
    }

    [Fact]
    public async Task Run_StopPolicy_WithdrawsWhatHasNotStarted()
    {
        await using var engine = await EngineHost.StartAsync(configure: o => o.MaxParallelTasks = 1);
        var run = await engine.EndAsync(await engine.SubmitAsync("withdraw", """
            tasks:
            - {name: bad, image: x, command: "false"}
            - {name: next, image: x, command: sh, args: [-c, 'while [ ! -e ${RUN_PATH}/go ]; do sleep 0.05; [ -d ${RUN_PATH} ] || exit; break; done']}
            - {name: last, image: x, command: "true"}
            """));

        Assert.Equal(RunPhase.Failed, run.Status.Phase);
        Assert.Equal(TaskRunPhase.Failed, (await engine.TasksAsync(run))["bad"].Status.Phase);
    }

    [Fact]
    public async Task Cache_SecondRun_TakesWhatIsUnchangedAndSaysWhatChanged()
    {
        await using var engine = await EngineHost.StartAsync();
        Task<Run> RunAsync(string value) => RunJobAsync(engine, "cached", $$"""
            tasks:
            - {name: make, image: x, command: sh, args: [-c, 'echo "v={{value}}" >> $$ODIN_OUTPUTS']}
            - name: use
              image: x
              command: sh
              args: [-c, 'echo "$$V" > ${TASK_PATH}/f; echo "seen=$$V" >> $$ODIN_OUTPUTS']
              env: {V: "^make.outputs.v"}
              outputs: {file: "${TASK_PATH}/f"}
            - {name: read, image: x, command: cat, args: ["^use.outputs.file"]}
            """);
        await RunAsync("one");
        var same = await RunAsync("one");
        var use = (await engine.TasksAsync(same))["use"].Status;
        Assert.Equal((TaskRunPhase.Cached, "Cached", "one"), (use.Phase, use.ResourceId, use.Outputs!["seen"]!.GetValue<string>()));
        Assert.Equal("one\n", await File.ReadAllTextAsync(Path.Combine(same.Spec.RunPath, "use", "f")));

        var other = (await engine.TasksAsync(await RunAsync("two")))["use"].Status;
        Assert.Equal((TaskRunPhase.Succeeded, "two"), (other.Phase, other.Outputs!["seen"]!.GetValue<string>()));
        Assert.Contains("environment", other.CacheNote, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rerun_AfterAFailure_ReusesWhatSucceeded()
    {
        await using var engine = await EngineHost.StartAsync();
        var first = await RunJobAsync(engine, "rerun", """
            tasks:
            - {name: a, image: x, command: sh, args: [-c, 'echo x >> ${DATA_PATH}/count; echo hi > ${TASK_PATH}/f; echo "path=${TASK_PATH}/f" >> $$ODIN_OUTPUTS']}
            - {name: b, image: x, command: sh, args: [-c, 'test -e ${DATA_PATH}/ready && cat "$$0"', "^a.outputs.path"]}
            """);
        Assert.Equal(RunPhase.Failed, first.Status.Phase);
        var data = Path.GetDirectoryName(first.Spec.RunPath)!;
        await File.WriteAllTextAsync(Path.Combine(data, "ready"), "");

        var result = await engine.Get<RunSubmitter>().RerunAsync(first.Id, null, "ann", CancellationToken.None);
        var second = await engine.EndAsync(Assert.IsType<SubmitResult.Submitted>(result).Run);
        var tasks = await engine.TasksAsync(second);

        Assert.Equal((RunPhase.Succeeded, first.Id), (second.Status.Phase, second.Spec.RerunOf));
        Assert.Equal(TaskReasons.Reused, tasks["a"].Status.Reason);
        Assert.Equal($"{second.Spec.RunPath}/a/f", tasks["b"].Status.Args![^1]);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(data, "count")));
    }

    [Fact]
    public async Task Plan_AfterARun_SaysWhatTheCacheWouldTake()
    {
        await using var engine = await EngineHost.StartAsync();
        const string definition = """
            tasks:
            - {name: a, image: x, command: sh, args: [-c, 'echo hi > ${TASK_PATH}/f'], outputs: {f: '${TASK_PATH}/f'}}
            - {name: b, image: x, command: cp, args: ["^a.outputs.f", "${TASK_PATH}/g"], inputs: ["^a.outputs.f"], outputs: {g: '${TASK_PATH}/g'}}
            - {name: c, image: x, command: cat, args: ["^b.outputs.g"]}
            """;
        engine.Write("plan", "main.yml", definition);
        var before = await PlanAsync();
        await RunJobAsync(engine, "plan", definition);
        var after = await PlanAsync();

        Assert.Equal(["a:Run", "b:Unknown", "c:Run"], before);
        Assert.Equal(["a:Cached", "b:Cached", "c:Run"], after);

        async Task<IEnumerable<string>> PlanAsync()
        {
            var plan = await engine.Get<RunSubmitter>().PlanAsync(new RunRequest { Job = "plan" }, CancellationToken.None);
            return Assert.IsType<PlanResult.Planned>(plan).Plan.Tasks.Select(t => $"{t.Name}:{t.Decision}");
        }
    }

    private static async Task<Run> RunJobAsync(EngineHost engine, string job, string definition) =>
        await engine.EndAsync(await engine.SubmitAsync(job, definition));

    [Fact]
    public async Task Submit_SameIdempotencyKey_GivesTheSameRun()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("job", "main.yml", "tasks: [{name: a, image: x, command: 'true'}]");
        var runs = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => engine.SubmitAsync("job", r => r with { IdempotencyKey = "k1" })));

        Assert.Single(runs.Select(r => r.Id).Distinct());
    }

    [Fact]
    public async Task Submit_BadDefinition_StoresNothing()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("bad", "main.yml", "tasks: [{name: a, image: x, command: c, depends: b}, {name: a, imag: x}]");
        var result = await engine.Get<RunSubmitter>().SubmitAsync(new RunRequest { Job = "bad" }, CancellationToken.None);

        var refused = Assert.IsType<SubmitResult.Refused>(result);
        Assert.True(refused.Diagnostics.Count >= 3, EngineHost.Describe(result));
        Assert.Empty((await engine.Store.ListAsync<Run>(new ResourceQuery(), CancellationToken.None)).Items);
    }

    [Fact]
    public async Task Restart_InTheMiddle_AdoptsAndRunsEachTaskOnce()
    {
        using var directory = new TemporaryDirectory();
        Run run;
        await using (var first = await EngineHost.StartAsync(directory))
        {
            run = await first.SubmitAsync("restart", """
                tasks:
                - {name: a, image: x, command: sh, args: [-c, 'echo a >> ${RUN_PATH}/lines; until [ -e ${RUN_PATH}/go ]; do sleep 0.05; done']}
                - {name: b, image: x, command: sh, args: [-c, 'echo b >> ${RUN_PATH}/lines'], depends: a}
                """);
            await first.ReachAsync(run, "a", TaskRunPhase.Running);
        }
        await File.WriteAllTextAsync(Path.Combine(run.Spec.RunPath, "go"), "");
        await using var second = await EngineHost.StartAsync(directory);
        run = await second.EndAsync(run);

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        Assert.Equal(["a", "b"], await File.ReadAllLinesAsync(Path.Combine(run.Spec.RunPath, "lines")));
    }
}
