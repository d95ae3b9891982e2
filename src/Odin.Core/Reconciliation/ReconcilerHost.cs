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
/// </summary>
public sealed partial class ReconcilerHost<T>(
    IReconciler<T> reconciler, IResourceStore store, TimeProvider time, ILogger<ReconcilerHost<T>> logger, int workers)
    : BackgroundService
    where T : class, IResource<T>
{
    private readonly Channel<string> queue = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, KeyState> keys = new(StringComparer.Ordinal);

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
        var loops = Enumerable.Range(0, workers).Select(_ => WorkAsync(stoppingToken))
            .Append(WatchAsync(stoppingToken))
            .ToList();
        try
        {
            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        foreach (var state in keys.Values)
            state.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                // Subscribed before the list is read, so that nothing falls between the two.
                await using var watcher = ResourceWatcher.Start<T>(store, cancellationToken);
                await ListAsync(cancellationToken);
                failures = 0;
                while (await watcher.ReadAsync() is { } change)
                {
                    if (change.Kind is null)
                        await ListAsync(cancellationToken);
                    else
                        Wake(change.Id);
                }
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogWatchFailed(e, T.Kind);
                await Task.Delay(Backoff.Delay(failures++), time, cancellationToken);
            }
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        await foreach (var id in reconciler.ListUnfinishedAsync(cancellationToken))
            Wake(id);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await foreach (var id in queue.Reader.ReadAllAsync(cancellationToken))
        {
            var state = keys.GetOrAdd(id, static _ => new KeyState());
            state.BeginPass();
            TimeSpan? again = null;
            try
            {
                again = (await reconciler.ReconcileAsync(id, cancellationToken)).RequeueAfter;
                state.Failures = 0;
            }
            catch (ResourceConflictException)
            {
                again = TimeSpan.Zero;
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                LogPassFailed(e, T.Kind, id, state.Failures + 1);
                again = Backoff.Delay(state.Failures++);
            }
            if (again is { } delay)
                state.Schedule(time, delay, () => Wake(id));
            if (state.EndPass())
                queue.Writer.TryWrite(id);
            else if (again is null)
                Forget(id, state);
        }
    }

    // A finished id must not stay in memory for ever; a wake that holds the old state is told to take a new one.
    private void Forget(string id, KeyState state)
    {
        if (state.TryRetire())
            keys.TryRemove(new KeyValuePair<string, KeyState>(id, state));
    }

    [LoggerMessage(1, LogLevel.Warning, "Watching {Kind} failed; listing again")]
    private partial void LogWatchFailed(Exception exception, string kind);

    [LoggerMessage(2, LogLevel.Error, "Reconciling {Kind} '{Id}' failed ({Failures} in a row); trying again")]
    private partial void LogPassFailed(Exception exception, string kind, string id, int failures);
}
