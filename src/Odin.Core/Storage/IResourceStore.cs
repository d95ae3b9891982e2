using Odin.Resources;

namespace Odin.Storage;

/// <summary>
/// Where resources are kept. Every write is durable when its task completes and is visible to the reads that follow.
/// All implementations pass one conformance suite (<c>ResourceStoreConformance</c>).
/// </summary>
/// <remarks>
/// Errors: <see cref="ResourceAlreadyExistsException"/>, <see cref="ResourceConflictException"/> and
/// <see cref="ResourceNotFoundException"/> are the caller's to handle; <see cref="StoreUnavailableException"/> means that
/// the database could not be asked and that the same call may succeed later.
/// </remarks>
public interface IResourceStore
{
    /// <summary>The leases that a <see cref="ResourceBatch"/> may carry.</summary>
    ILeaseStore Leases { get; }

    /// <summary>The resource with that id, or null.</summary>
    Task<T?> FindAsync<T>(string id, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>Those of the resources with these ids that exist, in no particular order. Each appears once.</summary>
    Task<IReadOnlyList<T>> FindManyAsync<T>(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>One page of the resources that match, in the order of the query.</summary>
    Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>
    /// Carries out all writes of the batch in one transaction, or none of them.
    /// Batches of concurrent callers may share one commit.
    /// </summary>
    /// <exception cref="ResourceAlreadyExistsException">A resource to create exists.</exception>
    /// <exception cref="ResourceConflictException">A resource to update has another version than the given one.</exception>
    /// <exception cref="ResourceNotFoundException">A resource to update does not exist.</exception>
    /// <exception cref="LeaseLostException">The lease of the batch is no longer good.</exception>
    Task ApplyAsync(ResourceBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Every change from the moment the enumeration starts, in the order of commits; those of other servers come when the
    /// database tells of them, a little later. A reader that falls behind by more
    /// than <see cref="StorageOptions.WatchBuffer"/> changes gets one <see cref="ResourceChange.Resync"/> in place of what
    /// it missed and must list again.
    /// </summary>
    IAsyncEnumerable<ResourceChange> WatchAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T>;
}
