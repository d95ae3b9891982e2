using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Tests.Execution;

/// <summary>What is particular to processes, beside what every executor does.</summary>
public sealed class ProcessExecutorTests : ExecutorConformance
{
    static ProcessExecutorTests()
    {
        Environment.SetEnvironmentVariable("ODIN_TEST_ALLOWED", "allowed");
        Environment.SetEnvironmentVariable("ODIN_TEST_SECRET", "secret");
    }

    protected override IExecutor Create(string state, LogStore logs, int slots) => Create(state, logs, slots, TimeProvider.System);

    // In a container the program is the first process, which no signal of its own can end.
    [Theory]
    [InlineData("kill -9 $$", 137, "SIGKILL")]
    [InlineData("kill -SEGV $$", 139, "SIGSEGV")]
    public async Task Start_ProgramDiesOfASignal_SaysWhich(string script, int code, string message)
    {
        var status = await RunAsync(script);
        Assert.Equal((ExecutionReasons.Killed, code), (status.Reason, status.ExitCode));
        Assert.Contains(message, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disown_WaitsForASlot_NeverStartsHereAndTheSlotsAreFree()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        var first = Script("first", $"echo up; {WaitFor(gate)}");
        var second = Script("second", $"echo started >> {Scratch}/second");
        await StartAndSeeAsync(first, "up");
        await Executor.StartAsync(second, default);
        Executor.Disown("run");

        var other = Script("other", "exit 0") with { Key = new ExecutionKey("other", "other") };
        await Executor.StartAsync(other, default);
        await Recorder.EndOf(other.Key);
        Assert.False(File.Exists(Path.Combine(Scratch, "second")));
        Assert.DoesNotContain(Recorder.All, s => s.Key == second.Key && s.Phase != ExecutionPhase.Queued);

        await Executor.StartAsync(second, default);
        await Executor.FindAsync(first.Key, default);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(second.Key)).Phase);
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(first.Key)).Phase);
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(Scratch, "second")));
    }

    [Fact]
    public async Task Start_InChargeNoLongerWhenTheSlotIsFree_StartsNothingAndTheNextOneDoes()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        var mine = true;
        var first = Script("first", WaitFor(gate));
        var second = Script("second", $"echo started >> {Scratch}/second");
        await Executor.StartAsync(first, default);
        await Executor.StartAsync(second with { MayStart = () => Volatile.Read(ref mine) }, default);
        Volatile.Write(ref mine, false);
        await File.WriteAllTextAsync(gate, "");
        await RunAsync("exit 0");
        Assert.False(File.Exists(Path.Combine(Scratch, "second")));

        // As another server does that has taken over.
        await RestartAsync(slots: 1);
        await Executor.StartAsync(second, default);
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(second.Key)).Phase);
    }

    [Fact]
    public async Task Find_StartedOnAnotherMachine_IsLostAndNamesTheMachine()
    {
        var directory = Directory.CreateDirectory(Path.Combine(Scratch, "state", "run", "far")).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, "spec.json"), """
            {"command":"x","workingDirectory":"/","gracePeriod":"00:00:10","machine":{"name":"elsewhere","boot":"b","processes":"p"}}
            """);
        await File.WriteAllTextAsync(Path.Combine(directory, "claim"), "4194304\n");

        var status = await Executor.FindAsync(new ExecutionKey("run", "far"), default);

        Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), (status!.Phase, status.Reason));
        Assert.Contains("\"elsewhere\"", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SignalsAndDescriptors_AreAsForAFreshProgram()
    {
        var spec = Script("fresh", "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd | wc -l; readlink /proc/self/fd/0");
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        // The fourth is the one with which ls reads the directory.
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n4\n/dev/null\n", await ReadLogAsync(spec.Key));
    }

    [Fact]
    public async Task Start_Environment_HasOnlyWhatIsAllowed()
    {
        var spec = Spec("environment", "env");
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        var log = await ReadLogAsync(spec.Key);
        Assert.Contains("ODIN_TEST_ALLOWED=allowed\n", log, StringComparison.Ordinal);
        Assert.Contains("\nPATH=", "\n" + log, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", log, StringComparison.Ordinal);
        Assert.DoesNotContain("OLDPWD", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CommandNamedAsAShellBuiltin_IsTheProgram()
    {
        // The shell's own echo would turn \n into a new line.
        var spec = Spec("builtin", "echo", @"a\nb");
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        Assert.Equal("a\\nb\n", await ReadLogAsync(spec.Key));
    }

    [Fact]
    public async Task Stop_WhileTheLaunchFails_IsTheReason()
    {
        var logs = new LogStore(Path.Combine(Scratch, "piped"));
        var first = Script("first", "exit 0");
        var second = Spec("second", "no-such-program-anywhere");
        // Whoever opens this log for writing waits for a reader: it keeps the only launcher busy.
        Directory.CreateDirectory(Path.GetDirectoryName(logs.PathOf(first.Key))!);
        SpecialFile.MakePipe(logs.PathOf(first.Key));
        await using var executor = new ProcessExecutor(
            new ProcessExecutorOptions { Directory = Path.Combine(Scratch, "piped-state"), LauncherThreads = 1, MaxParallelTasks = 2 },
            logs, TimeProvider.System, NullLogger<ProcessExecutor>.Instance);
        await using var recorder = new StatusRecorder(executor);
        await executor.StartAsync(first, default);
        await executor.StartAsync(second, default);
        await executor.StopAsync(second.Key, StopReason.Cancelled, default);
        await using var reader = new FileStream(logs.PathOf(first.Key), FileMode.Open, FileAccess.Read);
        Assert.Equal(ExecutionReasons.Cancelled, (await recorder.EndOf(second.Key)).Reason);
        Assert.Equal(0, (await recorder.EndOf(first.Key)).ExitCode);
        Assert.Equal(ExecutionReasons.Cancelled, (await executor.FindAsync(second.Key, default))!.Reason);
    }

    [Fact]
    public async Task Withdraw_AcceptedByAnEarlierProcess_NeverStarts()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        var first = Script("first", $"echo up; {WaitFor(gate)}");
        var second = Script("second", $"touch {Scratch}/second");
        await StartAndSeeAsync(first, "up");
        await Executor.StartAsync(second, default);
        await RestartAsync(slots: 1);
        Assert.Equal(ExecutionPhase.Queued, (await Executor.FindAsync(second.Key, default))!.Phase);
        Assert.True(await Executor.WithdrawAsync(second.Key, default));
        Assert.Null(await Executor.FindAsync(second.Key, default));
        Assert.False(await Executor.WithdrawAsync(first.Key, default));
        await File.WriteAllTextAsync(gate, "");
        await Recorder.EndOf(first.Key);
        Assert.False(File.Exists(Path.Combine(Scratch, "second")));
    }

    [Fact]
    public async Task Start_TaskHasItsOwnPath_CommandIsFoundThere()
    {
        var tools = Path.Combine(Scratch, "tools");
        Directory.CreateDirectory(tools);
        await File.WriteAllTextAsync(Path.Combine(tools, "greet"), "#!/bin/sh\necho hello $1\n");
        Assert.Equal(0, (await RunAsync($"chmod +x {tools}/greet")).ExitCode);
        var spec = Spec("greet", "greet", "you") with { Environment = new Dictionary<string, string> { ["PATH"] = tools + ":/bin" } };
        await Executor.StartAsync(spec, default);
        await Recorder.EndOf(spec.Key);
        Assert.Equal("hello you\n", await ReadLogAsync(spec.Key));
    }

    [Fact]
    public async Task Start_FailedAndTheCommandAppears_StaysFailedAfterRestart()
    {
        var tool = Path.Combine(Scratch, "tool");
        var spec = Spec("late", tool);
        await Executor.StartAsync(spec, default);
        var before = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.CommandNotFound, before.Reason);
        await RestartAsync();
        await File.WriteAllTextAsync(tool, $"#!/bin/sh\ntouch {Scratch}/ran\n");
        Assert.Equal(0, (await RunAsync($"chmod +x {tool}")).ExitCode);
        var status = await Executor.StartAsync(spec, default);
        Assert.Equal((before.Phase, before.Reason, before.Message), (status.Phase, status.Reason, status.Message));
        Assert.False(File.Exists(Path.Combine(Scratch, "ran")));
    }

    [Theory]
    [InlineData("my.name", "value", "my.name")]
    [InlineData("NAME", "nul\0", "NUL")]
    public async Task Start_VariableCannotBePassed_FailsRatherThanDropIt(string name, string value, string message)
    {
        var spec = Script("variable", "exit 0") with { Environment = new Dictionary<string, string> { [name] = value } };
        await Executor.StartAsync(spec, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.StartFailed, status.Reason);
        Assert.Contains(message, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_StateCannotBeWritten_IsAStatus()
    {
        await using var executor = Create("/proc/no/such/place", Logs, 1, TimeProvider.System);
        var status = await executor.StartAsync(Script("unwritable", "exit 0"), default);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.StartFailed), (status.Phase, status.Reason));
        Assert.Contains("/proc/no/such/place", status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/passwd/work")]
    [InlineData("/proc/no/such/place")]
    public async Task Start_WorkingDirectoryCannotBeMade_IsAStatus(string work)
    {
        var spec = Script("homeless", "exit 0") with { WorkingDirectory = work };
        await Executor.StartAsync(spec, default);
        var status = await Recorder.EndOf(spec.Key);
        Assert.Equal(ExecutionReasons.StartFailed, status.Reason);
        Assert.Contains(work, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_LeavesABackgroundProcess_KillsIt()
    {
        var status = await RunAsync($"sleep 1000 & echo $! > {Scratch}/pid; exit 0");
        Assert.Equal(ExecutionPhase.Succeeded, status.Phase);
        await Eventually.True(() => !IsAlive("pid"), "the process in the background is gone");
    }

    [Fact]
    public async Task Stop_TreeWithDaemonsAndDeafOnes_LeavesNobody()
    {
        var script = $"""
            setsid sh -c 'sleep 1000 & echo $! > {Scratch}/daemon; exit 0'
            env -i setsid sh -c 'echo $$ > {Scratch}/bare; exec sleep 1000' &
            sh -c 'trap "" TERM; echo $$ > {Scratch}/deaf; while :; do sleep 0.05; done' &
            setsid sh -c 'trap "" TERM; echo $$ > {Scratch}/deaf-daemon; while :; do sleep 0.05; done' &
            echo up; wait
            """;
        string[] files = ["daemon", "bare", "deaf", "deaf-daemon"];
        await StartAndSeeAsync(Script("tree", script) with { GracePeriod = TimeSpan.FromMilliseconds(200) }, "up");
        await Eventually.True(() => files.All(IsAlive), "all of the tree run");
        await Executor.StopAsync(new ExecutionKey("run", "tree"), StopReason.Cancelled, default);
        Assert.Equal(ExecutionReasons.Cancelled, (await Recorder.EndOf(new ExecutionKey("run", "tree"))).Reason);
        Assert.DoesNotContain(files, IsAlive);
    }

    [Fact]
    public async Task Stop_GracePeriod_IsTheClocks()
    {
        var time = new ManualTime();
        await using var executor = Create(Path.Combine(Scratch, "manual"), Logs, 1, time);
        await using var recorder = new StatusRecorder(executor);
        var spec = Script("patient", "trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done");
        await executor.StartAsync(spec, default);
        await Eventually.True(async () => await ReadLogAsync(spec.Key) == "up\n", "it runs");
        await executor.StopAsync(spec.Key, StopReason.Cancelled, default);
        await Eventually.True(async () => await ReadLogAsync(spec.Key) is var log && log.Contains("asked", StringComparison.Ordinal), "it was asked");
        var status = await executor.FindAsync(spec.Key, default);
        Assert.Equal((ExecutionPhase.Running, ExecutionReasons.Cancelled), (status!.Phase, status.Reason));
        await Eventually.True(
            () =>
            {
                time.Advance(spec.GracePeriod);
                return recorder.All.Any(s => s.IsEnded);
            },
            "it is killed when the grace period is over");
        Assert.Equal(137, (await recorder.EndOf(spec.Key)).ExitCode);
    }

    [Fact]
    public async Task Restart_InTheMiddleOfAStop_CarriesOn()
    {
        var spec = Script("deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done") with { GracePeriod = TimeSpan.FromMilliseconds(500) };
        await StartAndSeeAsync(spec, "up");
        await Executor.StopAsync(spec.Key, StopReason.Timeout, default);
        await RestartAsync();
        var found = await Executor.FindAsync(spec.Key, default);
        var status = found!.IsEnded ? found : await Recorder.EndOf(spec.Key);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.Timeout), (status.Phase, status.Reason));
    }

    [Fact]
    public async Task Start_ByTwoServersAtOnce_StartsOnce()
    {
        await using var other = Create(Path.Combine(Scratch, "state"), Logs, 4, TimeProvider.System);
        await using var otherRecorder = new StatusRecorder(other);
        var specs = Enumerable.Range(0, 40).Select(i => Script($"race-{i}", $"echo {i} >> {Scratch}/starts; exit 7")).ToList();
        await Task.WhenAll(specs.SelectMany(s => new[] { Executor.StartAsync(s, default), other.StartAsync(s, default) }));
        foreach (var spec in specs)
        {
            // One of them may have found it ended already; then there is no end to report.
            Assert.Equal(7, (await EndAsync(Executor, Recorder, spec.Key)).ExitCode);
            Assert.Equal(7, (await EndAsync(other, otherRecorder, spec.Key)).ExitCode);
        }
        Assert.Equal(specs.Count, (await File.ReadAllLinesAsync(Path.Combine(Scratch, "starts"))).Distinct().Count());
        Assert.Equal(specs.Count, (await File.ReadAllLinesAsync(Path.Combine(Scratch, "starts"))).Length);
    }

    [Fact]
    public async Task Restart_ManyTimesInTheMiddleOfEverything_StartsEachOnce()
    {
        var specs = Enumerable.Range(0, 60).Select(i => Script($"storm-{i}", $"echo {i} >> {Scratch}/starts; sleep 0.0{i % 7}")).ToList();
        for (var round = 0; round < 12; round++)
        {
            foreach (var spec in specs)
                await Executor.StartAsync(spec, default);
            await RestartAsync();
        }
        foreach (var spec in specs)
        {
            await Executor.StartAsync(spec, default);
            Assert.Equal(ExecutionPhase.Succeeded, (await EndAsync(Executor, Recorder, spec.Key)).Phase);
        }
        var starts = await File.ReadAllLinesAsync(Path.Combine(Scratch, "starts"));
        Assert.Equal(specs.Count, starts.Length);
        Assert.Equal(specs.Count, starts.Distinct().Count());
    }

    [Fact]
    public async Task Find_PidBelongsToSomebodyElseByNow_IsLostAndSpared()
    {
        using var stranger = Process.Start("sleep", "1000");
        try
        {
            var spec = Script("reused", "exit 0");
            var files = new ExecutionDirectory(Path.Combine(Scratch, "state"), spec.Key);
            files.Accept(spec);
            await File.WriteAllTextAsync(Path.Combine(files.Path, "claim"), $"{stranger.Id}\n");
            var status = await Executor.StartAsync(spec, default);
            Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), (status.Phase, status.Reason));
            Assert.False(stranger.HasExited);
        }
        finally
        {
            stranger.Kill();
        }
    }

    [Fact]
    public async Task Find_ClaimWithoutPidAndShim_NeverRan()
    {
        var spec = Script("empty", "exit 0");
        var files = new ExecutionDirectory(Path.Combine(Scratch, "state"), spec.Key);
        files.Accept(spec);
        await File.WriteAllTextAsync(Path.Combine(files.Path, "claim"), "");
        var status = await Executor.StartAsync(spec, default);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.StartFailed), (status.Phase, status.Reason));
    }

    [Fact]
    public async Task Find_SpecIsIncomplete_IsUnknownAndMayStart()
    {
        var spec = Script("torn", "exit 0");
        var files = new ExecutionDirectory(Path.Combine(Scratch, "state"), spec.Key);
        files.Accept(spec);
        await File.WriteAllTextAsync(Path.Combine(files.Path, "spec.json"), "{\"comm");
        Assert.Null(await Executor.FindAsync(spec.Key, default));
        await Executor.StartAsync(spec, default);
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(spec.Key)).Phase);
    }

    [Fact]
    public async Task End_CannotBeFoundOut_IsLostWithTheReason()
    {
        // A directory in the place of the file with the exit code cannot be read however often one tries.
        var status = await RunAsync("mkdir $ODIN_EXECUTION_DIRECTORY/exit; kill -9 $PPID");
        Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), (status.Phase, status.Reason));
        Assert.Contains("could not be found out", status.Message, StringComparison.Ordinal);
        Assert.Contains("/exit", status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill -9 0")]
    [InlineData("kill -9 $PPID; sleep 1000")]
    public async Task End_ShimIsKilled_IsLostAndNothingIsLeft(string script)
    {
        var status = await RunAsync($"echo $$ > {Scratch}/pid; {script}");
        Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), (status.Phase, status.Reason));
        await Eventually.True(() => !IsAlive("pid"), "the program is gone too");
    }

    [Fact]
    public async Task Start_Many_NeverMoreThanSlotsAtOnce()
    {
        await RestartAsync(slots: 3);
        var script = $"mkdir -p {Scratch}/now; touch {Scratch}/now/$ODIN_EXECUTION; ls {Scratch}/now | wc -l; sleep 0.05; rm {Scratch}/now/$ODIN_EXECUTION";
        var specs = Enumerable.Range(0, 15).Select(i => Script($"bound-{i}", script)).ToList();
        foreach (var spec in specs)
            await Executor.StartAsync(spec, default);
        foreach (var spec in specs)
        {
            await Recorder.EndOf(spec.Key);
            Assert.InRange(int.Parse(await ReadLogAsync(spec.Key), CultureInfo.InvariantCulture), 1, 3);
        }
    }

    [Fact]
    public async Task Start_SeveralGroups_TakeTurns()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        List<ExecutionSpec> specs = [Script("first", WaitFor(gate))];
        foreach (var (group, count) in new[] { ("large", 6), ("small", 2) })
        {
            for (var i = 0; i < count; i++)
                specs.Add(Script($"{group}-{i}", $"echo {group} >> {Scratch}/order") with { Key = new ExecutionKey(group, $"{group}-{i}") });
        }
        foreach (var spec in specs)
            await Executor.StartAsync(spec, default);
        await File.WriteAllTextAsync(gate, "");
        foreach (var spec in specs)
            await Recorder.EndOf(spec.Key);
        Assert.Equal(
            ["large", "small", "large", "small", "large", "large", "large", "large"],
            await File.ReadAllLinesAsync(Path.Combine(Scratch, "order")));
    }

    [Fact]
    public async Task Find_Adopted_HoldsASlot()
    {
        await RestartAsync(slots: 1);
        var gate = Path.Combine(Scratch, "gate");
        var running = Script("running", $"echo up; {WaitFor(gate)}");
        await StartAndSeeAsync(running, "up");
        await RestartAsync(slots: 1);
        await Executor.FindAsync(running.Key, default);
        var waiting = await Executor.StartAsync(Script("waiting", "exit 0"), default);
        Assert.Equal(ExecutionReasons.WaitingForSlot, waiting.Reason);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(ExecutionPhase.Succeeded, (await Recorder.EndOf(waiting.Key)).Phase);
    }

    [Fact]
    public async Task Usage_OfTheWholeTree_IsReportedWhileItRunsAndAtTheEnd()
    {
        var gate = Path.Combine(Scratch, "gate");
        var spec = Script("busy", $"sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; {WaitFor(gate)}");
        await Executor.StartAsync(spec, default);
        await Eventually.True(
            () => Recorder.All.Any(s => s is { Phase: ExecutionPhase.Running, Usage: { MemoryBytes: > 0, PeakMemoryBytes: > 0 } }),
            "figures of the running task");
        await File.WriteAllTextAsync(gate, "");
        var status = await Recorder.EndOf(spec.Key);
        Assert.True(status.Usage!.CpuSeconds > 0.01, $"processor time {status.Usage.CpuSeconds} s");
        Assert.True(status.Usage.PeakMemoryBytes > 0);
    }

    [Fact]
    public async Task Log_FloodOfAGigabyte_KeepsHeadAndTailInBoundedSpace()
    {
        var logs = new LogStore(Path.Combine(Scratch, "small-logs"), new LogOptions { MaxBytes = 1 << 20 });
        await using var executor = Create(Path.Combine(Scratch, "flood"), logs, 1, TimeProvider.System);
        await using var recorder = new StatusRecorder(executor);
        var spec = Script("flood", "echo first; yes | head -c 1000000000; echo last");
        await executor.StartAsync(spec, default);
        Assert.Equal(ExecutionPhase.Succeeded, (await recorder.EndOf(spec.Key)).Phase);
        Assert.Equal(1_000_000_011, logs.LengthOf(spec.Key));
        Assert.InRange(await BytesOnDiskAsync(logs.PathOf(spec.Key)), 1 << 19, 3 << 19);
        var lines = new List<string>();
        await foreach (var line in logs.ReadLinesAsync(spec.Key, new LogReadOptions(), _ => Task.CompletedTask, default))
            lines.Add(line);
        Assert.Equal("first", lines[0]);
        Assert.Equal("last", lines[^1]);
        Assert.Single(lines, l => l.StartsWith("[odin] ", StringComparison.Ordinal) && l.EndsWith("limited to 1 MiB", StringComparison.Ordinal));
        Assert.InRange(lines.Sum(l => l.Length + 1), 1 << 19, 3 << 19);
    }

    private static ProcessExecutor Create(string state, LogStore logs, int slots, TimeProvider time) => new(
        new ProcessExecutorOptions { Directory = state, MaxParallelTasks = slots, AllowedEnvironment = ["ODIN_TEST_ALLOWED"] },
        logs,
        time,
        NullLogger<ProcessExecutor>.Instance);

    private static async Task<ExecutionStatus> EndAsync(IExecutor executor, StatusRecorder recorder, ExecutionKey key)
    {
        var found = await executor.FindAsync(key, default);
        return found!.IsEnded ? found : await recorder.EndOf(key);
    }

    private static async Task<long> BytesOnDiskAsync(string path)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true })!;
        return long.Parse(await stat.StandardOutput.ReadToEndAsync(), CultureInfo.InvariantCulture) * 512;
    }

    private bool IsAlive(string file) =>
        int.TryParse(ReadOrEmpty(Path.Combine(Scratch, file)), out var pid) && ProcessTable.Read(pid) is { IsZombie: false };

    private static string ReadOrEmpty(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
