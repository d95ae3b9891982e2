using Odin.Resources;
using Odin.Storage;

namespace Odin.Testing;

/// <summary>A store in front of another one. A test says what is different.</summary>
internal abstract class ForwardingStore(IResourceStore inner) : IResourceStore
{
    /// <summary>Who is asked for everything but watches; may throw.</summary>
    protected virtual IResourceStore Inner => inner;

    public virtual ILeaseStore Leases => inner.Leases;

    public Task<T?> FindAsync<T>(string id, CancellationToken cancellationToken)
        where T : class, IResource<T> => Inner.FindAsync<T>(id, cancellationToken);

    public Task<IReadOnlyList<T>> FindManyAsync<T>(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
        where T : class, IResource<T> => Inner.FindManyAsync<T>(ids, cancellationToken);

    public virtual Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        where T : class, IResource<T> => Inner.ListAsync<T>(query, cancellationToken);

    public Task ApplyAsync(ResourceBatch batch, CancellationToken cancellationToken) => Inner.ApplyAsync(batch, cancellationToken);

    public IAsyncEnumerable<ResourceChange> WatchAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> => inner.WatchAsync<T>(cancellationToken);
}
