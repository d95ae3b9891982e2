using System.Runtime.CompilerServices;
using Odin.Execution;
using Odin.Storage;

namespace Odin.Steps;

/// <summary>Reads the logs of work in steps: one after the other, as if they were one.</summary>
public sealed class StepLogs<T>(IResourceStore store, LogStore logs)
    where T : class, IStepResource<T>
{
    private static readonly WorkStep[] Order = [WorkStep.Setup, WorkStep.Main, WorkStep.Result];

    /// <summary>The log of the attempt that the resource is at, in pieces that are valid until the next step.</summary>
    /// <param name="resource">As it is now; its attempt has begun.</param>
    /// <param name="follow">True: go on until the attempt has ended, or another one takes its place.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(T resource, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (id, attempt) = (resource.Metadata.Id, resource.Progress.Attempt!);
        foreach (var step in Order)
        {
            var pieces = logs.ReadAsync(
                StepNames.LogOf(attempt, step), new LogReadOptions { Follow = follow }, token => WaitAsync(id, p => IsPast(p, attempt, step), token), cancellationToken);
            await foreach (var piece in pieces)
                yield return piece;
        }
    }

    /// <summary>Waits until an attempt of it has begun to be worked on, or it is gone.</summary>
    public async Task<T?> WaitForStartAsync(string id, CancellationToken cancellationToken)
    {
        await WaitAsync(id, HasStarted, cancellationToken);
        return await store.FindAsync<T>(id, cancellationToken);
    }

    /// <summary>Whether there is a log, or soon will be.</summary>
    public static bool HasStarted(StepStatus? progress) => progress is null || progress.State is StepState.Running or StepState.Succeeded or StepState.Failed || progress.Started is not null;

    private static bool IsPast(StepStatus? progress, string attempt, WorkStep step) =>
        progress is null || progress.Attempt != attempt || progress.IsEnded || progress.Step > step;

    private Task<bool> WaitAsync(string id, Func<StepStatus?, bool> isSo, CancellationToken cancellationToken) =>
        store.WaitUntilAsync<T>(id, found => isSo(found?.Progress), cancellationToken);
}
