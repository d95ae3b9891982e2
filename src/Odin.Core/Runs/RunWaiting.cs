using Odin.Storage;

namespace Odin.Runs;

/// <summary>Waits for runs, by the changes of the store.</summary>
public static class RunWaiting
{
    /// <summary>The run once it has ended.</summary>
    /// <exception cref="ResourceNotFoundException">There is no such run, or it was deleted meanwhile.</exception>
    public static async Task<Run> WaitForEndAsync(this IResourceStore store, string runId, CancellationToken cancellationToken)
    {
        Run? run = null;
        var hasEnded = await store.WaitUntilAsync<Run>(runId, found => (run = found) is null or { Status.IsEnded: true }, cancellationToken);
        ObjectDisposedException.ThrowIf(!hasEnded, store);
        return run ?? throw new ResourceNotFoundException(Run.Kind, runId);
    }
}
