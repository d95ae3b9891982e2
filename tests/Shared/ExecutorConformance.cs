using System.Text;
using Odin.Execution;

namespace Odin.Testing;

/// <summary>
/// What every executor does. Commands are given to <c>/bin/sh</c>; paths below <see cref="Scratch"/> mean the same
/// inside and outside.
/// </summary>
public abstract class ExecutorConformance : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private IExecutor? executor;
    private StatusRecorder? recorder;
    private int created;

    protected IExecutor Executor => executor!;

    protected StatusRecorder Recorder => recorder!;

    protected LogStore Logs { get; private set; } = null!;

    /// <summary>For files of the test.</summary>
    protected string Scratch => directory.Path;

    /// <summary>Whether output and errors come in the order in which they were written; a container runtime reads them side by side.</summary>
    protected virtual bool KeepsOrderOfStreams => true;

    /// <summary>Whether a carriage return before the end of a line is kept; some container runtimes drop it.</summary>
    protected virtual bool KeepsLineEnds => true;

    /// <summary>
    /// Whether the exit code of a program that was stopped is always known; a kubelet may take the pod away before it has told of it.
    /// </summary>
    protected virtual bool KeepsExitCodeOfStopped => true;

    /// <summary>Keeps the names of one test from those of another, where they share a place.</summary>
    protected virtual string Suffix => "";

    /// <summary>Makes an executor over what earlier ones have left in the directory.</summary>
    /// <param name="state">A directory for its own use.</param>
    /// <param name="slots">How many run at once.</param>
    protected abstract IExecutor Create(string state, LogStore logs, int slots);

    public async ValueTask InitializeAsync()
    {
        Logs = new LogStore(directory["logs"]);
        await OpenAsync(4);
    }

    public async ValueTask DisposeAsync()
    {
        // So that no test leaves programs behind.
        foreach (var status in Recorder.All.Select(s => s.Key).Distinct())
            await Executor.StopAsync(status, StopReason.Cancelled, default);
        await CloseAsync();
        directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Start_ExitCodeZero_Succeeds()
    {
        var status = await RunAsync("exit 0");
        Assert.Equal(ExecutionPhase.Succeeded, status.Phase);
        Assert.Equal(0, status.ExitCode);
        Assert.Null(status.Reason);
        Assert.NotNull(status.Started);
        Assert.True(status.Finished >= status.Started);
        Assert.NotNull(status.ResourceId);
        AssertSame(status, await Executor.FindAsync(status.Key, default));
    }

    [Theory]
    [InlineData("exit 3", 3, ExecutionReasons.NonZeroExit, "3")]
    [InlineData("sh -c 'kill -9 $$'; exit $?", 137, ExecutionReasons.Killed, "SIGKILL")]
    [InlineData("sh -c 'kill -SEGV $$'; exit $?", 139, ExecutionReasons.Killed, "SIGSEGV")]
    [InlineData("no-such-command-here", 127, ExecutionReasons.CommandNotFound, "127")]
    public async Task Start_ProgramFails_SaysHow(string script, int code, string reason, string message)
    {
        var status = await RunAsync(script);
        Assert.Equal(ExecutionPhase.Failed, status.Phase);
        Assert.Equal(code, status.ExitCode);
        Assert.Equal(reason, status.Reason);
        Assert.Contains(message, status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-command-here", ExecutionReasons.CommandNotFound)]
    [InlineData("/no/such/command", ExecutionReasons.CommandNotFound)]
    [InlineData("/etc/passwd", ExecutionReasons.CommandNotExecutable)]
    public async Task Start_CommandUnusable_FailsWithItsName(string command, string reason)
    {
        var spec = Spec("unusable", command);
        await Executor.StartAsync(spec, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionPhase.Failed, status.Phase);
        Assert.Equal(reason, status.Reason);
        Assert.Contains(command, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ManyTimesAndAfterRestart_StartsOnce()
    {
        var spec = Script("once", $"echo started >> {Scratch}/once");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Executor.StartAsync(spec, default)));
        await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionPhase.Succeeded, (await Executor.StartAsync(spec, default)).Phase);
        await RestartAsync();
        Assert.Equal(ExecutionPhase.Succeeded, (await Executor.StartAsync(spec, default)).Phase);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Scratch, "once")));
    }

    [Fact]
    public async Task Start_MoreThanSlots_QueuesAndRunsAll()
    {
        await RestartAsync(slots: 2);
        var gate = Path.Combine(Scratch, "gate");
        var specs = Enumerable.Range(0, 6).Select(i => Script($"queued-{i}", WaitFor(gate))).ToList();
        foreach (var spec in specs)
            await Executor.StartAsync(spec, default);
        var last = await Executor.FindAsync(specs[^1].Key, default);
        Assert.Equal(ExecutionPhase.Queued, last!.Phase);
        Assert.Equal(ExecutionReasons.WaitingForSlot, last.Reason);
        Assert.Equal("2 of 2 slots are busy; 4 wait", last.Message);
        await File.WriteAllTextAsync(gate, "");
        foreach (var spec in specs)
            Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(spec.Key)).Phase);
    }

    [Theory]
    [InlineData(StopReason.Cancelled)]
    [InlineData(StopReason.Timeout)]
    [InlineData(StopReason.FailFast)]
    public async Task Stop_Running_EndsWithTheReason(StopReason reason)
    {
        var spec = Script("running", "echo up; sleep 1000");
        await StartAndSeeAsync(spec, "up");
        await Executor.StopAsync(spec.Key, reason, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionPhase.Failed, status.Phase);
        Assert.Equal(reason.ToString(), status.Reason);
        await RestartAsync();
        Assert.Equal(reason.ToString(), (await Executor.FindAsync(spec.Key, default))!.Reason);
    }

    [Fact]
    public async Task Stop_ProgramAnswersWithExitCodeZero_CountsAsStopped()
    {
        var spec = Script("obedient", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        await StartAndSeeAsync(spec, "up");
        await Executor.StopAsync(spec.Key, StopReason.Cancelled, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.Cancelled, status.Reason);
        if (KeepsExitCodeOfStopped || status.ExitCode is not null)
            Assert.Equal(0, status.ExitCode);
        Assert.Contains("bye", await ReadLogAsync(spec.Key), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_ProgramIgnoresIt_KillsAfterTheGracePeriod()
    {
        var spec = Script("deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done") with { GracePeriod = TimeSpan.FromMilliseconds(300) };
        await StartAndSeeAsync(spec, "up");
        await Executor.StopAsync(spec.Key, StopReason.Cancelled, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.Cancelled, status.Reason);
        Assert.Equal(137, status.ExitCode);
    }

    [Fact]
    public async Task Stop_Queued_NeverStartsIt()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        var first = Script("first", WaitFor(gate));
        var second = Script("second", $"touch {Scratch}/second");
        await Executor.StartAsync(first, default);
        await Executor.StartAsync(second, default);
        await Executor.StopAsync(second.Key, StopReason.PendingTimeout, default);
        var status = await Recorder.EndOf(second.Key);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.PendingTimeout), (status.Phase, status.Reason));
        await RestartAsync(slots: 1);
        status = await Executor.StartAsync(second, default);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.PendingTimeout), (status.Phase, status.Reason));
        await Executor.StartAsync(first, default);
        await File.WriteAllTextAsync(gate, "");
        await Recorder.EndOf(first.Key);
        Assert.False(File.Exists(Path.Combine(Scratch, "second")));
    }

    [Fact]
    public async Task Stop_UnknownOrEnded_ChangesNothing()
    {
        await Executor.StopAsync(new ExecutionKey("run", "unknown"), StopReason.Cancelled, default);
        var status = await RunAsync("exit 0");
        await Executor.StopAsync(status.Key, StopReason.Cancelled, default);
        AssertSame(status, await Executor.FindAsync(status.Key, default));
    }

    [Fact]
    public async Task Withdraw_Queued_NeverStartsAndIsUnknown()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        var first = Script("first", WaitFor(gate));
        var second = Script("second", $"touch {Scratch}/second");
        await Executor.StartAsync(first, default);
        await Executor.StartAsync(second, default);
        Assert.True(await Executor.WithdrawAsync(second.Key, default));
        Assert.Null(await Executor.FindAsync(second.Key, default));
        Assert.False(await Executor.WithdrawAsync(second.Key, default));
        await File.WriteAllTextAsync(gate, "");
        await Recorder.EndOf(first.Key);
        // What comes behind it in the queue does run: the withdrawn one would have been before it.
        await RunAsync("exit 0");
        Assert.False(File.Exists(Path.Combine(Scratch, "second")));
        Assert.DoesNotContain(Recorder.All, s => s.Key == second.Key && s.IsEnded);
        await RestartAsync(slots: 1);
        Assert.Null(await Executor.FindAsync(second.Key, default));
    }

    [Fact]
    public async Task Withdraw_ThenStart_StartsItAfterAll()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        await Executor.StartAsync(Script("first", WaitFor(gate)), default);
        var second = Script("second", $"echo started >> {Scratch}/second");
        await Executor.StartAsync(second, default);
        Assert.True(await Executor.WithdrawAsync(second.Key, default));
        await Executor.StartAsync(second, default);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(second.Key)).Phase);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Scratch, "second")));
    }

    [Fact]
    public async Task Withdraw_RunningOrEnded_ChangesNothing()
    {
        var gate = Path.Combine(Scratch, "gate");
        var spec = Script("running", $"echo up; {WaitFor(gate)}; exit 6");
        await StartAndSeeAsync(spec, "up");
        Assert.False(await Executor.WithdrawAsync(spec.Key, default));
        Assert.Equal(ExecutionPhase.Running, (await Executor.FindAsync(spec.Key, default))!.Phase);
        await File.WriteAllTextAsync(gate, "");
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(6, status.ExitCode);
        Assert.False(await Executor.WithdrawAsync(spec.Key, default));
        AssertSame(status, await Executor.FindAsync(spec.Key, default));
    }

    [Fact]
    public async Task Withdraw_Unknown_IsFalse() =>
        Assert.False(await Executor.WithdrawAsync(new ExecutionKey("run", "unknown"), default));

    [Fact]
    public async Task Find_Unknown_IsNull() =>
        Assert.Null(await Executor.FindAsync(new ExecutionKey("run", "unknown"), default));

    [Fact]
    public async Task Find_RunningAfterRestart_IsAdoptedAndItsEndReported()
    {
        var gate = Path.Combine(Scratch, "gate");
        var spec = Script("adopted", $"echo before; {WaitFor(gate)}; echo after; exit 5");
        await StartAndSeeAsync(spec, "before");
        await RestartAsync();
        var status = await Executor.FindAsync(spec.Key, default);
        Assert.Equal(ExecutionPhase.Running, status!.Phase);
        Assert.NotNull(status.Started);
        await File.WriteAllTextAsync(gate, "");
        status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.NonZeroExit, status.Reason);
        Assert.Equal(5, status.ExitCode);
        Assert.Equal("before\nafter\n", await ReadLogAsync(spec.Key));
    }

    [Fact]
    public async Task Find_EndedWhileNobodyWatched_IsKnown()
    {
        var gate = Path.Combine(Scratch, "gate");
        var spec = Script("unwatched", $"echo up; {WaitFor(gate)}; echo last; touch {gate}-passed; exit 4");
        await StartAndSeeAsync(spec, "up");
        await CloseAsync();
        await File.WriteAllTextAsync(gate, "");
        await Eventually.True(() => File.Exists(gate + "-passed"), "the end of the program");
        await OpenAsync(4);
        var found = await Executor.FindAsync(spec.Key, default);
        var status = found!.IsEnded ? found : await Recorder.EndOf(spec.Key);
        Assert.Equal((ExecutionPhase.Failed, 4), (status.Phase, status.ExitCode));
        Assert.NotNull(status.Finished);
        Assert.Equal("up\nlast\n", await ReadLogAsync(spec.Key));
    }

    [Fact]
    public async Task Stop_AfterRestart_EndsTheAdopted()
    {
        var spec = Script("orphan", "echo up; sleep 1000");
        await StartAndSeeAsync(spec, "up");
        await RestartAsync();
        await Executor.StopAsync(spec.Key, StopReason.Timeout, default);
        Assert.Equal(ExecutionReasons.Timeout, (await Recorder.EndOf(spec.Key)).Reason);
    }

    [Fact]
    public async Task Watch_SlowReader_MissesNoEnd()
    {
        var specs = Enumerable.Range(0, 40).Select(i => Script($"many-{i}", $"exit {i % 2}")).ToList();
        await using var slow = Executor.WatchAsync(default).GetAsyncEnumerator(default);
        var first = slow.MoveNextAsync().AsTask();
        foreach (var spec in specs)
            await Executor.StartAsync(spec, default);
        foreach (var spec in specs)
            await Recorder.EndOf(spec.Key);
        // Only now the slow one reads on.
        var ended = new HashSet<ExecutionKey>();
        for (var more = await first; more && ended.Count < specs.Count; more = ended.Count < specs.Count && await slow.MoveNextAsync())
        {
            Assert.DoesNotContain(slow.Current.Key, ended);
            if (slow.Current.IsEnded)
                ended.Add(slow.Current.Key);
        }
        Assert.Equal(specs.Count, ended.Count);
    }

    [Fact]
    public async Task Log_OutputAndErrors_CompleteAtTheEndInOrder()
    {
        var spec = Script("talks", "i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; printf 'no newline'");
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        var log = await ReadLogAsync(spec.Key);
        if (KeepsOrderOfStreams)
            Assert.Equal(string.Concat(Enumerable.Range(0, 500).Select(i => $"out {i}\nerr {i}\n")) + "no newline", log);
        foreach (var stream in new[] { "out", "err" })
        {
            var lines = log.Replace("no newline", "", StringComparison.Ordinal).Split('\n').Where(l => l.StartsWith(stream, StringComparison.Ordinal));
            Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{stream} {i}"), lines);
        }
        Assert.Contains("no newline", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_BinaryOutput_IsKeptAsItIs()
    {
        var spec = Script("binary", """printf '\000\377\376\r\n\001'""");
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        byte[] expected = KeepsLineEnds ? [0, 0xff, 0xfe, 13, 10, 1] : [0, 0xff, 0xfe, 10, 1];
        Assert.Equal(expected, await File.ReadAllBytesAsync(Logs.PathOf(spec.Key)));
    }

    [Fact]
    public async Task Arguments_OfAnyKind_ArriveUnchanged()
    {
        string[] arguments =
        [
            "", " ", "two words", "it's", "\"quoted\"", "$HOME `id` $(id)", "a\nb", "tab\t", "-n", "--", "-e", "*", "\\n", "äöü €", "😀", "a;b&c|d>e",
            new string('x', 100_000),
        ];
        var spec = Script("arguments", """for a in "$@"; do printf '%s\037' "$a"; done""");
        spec = spec with { Command = [.. spec.Command, "sh", .. arguments] };
        await Executor.StartAsync(spec, default);
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(spec.Key)).Phase);
        Assert.Equal(arguments, (await ReadLogAsync(spec.Key)).Split('\u001f')[..^1]);
    }

    [Fact]
    public async Task Arguments_TooLong_FailToStart()
    {
        var spec = Script("long", "exit 0");
        spec = spec with { Command = [.. spec.Command, new string('x', 200_000)] };
        await Executor.StartAsync(spec, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.StartFailed, status.Reason);
        Assert.Contains("too long", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_HasTheTasksVariablesAndItsId()
    {
        var spec = Script("environment", "echo \"$GREETING\"; echo \"$ODIN_EXECUTION\"; echo \"$PYTHONUNBUFFERED\"") with
        {
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello\n'world' $HOME", ["ODIN_EXECUTION"] = "forged" },
        };
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        Assert.Equal($"hello\n'world' $HOME\n{spec.Key.Id}\n1\n", await ReadLogAsync(spec.Key));
    }

    [Fact]
    public async Task WorkingDirectory_DoesNotExist_IsMade()
    {
        var work = Path.Combine(Scratch, "deep", "work directory");
        var spec = Script("work", "pwd; touch here") with { WorkingDirectory = work };
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        Assert.Equal(work + "\n", await ReadLogAsync(spec.Key));
        Assert.True(File.Exists(Path.Combine(work, "here")));
    }

    [Fact]
    public async Task Remove_Ended_ForgetsItButItsLog()
    {
        var status = await RunAsync("echo kept");
        await Executor.RemoveAsync(status.Key, default);
        Assert.Null(await Executor.FindAsync(status.Key, default));
        Assert.Equal("kept\n", await ReadLogAsync(status.Key));
        await Executor.RemoveAsync(status.Key, default);
    }

    [Fact]
    public async Task Remove_Running_IsRefused()
    {
        var spec = Script("busy", "echo up; sleep 1000");
        await StartAndSeeAsync(spec, "up");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Executor.RemoveAsync(spec.Key, default));
        // Its first words may be there before it is known that it runs.
        await Eventually.True(async () => (await Executor.FindAsync(spec.Key, default))!.Phase == ExecutionPhase.Running, "the program runs");
    }

    [Theory]
    [InlineData("", "id")]
    [InlineData("run", "")]
    [InlineData("..", "id")]
    [InlineData("run", "..")]
    [InlineData("run", "a/b")]
    [InlineData("run", "/etc")]
    [InlineData("run", "a\0b")]
    public async Task AnyCall_UnsafeKey_IsRefused(string group, string id)
    {
        var key = new ExecutionKey(group, id);
        await Assert.ThrowsAsync<ArgumentException>(() => Executor.StartAsync(Script("x", "exit 0") with { Key = key }, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Executor.FindAsync(key, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Executor.StopAsync(key, StopReason.Cancelled, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Executor.WithdrawAsync(key, default));
        await Assert.ThrowsAsync<ArgumentException>(() => Executor.RemoveAsync(key, default));
    }

    [Fact]
    public async Task Disown_Running_GoesOnAndComesBackWhenAskedFor()
    {
        var gate = Path.Combine(Scratch, "gate");
        var spec = Script("disowned", $"echo started >> {Scratch}/disowned; echo up; {WaitFor(gate)}; exit 4");
        await StartAndSeeAsync(spec, "up");
        Executor.Disown(spec.Key.Group);
        Executor.Disown("unknown");

        await Eventually.True(async () => (await Executor.FindAsync(spec.Key, default))?.Phase == ExecutionPhase.Running, "it is found again");
        await File.WriteAllTextAsync(gate, "");

        Assert.Equal(4, (await Recorder.EndOf(spec.Key)).ExitCode);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Scratch, "disowned")));
    }

    [Fact]
    public async Task Start_AnotherProcessIsInCharge_StartsNothing()
    {
        var spec = Script("theirs", $"echo started >> {Scratch}/theirs");
        Assert.False((await Executor.StartAsync(spec with { MayStart = () => false }, default)).IsEnded);
        Assert.True(await Executor.FindAsync(spec.Key, default) is null or { Phase: ExecutionPhase.Queued });
        await RunAsync("exit 0");
        Assert.False(File.Exists(Path.Combine(Scratch, "theirs")));

        await Executor.StartAsync(spec, default);
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(spec.Key)).Phase);
    }

    // Lists are equal by what is in them.
    private static void AssertSame(ExecutionStatus expected, ExecutionStatus? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Events, actual.Events);
        Assert.Equal(expected, actual with { Events = expected.Events });
    }

    /// <summary>A script that ends when the file exists.</summary>
    protected static string WaitFor(string path) => $"while [ ! -e {path} ]; do sleep 0.05; done";

    protected ExecutionSpec Script(string id, string script) => Spec(id, "/bin/sh", "-c", script);

    protected ExecutionSpec Spec(string id, params string[] command) => new()
    {
        Key = new ExecutionKey("run", id + Suffix),
        Command = command,
        WorkingDirectory = Path.Combine(Scratch, "work"),
        Container = new ContainerSpec { Image = "127.0.0.1:5000/busybox:1" },
    };

    protected async Task<ExecutionStatus> RunAsync(string script)
    {
        var spec = Script($"task-{++created}", script);
        await Executor.StartAsync(spec, default);
        return await Recorder.EndOf(spec.Key);
    }

    /// <summary>Starts it and waits until its log has the text.</summary>
    protected async Task StartAndSeeAsync(ExecutionSpec spec, string text)
    {
        await Executor.StartAsync(spec, default);
        await Eventually.True(async () => (await ReadLogAsync(spec.Key)).Contains(text, StringComparison.Ordinal), $"\"{text}\" in the log");
    }

    protected async Task<string> ReadLogAsync(ExecutionKey key)
    {
        var bytes = new List<byte>();
        await foreach (var piece in Logs.ReadAsync(key, new LogReadOptions(), _ => Task.CompletedTask, default))
            bytes.AddRange(piece.Span);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    protected async Task RestartAsync(int slots = 4)
    {
        await CloseAsync();
        await OpenAsync(slots);
    }

    protected async Task CloseAsync()
    {
        await Recorder.DisposeAsync();
        if (executor is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    protected Task OpenAsync(int slots)
    {
        executor = Create(directory["state"], Logs, slots);
        recorder = new StatusRecorder(executor);
        return Task.CompletedTask;
    }
}
