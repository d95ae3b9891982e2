using Odin.Connections;
using Odin.Resources;
using Odin.Steps;
using Odin.Storage;
using Odin.Toolchains;
using Odin.Trainings;

namespace Odin.Tests.Steps;

/// <summary>What is left of work in steps whose servers did not live to see its end, as the next server finds it.</summary>
public sealed class StepLimitTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Start_StepThatManyServersDiedIn_FailsWithTheReason()
    {
        await WriteAsync(begun: 10);
        var progress = await EndAsync();
        Assert.Equal((StepState.Failed, StepReasons.ServerStopped), (progress.State, progress.Reason));
        Assert.Contains("10 times the step 'setup' was begun, and each time the server was stopped", progress.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_StepThatFewServersDiedIn_IsBegunOnceMore()
    {
        await WriteAsync(begun: 8);
        var progress = await EndAsync();
        // It gets as far as the toolchain, which is not there.
        Assert.Equal((StepState.Failed, StepReasons.NotFound), (progress.State, progress.Reason));
        // The server that wrote it may have begun it before it ended.
        Assert.InRange(progress.Begun, 9, 10);
    }

    private async Task WriteAsync(int begun)
    {
        await using var host = await EngineHost.StartAsync(directory);
        var training = await host.Store.CreateAsync(
            new Training(new ResourceMetadata { Id = "t" }, new TrainingSpec { Toolchain = "x", Git = new GitSource("gone", "") }, new TrainingStatus()), TimeProvider.System, CancellationToken.None);
        await Eventually.True(async () => (await FindAsync(host)).IsEnded, "the training ends");
        training = (await host.Store.FindAsync<Training>("t", CancellationToken.None))!;
        // As it was while the last one worked on it.
        await host.Store.UpdateStatusAsync(
            training.WithProgress(training.Progress with { State = StepState.Running, Step = WorkStep.Setup, Begun = begun, Reason = null, Message = null, Finished = null }), TimeProvider.System, CancellationToken.None);
    }

    private async Task<StepStatus> EndAsync()
    {
        await using var host = await EngineHost.StartAsync(directory);
        await Eventually.True(async () => (await FindAsync(host)).IsEnded, "the training ends");
        return await FindAsync(host);
    }

    private static async Task<StepStatus> FindAsync(EngineHost host) => (await host.Store.FindAsync<Training>("t", CancellationToken.None))!.Progress;
}
