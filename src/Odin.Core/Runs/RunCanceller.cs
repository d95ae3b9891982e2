using Odin.Storage;

namespace Odin.Runs;

/// <summary>Ends runs on a user's wish. The wish is stored; the reconciler carries it out.</summary>
public sealed class RunCanceller(IResourceStore store, TimeProvider time)
{
    /// <summary>True: cancelled, or it had ended by itself. False: there is no such run.</summary>
    public async Task<bool> CancelAsync(string runId, string by, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await store.FindAsync<Run>(runId, cancellationToken) is not { } run)
                return false;
            if (run.Status.IsEnded || run.Spec.CancelledBy is not null)
                return true;
            try
            {
                await store.UpdateSpecAsync(run with { Spec = run.Spec with { CancelledBy = by } }, time, cancellationToken);
                return true;
            }
            catch (ResourceConflictException)
            {
                // The run has just changed its state; look again.
            }
        }
    }
}
