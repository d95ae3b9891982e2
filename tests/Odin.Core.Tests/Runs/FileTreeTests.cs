using Odin.Execution;
using Odin.Runs;

namespace Odin.Tests.Runs;

/// <summary>What programs leave behind beside files: nothing of it may keep us waiting or lead us astray.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class FileTreeTests : IDisposable
{
    private const string Job = """
        tasks:
        - {name: a, image: x, command: sh, args: [-c, 'SCRIPT'], outputs: {out: '${TASK_PATH}/out'}}
        """;

    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Hash_PipeInADirectory_IsPassedOver()
    {
        Write("d/a", "text");
        var before = await HashAsync("d");
        SpecialFile.MakePipe(directory["d/pipe"]);
        Assert.Equal(before, await HashAsync("d"));
    }

    [Fact]
    public async Task Hash_PipeItself_IsRefused()
    {
        SpecialFile.MakePipe(directory["pipe"]);
        Assert.Contains("a pipe", (await Assert.ThrowsAsync<IOException>(() => HashAsync("pipe"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => TaskHash.FilesAsync(["/dev/zero"], Cancellation));
        Assert.Throws<IOException>(() => RegularFile.Open(directory["pipe"]));
    }

    [Fact]
    public async Task Hash_LinksInCircles_AreFollowedOnce()
    {
        Write("d/sub/a", "text");
        // Each of them alone doubles the paths at every level.
        foreach (var name in (string[])["one", "two", "three"])
            Directory.CreateSymbolicLink(directory[$"d/sub/{name}"], directory["d"]);
        File.CreateSymbolicLink(directory["d/itself"], "itself");
        File.CreateSymbolicLink(directory["d/nothing"], "nowhere");
        Assert.Equal(await HashAsync("d/sub/a"), await HashAsync("d"));
    }

    [Fact]
    public async Task Copy_PipesAndCircles_AreLeftOut()
    {
        Write("d/a", "text");
        File.SetUnixFileMode(directory["d/a"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        SpecialFile.MakePipe(directory["d/pipe"]);
        Directory.CreateSymbolicLink(directory["d/circle"], ".");
        await FileCopy.ReplaceAsync(directory["d"], directory["copy"], Cancellation);
        Assert.Equal(["a", "circle"], Directory.GetFileSystemEntries(directory["copy"]).Select(Path.GetFileName).Order());
        Assert.Equal("text", await File.ReadAllTextAsync(directory["copy/a"], Cancellation));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(directory["copy/a"]));
        SpecialFile.MakePipe(directory["pipe"]);
        await Assert.ThrowsAsync<IOException>(() => FileCopy.ReplaceAsync(directory["pipe"], directory["copy"], Cancellation));
    }

    [Fact]
    public async Task Copy_LinksWithinTheSource_LeadIntoTheCopy()
    {
        Write("run/d/sub/file", "text");
        Write("run/other", "text");
        Directory.CreateSymbolicLink(directory["alias"], directory["run"]);
        foreach (var (name, target) in new Dictionary<string, string>
        {
            ["whole"] = directory["run/d"],
            ["inner"] = directory["run/d/sub"],
            ["real"] = directory["run/d/sub/file"],
            ["relative"] = "sub/file",
            ["beside"] = directory["run/other"],
            ["alike"] = directory["run/d-not"],
        })
            File.CreateSymbolicLink(directory[$"run/d/{name}"], target);
        // The source by another name than the one that its links have.
        foreach (var (source, copy) in new[] { ("run/d", "copy"), ("alias/d", "copy2") })
        {
            await FileCopy.ReplaceAsync(directory[source], directory[copy], Cancellation);
            string? Target(string name) => new FileInfo(directory[$"{copy}/{name}"]).LinkTarget;
            Assert.Equal(directory[copy], Target("whole"));
            Assert.Equal(directory[$"{copy}/sub"], Target("inner"));
            Assert.Equal(directory[$"{copy}/sub/file"], Target("real"));
            Assert.Equal("sub/file", Target("relative"));
            Assert.Equal(directory["run/other"], Target("beside"));
            Assert.Equal(directory["run/d-not"], Target("alike"));
        }
    }

    [Fact]
    public async Task Copy_SeveralToOnePlace_AreWholeAndLeaveNothing()
    {
        Write("large", new string('x', 8 << 20));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => FileCopy.ReplaceAsync(directory["large"], directory["copies/one"], Cancellation), Cancellation)));
        Assert.Equal(8 << 20, new FileInfo(directory["copies/one"]).Length);
        await Assert.ThrowsAsync<FileNotFoundException>(() => FileCopy.ReplaceAsync(directory["nothing"], directory["copies/two"], Cancellation));
        Assert.Single(Directory.GetFileSystemEntries(directory["copies"]));
    }

    [Fact]
    public async Task Copy_Cancelled_Stops()
    {
        Write("large", new string('x', 3 << 20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FileCopy.ReplaceAsync("/proc/self/maps", directory["copy"], new CancellationToken(true)));
        Assert.False(File.Exists(directory["copy"]));
    }

    [Theory]
    [InlineData("mkfifo out", "a pipe")]
    [InlineData("ln -s /etc/passwd out", "leads out")]
    [InlineData("mkdir out; ln -s /etc out/etc", "leads out")]
    public async Task Run_OutputsThatAreNoFiles_SucceedsUncached(string script, string why)
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("odd", Job.Replace("SCRIPT", script, StringComparison.Ordinal)));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        var note = Assert.Single((await engine.TasksAsync(run))["a"].Status.Events, e => e.Reason == "OutputsNotCached");
        Assert.Contains(why, note.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_WhileALargeOutputIsHashed_EndsTheRunSoon()
    {
        await using var engine = await EngineHost.StartAsync();
        // A file of holes: no room on the disk, and more than an hour of hashing.
        var run = await engine.SubmitAsync("large", Job.Replace("SCRIPT", "truncate -s 8T out", StringComparison.Ordinal));
        var task = RunIds.TaskId(run.Id, "a");
        var executor = engine.Get<ExecutorSet>().All.Single();
        await Eventually.True(
            async () => await executor.FindAsync(new ExecutionKey(run.Id, RunIds.AttemptId(task, 1)), Cancellation) is { IsEnded: true }, "the program has ended");
        Assert.True(await engine.Get<RunCanceller>().CancelAsync(run.Id, "ann", Cancellation));
        run = await engine.EndAsync(run);

        Assert.Equal(RunPhase.Cancelled, run.Status.Phase);
        var status = (await engine.TasksAsync(run))["a"].Status;
        Assert.Equal(TaskRunPhase.Succeeded, status.Phase);
        Assert.Contains(status.Events, e => e.Reason == "OutputsNotCached");
    }

    [Theory]
    [InlineData("mkfifo $$ODIN_OUTPUTS", "no regular file")]
    [InlineData("ln -s /dev/zero $$ODIN_OUTPUTS", "leads out")]
    [InlineData("ln -s /etc/passwd $$ODIN_RECORD", "leads out")]
    public async Task Run_RecordThatIsNoFile_FailsTheTask(string script, string why)
    {
        await using var engine = await EngineHost.StartAsync();
        var run = await engine.EndAsync(await engine.SubmitAsync("odd", Job.Replace("SCRIPT", script, StringComparison.Ordinal)));

        var status = (await engine.TasksAsync(run))["a"].Status;
        Assert.Equal((TaskRunPhase.Failed, TaskReasons.BadOutputs), (status.Phase, status.Reason));
        Assert.Contains(why, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PipeAmongInputsAndJobFiles_Ends()
    {
        await using var engine = await EngineHost.StartAsync();
        SpecialFile.MakePipe(directory["pipe"]);
        engine.Write("odd", "file", "");
        SpecialFile.MakePipe(engine.PathOf("odd", "pipe"));
        Directory.CreateSymbolicLink(engine.PathOf("odd", "circle"), ".");
        var run = await engine.EndAsync(await engine.SubmitAsync("odd",
            Job.Replace("SCRIPT", "touch out", StringComparison.Ordinal).Replace("outputs:", $"inputs: '{directory["pipe"]}', outputs:", StringComparison.Ordinal)));

        Assert.Equal(RunPhase.Succeeded, run.Status.Phase);
        Assert.Contains("a pipe", (await engine.TasksAsync(run))["a"].Status.CacheNote, StringComparison.Ordinal);
    }

    private Task<string> HashAsync(string name) => TaskHash.FilesAsync([directory[name]], Cancellation);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(directory[name])!);
        File.WriteAllText(directory[name], text);
    }
}
