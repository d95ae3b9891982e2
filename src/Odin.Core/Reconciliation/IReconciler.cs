using Odin.Resources;

namespace Odin.Reconciliation;

/// <summary>
/// Brings the world closer to what a resource asks for. Idempotent and level-triggered: it may be called twice, late, or
/// after a crash; it is never called twice at the same time for one id, and only where this server has the lease for it.
/// </summary>
public interface IReconciler<T>
    where T : class, IResource<T>
{
    /// <summary>
    /// The phases of resources that are looked at without any change of them: at the start, and when the server that did so
    /// is gone. Everything else comes from the store's changes and from <see cref="ReconcilerHost{T}.Wake"/>.
    /// </summary>
    IReadOnlyCollection<string> UnfinishedPhases { get; }

    /// <summary>One pass. A <see cref="Storage.ResourceConflictException"/> means "read again" and is not an error.</summary>
    /// <param name="id">The resource.</param>
    /// <param name="lease">
    /// Every batch carries its token, and every act that the store does not check asks first whether it is held. The same
    /// one from pass to pass as long as it is held.
    /// </param>
    /// <param name="cancellationToken">The process ends.</param>
    Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets all that is in memory of the resource: the lease is lost, another server goes on with it. Touches nothing
    /// that this could see.
    /// </summary>
    void Disown(string id);
}

/// <summary>When to come back by the clock alone; changes come back on their own.</summary>
/// <param name="RequeueAfter">Again after this time, even if nothing changes; null: not by the clock.</param>
/// <param name="IsFinished">The lease can go.</param>
public readonly record struct ReconcileResult(TimeSpan? RequeueAfter, bool IsFinished = false)
{
    /// <summary>Nothing to do until something changes, which this server is to see to.</summary>
    public static ReconcileResult Waiting { get; } = new(null);

    /// <summary>Nothing to do any more.</summary>
    public static ReconcileResult Finished { get; } = new(null, IsFinished: true);

    /// <summary>Again after this time, even if nothing changes.</summary>
    public static ReconcileResult After(TimeSpan delay) => new(delay);
}
