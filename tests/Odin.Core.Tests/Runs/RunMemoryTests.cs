using Microsoft.Extensions.Logging.Abstractions;
using Odin.Pipelines;
using Odin.Reconciliation;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Tests.Runs;

public sealed class RunMemoryTests
{
    [Fact]
    public async Task Close_WorkInTheBackground_IsCutShortAndOver()
    {
        var memory = Create();
        var isOver = false;
        var began = new TaskCompletionSource();
        memory.InBackground(0, WorkAsync, TestContext.Current.CancellationToken);
        await began.Task;
        Assert.True(memory.Busy.ContainsKey(0));
        await memory.CloseAsync();
        Assert.True(isOver);

        async Task WorkAsync(CancellationToken cancellationToken)
        {
            began.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                // What goes on for a while after it was told to stop.
                for (var i = 0; i < 100; i++)
                    await Task.Yield();
                isOver = true;
            }
        }
    }

    [Fact]
    public async Task Close_WorkThatFailed_IsNoError()
    {
        var memory = Create();
        memory.InBackground(0, static async _ =>
        {
            await Task.Yield();
            throw new InvalidOperationException("once");
        }, TestContext.Current.CancellationToken);
        await memory.CloseAsync();
    }

    private static RunMemory Create() => new(
        new Run(
            new ResourceMetadata { Id = "r" },
            new RunSpec { Job = "job", WorkPath = "/w", RootPath = "/", RunPath = "/r", PipelineName = "p" },
            new RunStatus { Phase = RunPhase.Running }),
        [
            new TaskRun(
                new ResourceMetadata { Id = "r--a" },
                new TaskRunSpec { RunId = "r", Index = 0, TaskPath = "/r/a", Task = new PipelineTask { Name = "a", Image = "i", Command = ["true"] } },
                new TaskRunStatus()),
        ],
        // Memory does not ask whether it is held.
        new Lease(
            new LeaseKeeper(new InMemoryResourceStore(), new LeaseOptions(), TimeProvider.System, NullLogger<LeaseKeeper>.Instance), "server", new LeaseToken("Run/r", 1)));
}
