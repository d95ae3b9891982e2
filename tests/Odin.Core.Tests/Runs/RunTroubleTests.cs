using System.Text.Json.Nodes;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Tests.Runs;

/// <summary>Runs whose tasks, files or clean-ups get in the way of the engine.</summary>
public sealed class RunTroubleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Retry_AnotherTaskIsNamedLikeTheAttempt_RunsAllTheSame()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("alike", """
            tasks:
            - {name: train-r2, image: x, command: "true"}
            - {name: train, image: x, command: "false", retries: {limit: 1, backoff: 0s}, depends: train-r2}
            """));

        var train = (await engine.TasksAsync(run))["train"].Status;
        Assert.Equal((RunPhase.Failed, TaskRunPhase.Failed, 2), (run.Status.Phase, train.Phase, train.Attempt));
    }

    [Theory]
    [InlineData("rm -rf ${RUN_PATH}/.odin; touch ${RUN_PATH}/.odin")]
    [InlineData("mkdir -p ${RUN_PATH}/.odin/${PIPE_ID}--b.run.json/full")]
    public async Task Start_RecordOfTheRunCannotBeWritten_FailsTheTask(string script)
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("blocked", $$"""
            tasks:
            - {name: a, image: x, command: sh, args: [-c, '{{script}}']}
            - {name: b, image: x, command: sh, args: [-c, 'odin --help'], depends: a}
            """));

        var b = (await engine.TasksAsync(run))["b"].Status;
        Assert.Equal((RunPhase.Failed, TaskRunPhase.Failed, TaskReasons.WorkspaceFailed), (run.Status.Phase, b.Phase, b.Reason));
        Assert.Contains(".odin", b.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rerun_FilesAreGone_IsAConflict(bool all)
    {
        await using var engine = await EngineHost.StartAsync();
        var first = await engine.EndAsync(await engine.SubmitAsync("gone", OneFails));
        if (all)
            await engine.Get<RunCleaner>().CleanAsync(first.Id, purgeRecords: false, purgeFiles: true, Cancellation);
        else
            File.Delete(Path.Combine(first.Spec.RunPath, "a", "f"));

        var conflict = Assert.IsType<SubmitResult.Conflict>(await engine.Get<RunSubmitter>().RerunAsync(first.Id, null, null, Cancellation));
        Assert.Contains(all ? first.Spec.RunPath : "/a/f'", conflict.Message, StringComparison.Ordinal);
        Assert.IsType<SubmitResult.Conflict>(
            await engine.Get<RunSubmitter>().SubmitAsync(new RunRequest { Job = "gone", From = "b" }, Cancellation));
        // Nothing is taken over then, and so nothing is missing.
        Assert.IsType<SubmitResult.Submitted>(await engine.Get<RunSubmitter>().RerunAsync(first.Id, "a", null, Cancellation));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rerun_FilesGoBeforeItBegins_FailsTheRun(bool purged)
    {
        await using var engine = await EngineHost.StartAsync();
        var first = await engine.EndAsync(await engine.SubmitAsync("gone", OneFails));
        var again = new List<TaskRun>();
        foreach (var task in (await engine.TasksAsync(first)).Values)
            again.Add(Later(first, task));
        await engine.Get<RunCleaner>().CleanAsync(first.Id, purgeRecords: purged, purgeFiles: true, Cancellation);

        var batch = new ResourceBatch(TimeProvider.System);
        foreach (var task in again)
            batch.Create(task);
        var run = batch.Create(first with
        {
            Metadata = new ResourceMetadata { Id = LaterId },
            Spec = first.Spec with { RunPath = LaterPath(first), RerunOf = first.Id },
            Status = new RunStatus(),
        });
        await engine.Store.ApplyAsync(batch, Cancellation);
        run = await engine.EndAsync(run);

        Assert.Equal((RunPhase.Failed, TaskReasons.WorkspaceFailed), (run.Status.Phase, run.Status.Reason));
        Assert.Contains(first.Id, run.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_NulInAParameter_IsRefused()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("nul", "main.yml", """
            parameters: {place: here}
            tasks: [{name: a, image: x, command: "true", working_dir: "${place}"}]
            """);
        var request = new RunRequest { Job = "nul", Parameters = new JsonObject { ["place"] = "a\0b" } };

        var refused = Assert.IsType<SubmitResult.Refused>(await engine.Get<RunSubmitter>().SubmitAsync(request, Cancellation));
        Assert.Contains("NUL", Assert.Single(refused.Diagnostics).Message, StringComparison.Ordinal);
        Assert.IsType<PlanResult.Refused>(await engine.Get<RunSubmitter>().PlanAsync(request, Cancellation));
    }

    [Fact]
    public async Task Start_NulInAStoredTask_FailsTheTask()
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.SubmitAsync("nul", "tasks: [{name: a, image: x, command: sleep, args: ['600']}]");
        var task = (await engine.TasksAsync(run))["a"];
        task = task with { Spec = task.Spec with { Task = task.Spec.Task with { WorkingDir = "a\0b" } } };

        Assert.Contains("NUL", TaskResolver.Resolve(run, task, _ => null).Error, StringComparison.Ordinal);
        await engine.Get<RunCanceller>().CancelAsync(run.Id, "ann", Cancellation);
        await engine.EndAsync(run);
    }

    [Fact]
    public async Task Plan_InputThatIsNoFile_SaysThatItRuns()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("odd", "main.yml", "tasks: [{name: a, image: x, command: 'true', inputs: [/dev/null], outputs: {f: f}}]");
        var result = await engine.Get<RunSubmitter>().PlanAsync(new RunRequest { Job = "odd" }, Cancellation);

        var task = Assert.Single(Assert.IsType<PlanResult.Planned>(result).Plan.Tasks);
        Assert.Equal("Run", task.Decision);
        Assert.Contains("/dev/null", task.Because, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rendered_OnlyStoredRunsKeepTheirCopy()
    {
        using var directory = new TemporaryDirectory();
        await using var engine = await EngineHost.StartAsync(directory);
        var submitter = engine.Get<RunSubmitter>();
        var rendered = engine.Get<RunOptions>().RenderedDirectory;
        engine.Write("wrong", "main.yml.jinja2", "tasks: [{name: a}]");
        engine.Write("right", "main.yml.jinja2", "tasks: [{name: a, image: x, command: 'true'}]");
        var request = new RunRequest { Job = "right", IdempotencyKey = "k1" };

        Assert.IsType<SubmitResult.Refused>(await submitter.SubmitAsync(request with { Job = "wrong" }, Cancellation));
        Assert.IsType<PlanResult.Planned>(await submitter.PlanAsync(request, Cancellation));
        Assert.IsType<SubmitResult.NotFound>(await submitter.SubmitAsync(request with { From = "nobody" }, Cancellation));
        Assert.IsType<SubmitResult.NotFound>(await submitter.SubmitAsync(request with { From = "a" }, Cancellation));
        Assert.Empty(Directory.EnumerateFileSystemEntries(rendered));
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => submitter.SubmitAsync(request, Cancellation)));
        var run = Assert.Single(results.Select(r => ((SubmitResult.Submitted)r).Run).DistinctBy(r => r.Id));
        Assert.Equal([run.Spec.WorkPath], Directory.EnumerateFileSystemEntries(rendered));
        await engine.EndAsync(run);
    }

    [Fact]
    public async Task Rendered_LeftBehind_GoesWithTheNextSweep()
    {
        await using var engine = await EngineHost.StartAsync();
        engine.Write("right", "main.yml.jinja2", "tasks: [{name: a, image: x, command: 'true'}]");
        var run = await engine.EndAsync(await engine.SubmitAsync("right"));
        var rendered = engine.Get<RunOptions>().RenderedDirectory;
        foreach (var name in (string[])["old", "new"])
            Directory.CreateDirectory(Path.Combine(rendered, name));
        foreach (var path in (string[])[Path.Combine(rendered, "old"), run.Spec.WorkPath])
            Directory.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        await engine.Get<RunRetention>().RemoveRenderedAsync(Cancellation);

        Assert.Equal([Path.GetFileName(run.Spec.WorkPath), "new"], Directory.EnumerateFileSystemEntries(rendered).Select(Path.GetFileName).OrderDescending());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_QueuedAndNotStartedInARunThatIsOver_NeverStarts(bool cancelled)
    {
        await using var engine = await EngineHost.StartAsync();
        // As after a crash between the write and the telling: the executor knows nothing of it.
        var first = await engine.EndAsync(await engine.SubmitAsync("crash", """
            tasks:
            - {name: a, image: x, command: "true"}
            - {name: b, image: x, command: sh, args: [-c, 'touch ${DATA_PATH}/started']}
            """));
        var marker = Path.Combine(Path.GetDirectoryName(first.Spec.RunPath)!, "started");
        File.Delete(marker);
        var batch = new ResourceBatch(TimeProvider.System);
        foreach (var task in (await engine.TasksAsync(first)).Values)
        {
            var later = Later(first, task);
            batch.Create(later with
            {
                Spec = later.Spec with { ReusedFrom = null },
                Status = task.Spec.Index == 0
                    ? task.Status with { Phase = TaskRunPhase.Failed, Reason = "NonZeroExit" }
                    : task.Status with { Phase = TaskRunPhase.Queued, Started = null, Finished = null },
            });
        }
        var run = batch.Create(first with
        {
            Metadata = new ResourceMetadata { Id = LaterId },
            Spec = first.Spec with { RunPath = LaterPath(first), CancelledBy = cancelled ? "ann" : null },
            Status = first.Status with { Phase = RunPhase.Running, Finished = null },
        });
        await engine.Store.ApplyAsync(batch, Cancellation);
        run = await engine.EndAsync(run);

        var b = (await engine.TasksAsync(run))["b"].Status;
        Assert.Equal(cancelled ? RunPhase.Cancelled : RunPhase.Failed, run.Status.Phase);
        Assert.Equal((cancelled ? TaskRunPhase.Cancelled : TaskRunPhase.Skipped, 0), (b.Phase, b.Attempt));
        Assert.False(File.Exists(marker));
    }

    private const string LaterId = "later-00000000j";

    private const string OneFails = """
        tasks:
        - {name: a, image: x, command: sh, args: [-c, 'echo hi > f'], outputs: {f: f}}
        - {name: b, image: x, command: "false", depends: a}
        """;

    private static string LaterPath(Run first) => Path.Combine(Path.GetDirectoryName(first.Spec.RunPath)!, LaterId);

    // A task of a run as a later run would have it that takes it over.
    private static TaskRun Later(Run first, TaskRun task) => task with
    {
        Metadata = new ResourceMetadata { Id = RunIds.TaskId(LaterId, task.Spec.Task.Name) },
        Spec = task.Spec with
        {
            RunId = LaterId,
            TaskPath = Path.Combine(LaterPath(first), task.Spec.Task.Name),
            ReusedFrom = task.Status.IsSuccess ? task.Id : null,
        },
        Status = task.Status.IsSuccess ? task.Status with { Attempt = 0, Reason = TaskReasons.Reused } : new TaskRunStatus(),
    };
}
