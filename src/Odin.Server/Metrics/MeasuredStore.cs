using System.Diagnostics;
using System.Diagnostics.Metrics;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Server.Metrics;

/// <summary>A store that measures how long another one takes.</summary>
internal sealed class MeasuredStore : IResourceStore, IAsyncDisposable
{
    private readonly Meter meter = new("Odin.Storage.Measured");
    private readonly IResourceStore inner;
    private readonly TimeProvider time;
    private readonly Histogram<double> latency;

    public MeasuredStore(IResourceStore inner, TimeProvider time)
    {
        (this.inner, this.time) = (inner, time);
        latency = meter.CreateHistogram<double>("odin.store.duration", "s", "How long the store took, by operation and kind.");
    }

    public ILeaseStore Leases => inner.Leases;

    public Task<T?> FindAsync<T>(string id, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        MeasureAsync("find", T.Kind, () => inner.FindAsync<T>(id, cancellationToken));

    public Task<IReadOnlyList<T>> FindManyAsync<T>(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        MeasureAsync("find_many", T.Kind, () => inner.FindManyAsync<T>(ids, cancellationToken));

    public Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        MeasureAsync("list", T.Kind, () => inner.ListAsync<T>(query, cancellationToken));

    public async Task ApplyAsync(ResourceBatch batch, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        await inner.ApplyAsync(batch, cancellationToken);
        Record("apply", batch.Writes is [var first, ..] ? first.Kind : "none", start);
    }

    public IAsyncEnumerable<ResourceChange> WatchAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        inner.WatchAsync<T>(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        meter.Dispose();
        if (inner is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        else
            (inner as IDisposable)?.Dispose();
    }

    private async Task<TResult> MeasureAsync<TResult>(string operation, string kind, Func<Task<TResult>> ask)
    {
        var start = time.GetTimestamp();
        var result = await ask();
        Record(operation, kind, start);
        return result;
    }

    private void Record(string operation, string kind, long start) => latency.Record(
        time.GetElapsedTime(start).TotalSeconds, new TagList { { "operation", operation }, { "kind", kind } });
}
