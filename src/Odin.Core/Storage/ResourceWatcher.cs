using Odin.Resources;

namespace Odin.Storage;

/// <summary>
/// Changes of one kind from the moment of its making, for those who subscribe first and read the present state second.
/// One reader at a time.
/// </summary>
public sealed class ResourceWatcher : IAsyncDisposable
{
    private readonly CancellationTokenSource closing;
    private readonly IAsyncEnumerator<ResourceChange> changes;
    private Task<bool> next;

    private ResourceWatcher(Func<CancellationToken, IAsyncEnumerable<ResourceChange>> watch, CancellationToken cancellationToken)
    {
        closing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        changes = watch(closing.Token).GetAsyncEnumerator(closing.Token);
        next = changes.MoveNextAsync().AsTask();
    }

    /// <summary>Subscribes; nothing committed after this call is missed.</summary>
    public static ResourceWatcher Start<T>(IResourceStore store, CancellationToken cancellationToken)
        where T : class, IResource<T> => new(store.WatchAsync<T>, cancellationToken);

    /// <summary>The next change; null when the store was closed.</summary>
    public async Task<ResourceChange?> ReadAsync()
    {
        if (!await next)
            return null;
        var change = changes.Current;
        next = changes.MoveNextAsync().AsTask();
        return change;
    }

    /// <summary>Waits until something that matters may have changed. False when the store was closed.</summary>
    public async Task<bool> WaitAsync(Func<ResourceChange, bool> matters)
    {
        while (await ReadAsync() is { } change)
        {
            if (change.Kind is null || matters(change))
                return true;
        }
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await changes.DisposeAsync();
        closing.Dispose();
    }
}
