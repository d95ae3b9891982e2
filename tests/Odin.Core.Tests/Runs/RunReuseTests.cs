using System.Text.Json.Nodes;
using Odin.Runs;

namespace Odin.Tests.Runs;

/// <summary>Runs that take tasks over from an earlier one, and plans of them.</summary>
public sealed class RunReuseTests
{
    private const string Sum = """
        parameters: {rows: 7, title: sum}
        tasks:
        - {name: make, image: x, command: sh, args: [-c, 'echo ${rows} > ${TASK_PATH}/rows'], outputs: {rows: "${TASK_PATH}/rows"}}
        - {name: sum, image: x, command: sh, args: [-c, 'cat "$$0" > ${RUN_PATH}/result; echo ${title} >> ${RUN_PATH}/result', ^make.outputs.rows]}
        - {name: count, image: x, command: cat, args: [^make.outputs.rows], inputs: ^make.outputs.rows, outputs: {n: "${TASK_PATH}/n"}}
        """;

    [Fact]
    public async Task From_OtherParameterOfAReusedTask_IsRefused()
    {
        await using var engine = await EngineHost.StartAsync();
        var first = await engine.EndAsync(await engine.SubmitAsync("sum", Sum));
        foreach (var message in new[] { await RefusalAsync(engine, Rows(8)), await PlanRefusalAsync(engine, Rows(8)) })
        {
            Assert.Contains($"'{first.Id}'", message, StringComparison.Ordinal);
            Assert.Contains("'rows' was \"7\" and is \"8\" now", message, StringComparison.Ordinal);
            Assert.Contains("--from make", message, StringComparison.Ordinal);
            Assert.DoesNotContain("title", message, StringComparison.Ordinal);
        }
        Assert.Equal("7\nsum\n", await SumAsync(engine, Rows("7")));
    }

    [Fact]
    public async Task From_DefaultsAgainstAnEarlierValue_IsRefused()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("sum", "main.yml", Sum);
        await engine.EndAsync(await engine.SubmitAsync("sum", request => request with { Parameters = Rows(8) }));
        Assert.Contains("'rows' was \"8\" and is \"7\" now", await RefusalAsync(engine, null), StringComparison.Ordinal);
        Assert.Equal("8\nsum\n", await SumAsync(engine, Rows(8)));
    }

    [Fact]
    public async Task From_OtherParameterOfATaskThatRuns_IsTaken()
    {
        await using var engine = await EngineHost.StartAsync();
        await engine.EndAsync(await engine.SubmitAsync("sum", Sum));
        Assert.Equal("7\ntotal\n", await SumAsync(engine, new JsonObject { ["title"] = "total" }));
    }

    [Fact]
    public async Task From_OtherTemplateValue_IsRefusedWhenFilesDiffer()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("made", "main.yml.jinja2", """
            tasks:
            - {name: make, image: x, command: echo, args: ["{{ depth }}"]}
            - {name: sum, image: x, command: "true", depends: make}
            """);
        JsonObject Depth(int depth) => new() { ["depth"] = depth };
        await engine.EndAsync(await engine.SubmitAsync("made", request => request with { Parameters = Depth(1) }));
        Assert.Contains("'depth' was \"1\" and is \"2\" now", await RefusalAsync(engine, Depth(2), "made"), StringComparison.Ordinal);
        await engine.EndAsync(await engine.SubmitAsync("made", request => request with { Parameters = Depth(1), From = "sum" }));
    }

    [Fact]
    public async Task Plan_From_ShowsWhatIsReused()
    {
        await using var engine = await EngineHost.StartAsync();
        var first = await engine.EndAsync(await engine.SubmitAsync("sum", Sum));
        var result = await engine.Get<RunSubmitter>().PlanAsync(new RunRequest { Job = "sum", From = "sum" }, CancellationToken.None);
        var tasks = Assert.IsType<PlanResult.Planned>(result).Plan.Tasks.ToDictionary(task => task.Name);
        Assert.Equal(("Reused", $"Taken over from run '{first.Id}'."), (tasks["make"].Decision, tasks["make"].Because));
        Assert.Equal("Run", tasks["sum"].Decision);
        Assert.EndsWith("/make/rows", tasks["sum"].Args[^1], StringComparison.Ordinal);
        var missing = await engine.Get<RunSubmitter>().PlanAsync(new RunRequest { Job = "sum", From = "nope" }, CancellationToken.None);
        Assert.Contains("it has: make, sum, count", Assert.IsType<PlanResult.NotFound>(missing).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_From_AsksTheCacheWithTheFilesOfTheEarlierRun()
    {
        const string yaml = """
            tasks:
            - {name: make, image: x, command: sh, args: [-c, 'echo 1 > ${TASK_PATH}/rows'], outputs: {rows: "${TASK_PATH}/rows"}}
            - {name: other, image: x, command: "true", depends: make}
            - {name: count, image: x, command: cp, args: [^make.outputs.rows, "${TASK_PATH}/n"], inputs: ["${RUN_PATH}/make/rows"], outputs: {n: "${TASK_PATH}/n"}, depends: other}
            """;
        await using var engine = await EngineHost.StartAsync();
        await engine.EndAsync(await engine.SubmitAsync("cached", yaml.Replace(", depends: other", "", StringComparison.Ordinal)));
        var result = await engine.Get<RunSubmitter>().PlanAsync(new RunRequest { Job = "cached", From = "count" }, CancellationToken.None);
        Assert.Equal(
            ["make:Reused", "other:Reused", "count:Cached"],
            Assert.IsType<PlanResult.Planned>(result).Plan.Tasks.Select(task => $"{task.Name}:{task.Decision}"));
    }

    [Fact]
    public async Task Record_HasParametersWithDefaults()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("sum", "main.yml", Sum);
        var run = await engine.EndAsync(await engine.SubmitAsync("sum", request => request with { Parameters = Rows("8") }));
        Assert.Equal("""{"rows":8,"title":"sum"}""", RunRecord.Of(run, [])["parameters"]!.ToJsonString());
    }

    private static JsonObject Rows(JsonNode rows) => new() { ["rows"] = rows };

    private static async Task<string> SumAsync(EngineHost engine, JsonObject? parameters)
    {
        var run = await engine.EndAsync(await engine.SubmitAsync("sum", request => request with { Parameters = parameters, From = "sum" }));
        var tasks = await engine.TasksAsync(run);
        Assert.NotNull(tasks["make"].Spec.ReusedFrom);
        return await File.ReadAllTextAsync(Path.Combine(run.Spec.RunPath, "result"));
    }

    private static async Task<string> RefusalAsync(EngineHost engine, JsonObject? parameters, string job = "sum")
    {
        var request = new RunRequest { Job = job, From = "sum", Parameters = parameters };
        return Assert.IsType<SubmitResult.Conflict>(await engine.Get<RunSubmitter>().SubmitAsync(request, CancellationToken.None)).Message;
    }

    private static async Task<string> PlanRefusalAsync(EngineHost engine, JsonObject? parameters)
    {
        var request = new RunRequest { Job = "sum", From = "sum", Parameters = parameters };
        return Assert.IsType<PlanResult.Conflict>(await engine.Get<RunSubmitter>().PlanAsync(request, CancellationToken.None)).Message;
    }
}
