using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Tests.Execution;

/// <summary>What cannot be read just now is not taken for what does not exist. Alone, because it takes descriptors from everybody.</summary>
[Collection(nameof(ShortageTests))]
[CollectionDefinition(nameof(ShortageTests), DisableParallelization = true)]
public sealed partial class ShortageTests : IDisposable
{
    private const int OpenFiles = 7;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void ReadSmallFile_Missing_IsNull()
    {
        File.WriteAllText(directory["file"], "text");
        Assert.Null(Native.ReadSmallFile(directory["missing"]));
        Assert.Null(Native.ReadSmallFile(directory["file/below"]));
        Assert.Equal("text"u8.ToArray(), Native.ReadSmallFile(directory["file"]));
    }

    [Fact]
    public void ReadSmallFile_CannotBeRead_IsAnError()
    {
        Assert.Throws<IOException>(() => Native.ReadSmallFile(directory.Path));
        File.WriteAllText(directory["file"], "text");
        WithoutDescriptors(() =>
        {
            Assert.True(Native.IsShortage(Assert.Throws<IOException>(() => Native.ReadSmallFile(directory["file"]))));
            Assert.Throws<IOException>(() => ProcessTable.Read(Environment.ProcessId));
        });
    }

    [Fact]
    public async Task Start_NoDescriptorsForAWhile_AsksAgainAndStartsOnce()
    {
        var logs = new LogStore(directory["logs"]);
        var gate = directory["gate"];
        var spec = new ExecutionSpec
        {
            Key = new ExecutionKey("run", "once"),
            Command = ["/bin/sh", "-c", $"echo started >> {directory["starts"]}; while [ ! -e {gate} ]; do sleep 0.05; done; exit 3"],
            WorkingDirectory = directory["work"],
        };
        await using (var first = Create(logs))
        {
            await first.StartAsync(spec, default);
            await Eventually.True(() => File.Exists(directory["starts"]), "it runs");
        }
        await using var executor = Create(logs);
        await using var recorder = new StatusRecorder(executor);
        // A second process that has no descriptors must not conclude that nothing runs.
        WithoutDescriptors(() =>
        {
            Assert.Throws<IOException>(() => executor.StartAsync(spec, default).GetAwaiter().GetResult());
            Assert.Throws<IOException>(() => executor.FindAsync(spec.Key, default).GetAwaiter().GetResult());
        });
        Assert.Equal(ExecutionPhase.Running, (await executor.StartAsync(spec, default)).Phase);
        await File.WriteAllTextAsync(gate, "");
        Assert.Equal(3, (await recorder.EndOf(spec.Key)).ExitCode);
        Assert.Single(await File.ReadAllLinesAsync(directory["starts"]));
    }

    [Fact]
    public async Task Find_OneDescriptorIsLeft_LeavesItAsItIs()
    {
        var logs = new LogStore(directory["logs"]);
        var spec = new ExecutionSpec
        {
            Key = new ExecutionKey("run", "running"),
            Command = ["/bin/sh", "-c", $"echo up > {directory["up"]}; sleep 1000"],
            WorkingDirectory = directory["work"],
        };
        await using (var first = Create(logs))
        {
            await first.StartAsync(spec, default);
            await Eventually.True(() => File.Exists(directory["up"]), "it runs");
        }
        await using var executor = Create(logs);
        await using var recorder = new StatusRecorder(executor);
        using (var free = File.OpenHandle("/dev/null"))
        {
            var next = (ulong)free.DangerousGetHandle();
            free.Dispose();
            for (var i = 0; i < 3; i++)
            {
                var error = Record.Exception(() => WithoutDescriptors(() => executor.FindAsync(spec.Key, default).GetAwaiter().GetResult(), next + 1));
                Assert.True(error is IOException && Native.IsShortage(error), $"{error}");
            }
            using var same = File.OpenHandle("/dev/null");
            Assert.Equal(next, (ulong)same.DangerousGetHandle());
        }
        Assert.Equal(ExecutionPhase.Running, (await executor.FindAsync(spec.Key, default))!.Phase);
        await executor.StopAsync(spec.Key, StopReason.Cancelled, default);
        await recorder.EndOf(spec.Key);
    }

    private ProcessExecutor Create(LogStore logs) => new(
        new ProcessExecutorOptions { Directory = directory["state"] }, logs, TimeProvider.System, NullLogger<ProcessExecutor>.Instance);

    // The limit is lowered to what is open: nothing further can be, and what is open stays.
    private static void WithoutDescriptors(Action action, ulong limit = 0)
    {
        Assert.Equal(0, GetLimit(OpenFiles, out var before));
        Assert.Equal(0, SetLimit(OpenFiles, before with { Soft = limit }));
        try
        {
            action();
        }
        finally
        {
            Assert.Equal(0, SetLimit(OpenFiles, before));
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    private record struct Limit(ulong Soft, ulong Hard);
}
