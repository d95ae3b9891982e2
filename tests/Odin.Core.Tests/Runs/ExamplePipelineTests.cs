using System.Text.Json.Nodes;
using Odin.Runs;

namespace Odin.Tests.Runs;

/// <summary>Every job under <c>examples/pipelines</c>, run by the real engine.</summary>
public sealed class ExamplePipelineTests
{
    private static readonly string Examples = Path.Combine(SourceTree.Root, "examples", "pipelines");

    /// <summary>The demo's own command line is tested end to end; here it needs an interpreter with scikit-learn.</summary>
    private static string Python => Environment.GetEnvironmentVariable("ODIN_DEMO_PYTHON") ?? "/usr/bin/python3";

    public static TheoryData<string> Jobs => [.. Directory.GetDirectories(Examples).Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Jobs))]
    public async Task Run_EveryExample_Succeeds(string job)
    {
        await using var engine = await EngineHost.StartAsync(configure: options => options.JobDirectory = Examples);
        var run = await RunAsync(engine, job);
        var failed = (await engine.TasksAsync(run)).Values.Where(task => !task.Status.IsSuccess)
            .Select(task => $"{task.Id}: {task.Status.Phase} {task.Status.Reason} {task.Status.Message}");
        Assert.True(run.Status.Phase == RunPhase.Succeeded, $"{run.Status.Message}\n{string.Join('\n', failed)}");
    }

    [Fact]
    public async Task Run_WineTwice_TakesEverythingFromTheCacheAndKeepsTheValues()
    {
        await using var engine = await EngineHost.StartAsync(configure: options => options.JobDirectory = Examples);
        var first = await engine.TasksAsync(await RunAsync(engine, "wine"));
        var second = await engine.TasksAsync(await RunAsync(engine, "wine"));

        Assert.All(first.Values, task => Assert.Equal(TaskRunPhase.Succeeded, task.Status.Phase));
        Assert.All(second.Values, task => Assert.Equal(TaskRunPhase.Cached, task.Status.Phase));
        Assert.InRange((double)second["evaluate"].Status.Outputs!["accuracy"]!, 0.9, 1.0);
        Assert.Equal((string?)first["evaluate"].Status.Outputs!["best"], (string?)second["evaluate"].Status.Outputs!["best"]);
        var report = await File.ReadAllTextAsync((string)second["report"].Status.Outputs!["report"]!, TestContext.Current.CancellationToken);
        Assert.Contains("<svg", report, StringComparison.Ordinal);
    }

    private static async Task<Run> RunAsync(EngineHost engine, string job) => await engine.EndAsync(await engine.SubmitAsync(
        job, request => job == "wine" ? request with { Parameters = new JsonObject { ["python"] = Python } } : request));
}
