using Microsoft.Extensions.Logging.Abstractions;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;
using Odin.Server.Runs;
using Odin.Storage;

namespace Odin.Server.Tests.Runs;

public sealed class RunFeedTests : IAsyncLifetime
{
    private const int Tasks = 60;

    private readonly InMemoryResourceStore store = new();
    private readonly RunFeeds feeds;

    public RunFeedTests() => feeds = new RunFeeds(store, new RunReader(store, []), TimeProvider.System, NullLogger<RunFeeds>.Instance);

    public async ValueTask InitializeAsync()
    {
        var batch = new ResourceBatch(TimeProvider.System);
        batch.Create(new Run(
            new ResourceMetadata { Id = "r" },
            new RunSpec { Job = "j", PipelineName = "p", WorkPath = "/w", RootPath = "/", RunPath = "/r" },
            new RunStatus { Phase = RunPhase.Running }));
        for (var i = 0; i < Tasks; i++)
        {
            var task = new PipelineTask { Name = $"t{i}", Image = "i", Command = ["true"] };
            batch.Create(new TaskRun(new ResourceMetadata { Id = $"r--t{i}" }, new TaskRunSpec { RunId = "r", Index = i, Task = task, TaskPath = "/t" }, new TaskRunStatus()));
        }
        await store.ApplyAsync(batch, CancellationToken.None);
        await feeds.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await feeds.StopAsync(CancellationToken.None);
        feeds.Dispose();
    }

    [Fact]
    public async Task Read_AfterChanges_HasThemAndOnlyTheirSequenceGrows()
    {
        using var feed = feeds.Open("r");
        var first = await feed.ReadAsync(CancellationToken.None);
        Assert.Equal(Tasks, first!.Rows.Count);
        Assert.Equal(new RunProgress(Tasks, 0, 0, Tasks, 0), first.Progress);

        await SetAsync(3, TaskRunPhase.Running);
        RunSnapshot? second = null;
        await Eventually.True(
            async () => (second = await feed.ReadAsync(CancellationToken.None))!.Rows[3].Status == InheritedStatus.Executing, "the change is seen");
        Assert.Equal(["r--t3"], second!.Rows.Where(r => r.Sequence > first.Sequence).Select(r => r.Id));
        Assert.Equal("r--t3", second.InShownOrder.First().Id);
    }

    [Fact]
    public async Task Read_ARunThatHasJustEnded_HasTheLastStateOfEveryTask()
    {
        using var feed = feeds.Open("r");
        await feed.ReadAsync(CancellationToken.None);
        await SetAsync(0, TaskRunPhase.Running);
        for (var i = 1; i < Tasks; i++)
            await SetAsync(i, TaskRunPhase.Succeeded);
        await EndAsync(RunPhase.Failed);

        // At once, whether or not the notices have arrived.
        var snapshot = await feed.ReadAsync(CancellationToken.None);
        Assert.Equal(new RunProgress(Tasks, Tasks - 1, 0, 0, 1), snapshot!.Progress);
    }

    [Fact]
    public async Task Watch_ByTwo_BothHearEverything()
    {
        var watcher = new RunWatcher(feeds, store, TimeProvider.System);
        var both = new[] { CollectAsync(watcher.WatchAsync("r", CancellationToken.None)), CollectAsync(watcher.WatchAsync("r", CancellationToken.None)) };
        for (var i = 0; i < Tasks; i++)
        {
            await SetAsync(i, TaskRunPhase.Running);
            await SetAsync(i, TaskRunPhase.Succeeded);
        }
        await EndAsync(RunPhase.Succeeded);
        foreach (var events in await Task.WhenAll(both))
        {
            var last = events.OfType<RunEvent.TaskChanged>().GroupBy(e => e.Task.Id).Select(g => g.Last().Task.Status);
            Assert.Equal(Enumerable.Repeat(InheritedStatus.Executed, Tasks), last);
            Assert.Equal(RunPhase.Succeeded, Assert.IsType<RunEvent.Ended>(events[^1]).Run!.Status.Phase);
        }
    }

    [Fact]
    public async Task Watch_ARunThatIsDeleted_Ends()
    {
        var watcher = new RunWatcher(feeds, store, TimeProvider.System);
        var events = CollectAsync(watcher.WatchAsync("r", CancellationToken.None));
        var bare = CollectAsync(watcher.WatchRunAsync("r", CancellationToken.None));
        await store.DeleteAsync<Run>("r", TimeProvider.System, CancellationToken.None);
        Assert.Null(Assert.IsType<RunEvent.Ended>((await events)[^1]).Run);
        Assert.Null(Assert.IsType<RunEvent.Ended>((await bare)[^1]).Run);
        using var feed = feeds.Open("r");
        Assert.Null(await feed.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Open_ManyRuns_KeepsThoseThatAreHeld()
    {
        using var held = feeds.Open("r");
        var first = await held.ReadAsync(CancellationToken.None);
        for (var i = 0; i < 100; i++)
        {
            using var other = feeds.Open($"other{i}");
            Assert.Null(await other.ReadAsync(CancellationToken.None));
        }
        using var again = feeds.Open("r");
        Assert.Same(held.Feed, again.Feed);
        Assert.Equal(first!.Rows.Select(r => (r.Id, r.Version)), (await again.ReadAsync(CancellationToken.None))!.Rows.Select(r => (r.Id, r.Version)));
    }

    private async Task SetAsync(int index, TaskRunPhase phase)
    {
        var task = await store.FindAsync<TaskRun>($"r--t{index}", CancellationToken.None);
        await store.UpdateStatusAsync(task! with { Status = task.Status with { Phase = phase, Submitted = DateTimeOffset.UnixEpoch } }, TimeProvider.System, CancellationToken.None);
    }

    private async Task EndAsync(RunPhase phase)
    {
        var run = await store.FindAsync<Run>("r", CancellationToken.None);
        await store.UpdateStatusAsync(run! with { Status = run.Status with { Phase = phase } }, TimeProvider.System, CancellationToken.None);
    }

    private static async Task<List<RunEvent>> CollectAsync(IAsyncEnumerable<RunEvent> events)
    {
        var all = new List<RunEvent>();
        await foreach (var item in events)
            all.Add(item);
        return all;
    }
}
