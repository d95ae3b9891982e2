using Odin.Storage;

namespace Odin.Runs;

/// <summary>Waits for runs, by the changes of the store.</summary>
public static class RunWaiting
{
    /// <summary>The run once it has ended.</summary>
    /// <exception cref="ResourceNotFoundException">There is no such run, or it was deleted meanwhile.</exception>
    public static async Task<Run> WaitForEndAsync(this IResourceStore store, string runId, CancellationToken cancellationToken)
    {
        await using var watcher = ResourceWatcher.Start<Run>(store, cancellationToken);
        do
        {
            var run = await store.FindAsync<Run>(runId, cancellationToken) ?? throw new ResourceNotFoundException(Run.Kind, runId);
            if (run.Status.IsEnded)
                return run;
        }
        while (await watcher.WaitAsync(change => change.Id == runId));
        throw new ObjectDisposedException(nameof(IResourceStore));
    }
}
