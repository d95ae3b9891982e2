using Odin.Resources;

namespace Odin.Reconciliation;

/// <summary>
/// Brings the world closer to what a resource asks for. Idempotent and level-triggered: it may be called twice, late, or
/// after a crash; it is never called twice at the same time for one id.
/// </summary>
public interface IReconciler<T>
    where T : class, IResource<T>
{
    /// <summary>
    /// Ids to reconcile when the process starts. Everything else comes from the store's changes and from
    /// <see cref="ReconcilerHost{T}.Wake"/>.
    /// </summary>
    IAsyncEnumerable<string> ListUnfinishedAsync(CancellationToken cancellationToken);

    /// <summary>One pass. A <see cref="Storage.ResourceConflictException"/> means "read again" and is not an error.</summary>
    Task<ReconcileResult> ReconcileAsync(string id, CancellationToken cancellationToken);
}

/// <summary>When to come back by the clock alone; changes come back on their own.</summary>
public readonly record struct ReconcileResult(TimeSpan? RequeueAfter)
{
    /// <summary>Nothing to do until something changes.</summary>
    public static ReconcileResult Done { get; } = new(null);

    /// <summary>Again after this time, even if nothing changes.</summary>
    public static ReconcileResult After(TimeSpan delay) => new(delay);
}
