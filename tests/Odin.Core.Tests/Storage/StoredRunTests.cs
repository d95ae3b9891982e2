using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Tests.Storage;

/// <summary>The real kinds survive the way to the database and back.</summary>
public sealed class StoredRunTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Run_Stored_ComesBackWhole()
    {
        await using var store = await OpenAsync();
        var run = await store.CreateAsync(
            new Run(
                new ResourceMetadata { Id = "wine-1", Labels = new Dictionary<string, string> { ["k"] = "v" } },
                new RunSpec
                {
                    Job = "team/wine",
                    PipelineName = "wine",
                    WorkPath = "/w",
                    RootPath = "/r",
                    RunPath = "/p",
                    Commit = "abc",
                    OnFailure = FailurePolicy.Continue,
                    Parameters = new JsonObject { ["depth"] = 3, ["names"] = new JsonArray("a", "b") },
                    Notices = ["careful"],
                },
                new RunStatus { Phase = RunPhase.Running, Started = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) }),
            TimeProvider.System, Token);

        AssertSame(run, await store.FindAsync<Run>("wine-1", Token));
        var page = await store.ListAsync<Run>(new ResourceQuery { Parent = "team/wine", Phases = ["Running"] }, Token);
        AssertSame(run, page.Items.Single());
    }

    [Fact]
    public async Task TaskRun_Stored_ComesBackWhole()
    {
        await using var store = await OpenAsync();
        var task = await store.CreateAsync(
            new TaskRun(
                new ResourceMetadata { Id = "wine-1--train" },
                new TaskRunSpec
                {
                    RunId = "wine-1",
                    Index = 2,
                    TaskPath = "/t",
                    Task = new PipelineTask
                    {
                        Name = "train",
                        Image = "python:3",
                        Command = ["python3", "train.py"],
                        Args = ["--depth", "3"],
                        DependsOn = ["prepare"],
                        Env = new Dictionary<string, string> { ["A"] = "1" },
                        Timeout = TimeSpan.FromMinutes(5),
                    },
                },
                new TaskRunStatus
                {
                    Phase = TaskRunPhase.Failed,
                    Attempt = 1,
                    ExitCode = 137,
                    Outputs = new JsonObject { ["model"] = "/m" },
                    Events = [new TaskEvent("Warning", "Killed", "process", "exit 137", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))],
                }),
            TimeProvider.System, Token);

        AssertSame(task, await store.FindAsync<TaskRun>("wine-1--train", Token));
        var page = await store.ListAsync<TaskRun>(new ResourceQuery { Parent = "wine-1", Phases = ["Failed"] }, Token);
        AssertSame(task, page.Items.Single());
    }

    private Task<SqlResourceStore> OpenAsync() =>
        StoreFactory.OpenAsync(new StorageOptions(), directory.Path, TimeProvider.System, NullLogger.Instance, Token);

    // Lists and JSON in records are compared by reference; their text says all.
    private static void AssertSame<T>(T expected, T? actual)
        where T : class, IResource<T> =>
        Assert.Equal(JsonSerializer.Serialize(expected, T.JsonType), JsonSerializer.Serialize(actual!, T.JsonType));
}
