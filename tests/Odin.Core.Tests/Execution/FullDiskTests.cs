using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Tests.Execution;

/// <summary>Runs on file systems of its own, which only the administrator can make; skipped for others.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private ProcessExecutor? executor;
    private StatusRecorder? recorder;
    private LogStore logs = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.UserName == "root" && await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.Path) == 0, "cannot mount a small file system");
        logs = new LogStore(directory["logs"]);
        executor = new ProcessExecutor(
            new ProcessExecutorOptions { Directory = directory["state"] }, logs, TimeProvider.System, NullLogger<ProcessExecutor>.Instance);
        recorder = new StatusRecorder(executor);
    }

    public async ValueTask DisposeAsync()
    {
        if (executor is not null)
        {
            await recorder!.DisposeAsync();
            await executor.DisposeAsync();
            await RunAsync("umount", "-l", directory.Path);
        }
        directory.Dispose();
    }

    [Fact]
    public async Task Start_DiskIsFull_IsAStatusThatSaysSo()
    {
        await RunToTheEndAsync("first", "exit 0");
        await FillAsync();
        var status = await executor!.StartAsync(Spec("second", "exit 0"), default);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.StartFailed), (status.Phase, status.Reason));
        Assert.Contains("No space left", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FillsTheDiskItself_StillRecordsItsExitCode()
    {
        var status = await RunToTheEndAsync("greedy", "cat /dev/zero; exit 9");
        Assert.Equal((ExecutionPhase.Failed, 9), (status.Phase, status.ExitCode));
        await recorder!.DisposeAsync();
        await executor!.DisposeAsync();
        executor = new ProcessExecutor(
            new ProcessExecutorOptions { Directory = directory["state"] }, logs, TimeProvider.System, NullLogger<ProcessExecutor>.Instance);
        recorder = new StatusRecorder(executor);
        Assert.Equal(9, (await executor.FindAsync(status.Key, default))!.ExitCode);
    }

    [Fact]
    public async Task Stop_DiskIsFull_StopsAllTheSame()
    {
        var spec = Spec("running", "echo up; sleep 1000");
        await executor!.StartAsync(spec, default);
        await Eventually.True(() => logs.LengthOf(spec.Key) > 0, "it runs");
        await FillAsync();
        await executor.StopAsync(spec.Key, StopReason.Cancelled, default);
        Assert.Equal(ExecutionReasons.Cancelled, (await recorder!.EndOf(spec.Key)).Reason);
    }

    [Fact]
    public async Task Log_OverItsLimitWhereFilesCannotHaveHoles_StopsTheTask()
    {
        Directory.CreateDirectory(directory["ram"]);
        Assert.SkipUnless(await RunAsync("mount", "-t", "ramfs", "ramfs", directory["ram"]) == 0, "cannot mount ramfs");
        var ramLogs = new LogStore(directory["ram/logs"], new LogOptions { MaxBytes = 64 << 10 });
        await using var flooded = new ProcessExecutor(
            new ProcessExecutorOptions { Directory = directory["ram/state"] }, ramLogs, TimeProvider.System, NullLogger<ProcessExecutor>.Instance);
        await using var ends = new StatusRecorder(flooded);
        var spec = Spec("flood", "while :; do head -c 100000 /dev/zero; sleep 0.05; done");
        await flooded.StartAsync(spec, default);
        var status = await ends.EndOf(spec.Key);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.LogLimitExceeded), (status.Phase, status.Reason));
        await RunAsync("umount", "-l", directory["ram"]);
    }

    private static async Task<int> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private async Task FillAsync()
    {
        await using var file = File.Create(directory["fill"]);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
                await file.WriteAsync(new byte[4096]);
        });
    }

    private async Task<ExecutionStatus> RunToTheEndAsync(string id, string script)
    {
        await executor!.StartAsync(Spec(id, script), default);
        return await recorder!.EndOf(new ExecutionKey("run", id));
    }

    private static ExecutionSpec Spec(string id, string script) => new()
    {
        Key = new ExecutionKey("run", id),
        Command = ["/bin/sh", "-c", script],
        WorkingDirectory = "/tmp",
    };
}
