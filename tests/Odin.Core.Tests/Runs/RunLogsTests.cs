using System.Text;
using Odin.Execution;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Tests.Runs;

/// <summary>Following logs, over a store and log files made by hand.</summary>
public sealed class RunLogsTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly InMemoryResourceStore store = new();
    private LogStore files = null!;
    private RunLogs logs = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        files = new LogStore(directory.Path);
        logs = new RunLogs(store, files, new LiveLogs([]));
        var run = new Run(
            new ResourceMetadata { Id = "r" },
            new RunSpec { Job = "job", WorkPath = "/w", RootPath = "/", RunPath = "/r", PipelineName = "p" },
            new RunStatus { Phase = RunPhase.Running });
        await store.CreateAsync(run, TimeProvider.System, Cancellation);
    }

    public ValueTask DisposeAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(TaskRunPhase.Succeeded, RunLogFollower.MostEnded)]
    [InlineData(TaskRunPhase.Running, RunLogFollower.MostLive + RunLogFollower.MostEnded)]
    public async Task Follow_ManyTasks_KeepsFewLogsOpenAndLosesNothing(TaskRunPhase phase, int most)
    {
        const int tasks = 150, linesEach = 100;
        for (var i = 0; i < tasks; i++)
        {
            await CreateAsync($"t{i}", phase, 1);
            await WriteAsync($"r--t{i}", string.Concat(Enumerable.Range(0, linesEach).Select(n => $"{i} {n}\n")));
        }
        var seen = new List<string>();
        var ending = Task.CompletedTask;
        await foreach (var line in await FollowAsync("r"))
        {
            if (seen.Count % 250 == 0)
                Assert.InRange(OpenLogs(), 0, most);
            seen.Add(line);
            // Those that run end while they are followed, and while others wait for that.
            if (seen.Count == 1)
                ending = EndAllAsync(tasks, phase);
        }
        await ending;
        Assert.Equal(tasks * linesEach, seen.Count);
        for (var i = 0; i < tasks; i++)
            Assert.Equal(Enumerable.Range(0, linesEach).Select(n => $"[t{i}] {i} {n}\n"), seen.Where(l => l.StartsWith($"[t{i}] ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task FollowRun_LeftEarly_LetsGo()
    {
        for (var i = 0; i < 100; i++)
        {
            await CreateAsync($"t{i}", TaskRunPhase.Running, 1);
            await WriteAsync($"r--t{i}", "line\n");
        }
        await foreach (var line in await FollowAsync("r"))
            break;
        Assert.Equal(0, OpenLogs());
    }

    /// <summary>A line may have 64 KiB, and anybody on the machine may open a log and then not read it.</summary>
    [Fact]
    public async Task FollowRun_ReaderStandsStill_HoldsAMegabyteAtMost()
    {
        const int lines = 100, length = 60_000;
        await CreateAsync("a", TaskRunPhase.Succeeded, 1);
        await WriteAsync("r--a", string.Concat(Enumerable.Range(0, lines).Select(n => new string((char)('a' + n % 26), length) + "\n")));
        await EndRunAsync();
        var follower = new RunLogFollower(store, files, "r", new LogRequest(Follow: true));
        await using var reader = follower.ReadAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await reader.MoveNextAsync());
        // Full: not one line more fits in.
        await Eventually.True(() => follower.Held > RunLogFollower.MostBytes - length * sizeof(char) - 100, "the follower reads ahead");
        Assert.InRange(follower.Held, 0, RunLogFollower.MostBytes);

        var read = 1;
        while (await reader.MoveNextAsync())
        {
            Assert.Equal($"[a] {(char)('a' + read % 26)}", reader.Current[..5]);
            Assert.InRange(follower.Held, 0, RunLogFollower.MostBytes);
            read++;
        }
        Assert.Equal(lines, read);
    }

    [Theory]
    [InlineData("r", "[a] ")]
    [InlineData("r--a", "")]
    public async Task Follow_TaskIsRetried_GoesOnWithTheNextAttempt(string id, string prefix)
    {
        await CreateAsync("a", TaskRunPhase.Running, 1);
        await WriteAsync("r--a", "first\n");
        await using var lines = (await FollowAsync(id)).GetAsyncEnumerator(Cancellation);
        async Task<string> NextAsync()
        {
            Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
            return lines.Current[prefix.Length..];
        }
        Assert.Equal("first\n", await NextAsync());
        await SetAsync("a", TaskRunPhase.Waiting, 1);
        await SetAsync("a", TaskRunPhase.Queued, 2);
        await SetAsync("a", TaskRunPhase.Running, 2);
        await WriteAsync("r--a--r2", "second\n");
        Assert.Equal("[odin] attempt 2 of 4\n", await NextAsync());
        Assert.Equal("second\n", await NextAsync());
        // Two at once, as when a reader is slower than the attempts.
        await WriteAsync("r--a--r3", "third\n");
        await WriteAsync("r--a--r4", "fourth\n");
        await SetAsync("a", TaskRunPhase.Failed, 4);
        await EndRunAsync();
        Assert.Equal(["[odin] attempt 3 of 4\n", "third\n", "[odin] attempt 4 of 4\n", "fourth\n"], [await NextAsync(), await NextAsync(), await NextAsync(), await NextAsync()]);
        Assert.False(await lines.MoveNextAsync());
        Assert.Equal("second\n", Assert.Single(await (await logs.FindAsync("r--a--r2", new LogRequest(), Cancellation))!.ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task Snapshot_TaskOfSeveralPods_HasABlockForEach()
    {
        await CreateAsync("a", TaskRunPhase.Succeeded, 1, ResourceTypes.PyTorchJob);
        await CreateAsync("b", TaskRunPhase.Succeeded, 1);
        await WriteAsync("r--b", "single\n");
        foreach (var (pod, isMain) in ((string, bool)[])[("r--a-master-0", true), ("r--a-worker-0", false)])
            await WritePodAsync("r--a", pod, "1", isMain, $"I am {pod}\n");
        await WritePodAsync("r--a", "r--a-worker-0", "2", false, "once more\n");

        const string Names = "r--a-master-0\nr--a-worker-0\nr--a-worker-0\n", Rule = "================\n", Thin = "\n----------------\n";
        const string Blocks = $"{Rule}r--a-master-0{Thin}I am r--a-master-0\n{Rule}r--a-worker-0{Thin}I am r--a-worker-0\n{Rule}r--a-worker-0{Thin}once more\n";
        Assert.Equal($"Found 3 pods,\n{Names}using pod/r--a-master-0\n{Blocks}", await ReadAsync("r--a", new LogRequest()));
        Assert.Equal(await ReadAsync("r--a", new LogRequest()), string.Concat(await (await logs.FindSnapshotAsync("r--a", new LogRequest(), Cancellation))!.ToListAsync(Cancellation)));
        Assert.Equal($"Found 4 pods,\n{Names}r--b\nusing pod/r--a-master-0\n{Blocks}{Rule}r--b{Thin}single\n", await ReadAsync("r", new LogRequest()));
        Assert.Equal("I am r--a-worker-0\nonce more\n", await ReadAsync("r--a-worker-0", new LogRequest()));
        Assert.Equal("I am r--a-master-0\n", await ReadAsync("r--a-master-0", new LogRequest(Follow: true)));
        Assert.Null(await logs.FindAsync("r--a-worker-7", new LogRequest(), Cancellation));
        // One pod: as it is.
        Assert.Equal("single\n", await ReadAsync("r--b", new LogRequest()));
    }

    [Theory]
    [InlineData("r", "[a] ")]
    [InlineData("r--a", "")]
    public async Task Follow_TaskOfSeveralPods_HasTheLinesOfAllAlsoOfThoseThatComeLater(string id, string prefix)
    {
        await CreateAsync("a", TaskRunPhase.Running, 1, ResourceTypes.MPIJob);
        await WritePodAsync("r--a", "r--a-launcher-xyz", "1", true, "up\n");
        await using var lines = (await FollowAsync(id)).GetAsyncEnumerator(Cancellation);
        async Task<string> NextAsync()
        {
            Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
            return lines.Current;
        }
        Assert.Equal($"{prefix}up\n", await NextAsync());
        await WritePodAsync("r--a", "r--a-worker-0", "1", false, "here\n");
        Assert.Equal($"{prefix}[worker-0] here\n", await NextAsync());
        await WritePodAsync("r--a", "somebody-else", "1", false, "too\n");
        Assert.Equal($"{prefix}[somebody-else] too\n", await NextAsync());
        await WritePodAsync("r--a", "r--a-launcher-xyz", "1", true, "down");
        await SetAsync("a", TaskRunPhase.Succeeded, 1);
        await EndRunAsync();
        Assert.Equal($"{prefix}down\n", await NextAsync());
        Assert.False(await lines.MoveNextAsync());
    }

    [Fact]
    public async Task FollowPods_LeftEarly_LetsGo()
    {
        await CreateAsync("a", TaskRunPhase.Running, 1, ResourceTypes.TFJob);
        for (var i = 0; i < 20; i++)
            await WritePodAsync("r--a", $"r--a-worker-{i}", "1", i == 0, "line\n");
        foreach (var id in (string[])["r", "r--a"])
        {
            await foreach (var line in await FollowAsync(id))
                break;
            Assert.Equal(0, OpenLogs());
        }
    }

    [Fact]
    public async Task Follow_TaskHasNotStarted_WaitsForIt()
    {
        await CreateAsync("a", TaskRunPhase.Waiting, 0);
        await using var lines = (await FollowAsync("r--a")).GetAsyncEnumerator(Cancellation);
        var next = lines.MoveNextAsync().AsTask();
        await SetAsync("a", TaskRunPhase.Running, 1);
        await WriteAsync("r--a", "up\n");
        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Equal("up\n", lines.Current);
        await SetAsync("a", TaskRunPhase.Succeeded, 1);
        Assert.False(await lines.MoveNextAsync());
    }

    private async Task<IAsyncEnumerable<string>> FollowAsync(string id) =>
        (await logs.FindAsync(id, new LogRequest(Follow: true), Cancellation))!;

    private async Task EndAllAsync(int tasks, TaskRunPhase phase)
    {
        for (var i = 0; i < tasks && phase is TaskRunPhase.Running; i++)
            await SetAsync($"t{i}", TaskRunPhase.Succeeded, 1);
        await EndRunAsync();
    }

    private async Task EndRunAsync()
    {
        var run = (await store.FindAsync<Run>("r", Cancellation))!;
        await store.UpdateStatusAsync(run with { Status = run.Status with { Phase = RunPhase.Succeeded } }, TimeProvider.System, Cancellation);
    }

    private async Task<string> ReadAsync(string id, LogRequest request) =>
        string.Concat(await (await logs.FindAsync(id, request, Cancellation))!.ToListAsync(Cancellation));

    private Task WritePodAsync(string attemptId, string pod, string instance, bool isMain, string text) =>
        files.AppendAsync(new LogKey(new ExecutionKey("r", attemptId), new LogPart(pod, instance, isMain)), Encoding.UTF8.GetBytes(text), Cancellation);

    private Task<TaskRun> CreateAsync(string name, TaskRunPhase phase, int attempt, string type = ResourceTypes.Pod) => store.CreateAsync(
        new TaskRun(
            new ResourceMetadata { Id = $"r--{name}" },
            new TaskRunSpec
            {
                RunId = "r",
                Index = 0,
                TaskPath = "/r",
                Task = new PipelineTask { Name = name, Image = "i", Command = ["true"], ResourceType = type, Retries = new RetryPolicy { Limit = 3 } },
            },
            new TaskRunStatus { Phase = phase, Attempt = attempt }),
        TimeProvider.System,
        Cancellation);

    private async Task SetAsync(string name, TaskRunPhase phase, int attempt)
    {
        var task = (await store.FindAsync<TaskRun>($"r--{name}", Cancellation))!;
        await store.UpdateStatusAsync(task with { Status = task.Status with { Phase = phase, Attempt = attempt } }, TimeProvider.System, Cancellation);
    }

    private Task WriteAsync(string attemptId, string text) =>
        files.AppendAsync(new ExecutionKey("r", attemptId), Encoding.UTF8.GetBytes(text), Cancellation);

    private int OpenLogs() => new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
        .Count(d => d.LinkTarget?.StartsWith(directory.Path, StringComparison.Ordinal) == true);
}
