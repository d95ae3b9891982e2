using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Reconciliation;

/// <summary>
/// Runs a reconciler: for everything unfinished at the start, then for whatever changes or is woken. One id is never
/// looked at twice at the same time; a wake during a pass leads to another pass. Errors are tried again with back-off.
/// Where servers share the store, each looks at what it has the lease for, and for what nobody has.
/// </summary>
public sealed partial class ReconcilerHost<T>(
    IReconciler<T> reconciler, IResourceStore store, LeaseKeeper leases, TimeProvider time, ILogger<ReconcilerHost<T>> logger, int workers)
    : BackgroundService
    where T : class, IResource<T>
{
    private readonly Channel<string> queue = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, KeyState> keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lease> held = new(StringComparer.Ordinal);

    /// <summary>Asks for a pass over this id, soon. Cheap; many calls before the pass lead to one pass.</summary>
    public void Wake(string id)
    {
        while (true)
        {
            var state = keys.GetOrAdd(id, static _ => new KeyState());
            switch (state.MarkDirty())
            {
                case KeyState.Marked.MustQueue:
                    queue.Writer.TryWrite(id);
                    return;
                case KeyState.Marked.Waiting:
                    return;
            }
            // Retired between the two calls: it is about to be, or has been, removed.
            keys.TryRemove(new KeyValuePair<string, KeyState>(id, state));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        leases.Lapsed += WakeHeld;
        var loops = Enumerable.Range(0, workers).Select(_ => WorkAsync(stoppingToken))
            .Append(store.FollowAsync<T>(LookAtAllAsync, (change, _) => LookAtAsync(change), time, logger, stoppingToken))
            .Append(ScanAsync(stoppingToken))
            .ToList();
        try
        {
            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        leases.Lapsed -= WakeHeld;
        foreach (var state in keys.Values)
            state.Dispose();
    }

    private async Task LookAtAllAsync(CancellationToken cancellationToken)
    {
        WakeHeld();
        await ListAsync(cancellationToken);
    }

    private Task LookAtAsync(ResourceChange change)
    {
        if (held.ContainsKey(change.Id) || IsNewWish(change))
            Wake(change.Id);
        return Task.CompletedTask;
    }

    // Only who has the lease writes the status; and a wish that another server was told of is that server's, or somebody's
    // who has the lease. If it is nobody's any more, the next scan finds it.
    private static bool IsNewWish(ResourceChange change) =>
        change is { IsRemote: false, Kind: WriteKind.Create or WriteKind.UpdateSpec };

    // Work that nobody has: of servers that died, and what nobody has taken up for any other reason.
    private async Task ScanAsync(CancellationToken cancellationToken)
    {
        while (leases.IsShared)
        {
            // Servers that were started together need not look at the same moment.
            await Task.Delay(leases.Options.Scan * (1 + (Random.Shared.NextDouble() / 8)), time, cancellationToken);
            try
            {
                await ListAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogScanFailed(T.Kind, e.Message);
            }
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        await foreach (var id in store.Leases.ListFreeAsync(T.Kind, reconciler.UnfinishedPhases, cancellationToken))
            Wake(id);
    }

    private void WakeHeld()
    {
        foreach (var (id, _) in held)
            Wake(id);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await foreach (var id in queue.Reader.ReadAllAsync(cancellationToken))
        {
            var state = keys.GetOrAdd(id, static _ => new KeyState());
            state.BeginPass();
            var again = await PassAsync(id, state, cancellationToken);
            if (again is { } delay)
                state.Schedule(time, delay, () => Wake(id));
            if (state.EndPass())
                queue.Writer.TryWrite(id);
            else if (again is null)
                Forget(id, state);
        }
    }

    // The time after which to look again, if nothing changes before.
    private async Task<TimeSpan?> PassAsync(string id, KeyState state, CancellationToken cancellationToken)
    {
        try
        {
            if (await TakeAsync(id, cancellationToken) is not { } lease)
                return null;
            var result = await reconciler.ReconcileAsync(id, lease, cancellationToken);
            state.Failures = 0;
            if (result.IsFinished && held.TryRemove(id, out _))
                leases.Release(lease);
            return result.RequeueAfter;
        }
        catch (ResourceConflictException)
        {
            return TimeSpan.Zero;
        }
        catch (LeaseLostException)
        {
            Drop(id);
            return TimeSpan.Zero;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogPassFailed(e, T.Kind, id, state.Failures + 1);
            return Backoff.Delay(state.Failures++);
        }
    }

    // Null: another server works on it.
    private async ValueTask<Lease?> TakeAsync(string id, CancellationToken cancellationToken)
    {
        if (held.TryGetValue(id, out var known))
        {
            if (known.IsHeld)
                return known;
            Drop(id);
        }
        var lease = await leases.AcquireAsync(ILeaseStore.NameOf(T.Kind, id), cancellationToken);
        if (lease is not null)
            held[id] = lease;
        return lease;
    }

    private void Drop(string id)
    {
        LogDisowned(T.Kind, id);
        reconciler.Disown(id);
        if (held.TryRemove(id, out var lease))
            leases.Release(lease);
    }

    // A finished id must not stay in memory for ever; a wake that holds the old state is told to take a new one.
    private void Forget(string id, KeyState state)
    {
        if (state.TryRetire())
            keys.TryRemove(new KeyValuePair<string, KeyState>(id, state));
    }

    [LoggerMessage(3, LogLevel.Warning, "Looking for {Kind} that nobody works on failed; trying again: {Reason}")]
    private partial void LogScanFailed(string kind, string reason);

    [LoggerMessage(4, LogLevel.Warning, "The lease of {Kind} '{Id}' is lost; another server may go on with it")]
    private partial void LogDisowned(string kind, string id);

    [LoggerMessage(2, LogLevel.Error, "Reconciling {Kind} '{Id}' failed ({Failures} in a row); trying again")]
    private partial void LogPassFailed(Exception exception, string kind, string id, int failures);
}
