using System.Runtime.CompilerServices;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Runs;

/// <summary>Something that a watcher of a run hears.</summary>
internal abstract record RunEvent
{
    private RunEvent()
    {
    }

    public sealed record RunChanged(Run Run) : RunEvent;

    public sealed record TaskChanged(Run Run, TaskRun Task) : RunEvent;

    /// <summary>The last one. Null: the record of the run was deleted.</summary>
    public sealed record Ended(Run? Run) : RunEvent;
}

/// <summary>
/// Follows a run: first everything as it is, then what changes, then the end. Somebody who reads slowly misses states in
/// between, never the last one.
/// </summary>
internal sealed class RunWatcher(IResourceStore store, RunReader reader)
{
    // From here on one list is cheaper than many single reads.
    private const int ManyChanges = 50;

    public async IAsyncEnumerable<RunEvent> WatchAsync(string runId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var changes = new ChangedIds();
        // Both run up to their first wait, which is when they are subscribed: nothing after the first read is missed.
        Task[] pumps = [PumpAsync<Run>(runId, changes, stop.Token), PumpAsync<TaskRun>(runId, changes, stop.Token)];
        try
        {
            var known = new Dictionary<string, string>(StringComparer.Ordinal);
            var ids = ChangedIds.Everything;
            while (true)
            {
                // The run before its tasks: if it has ended, the tasks that are read after it are in their last state.
                var run = await reader.FindRunAsync(runId, cancellationToken);
                if (run is null)
                {
                    yield return new RunEvent.Ended(null);
                    yield break;
                }
                if (run.Status.IsEnded)
                    ids = ChangedIds.Everything;
                var isFirst = known.Count == 0;
                if (isFirst)
                    yield return new RunEvent.RunChanged(run);
                await foreach (var task in ReadAsync(runId, ids, cancellationToken))
                {
                    if (known.GetValueOrDefault(task.Id) == task.Metadata.Version)
                        continue;
                    known[task.Id] = task.Metadata.Version;
                    yield return new RunEvent.TaskChanged(run, task);
                }
                if (known.GetValueOrDefault(runId) != run.Metadata.Version && !isFirst)
                    yield return new RunEvent.RunChanged(run);
                known[runId] = run.Metadata.Version;
                if (run.Status.IsEnded)
                {
                    yield return new RunEvent.Ended(run);
                    yield break;
                }
                ids = await changes.TakeAsync(cancellationToken);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async IAsyncEnumerable<TaskRun> ReadAsync(
        string runId, IReadOnlySet<string>? ids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (ids is null || ids.Count > ManyChanges)
        {
            foreach (var task in await reader.TasksAsync(runId, cancellationToken))
                yield return task;
            yield break;
        }
        foreach (var id in ids.Where(id => id != runId))
        {
            if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
                yield return task;
        }
    }

    private async Task PumpAsync<T>(string runId, ChangedIds changes, CancellationToken cancellationToken)
        where T : class, Odin.Resources.IResource<T>
    {
        try
        {
            await foreach (var change in store.WatchAsync<T>(cancellationToken))
            {
                if (change.Kind is null)
                    changes.AddEverything();
                // Tasks name their run as parent; the notice of a deleted one may not know it.
                else if (change.Id == runId || change.Parent == runId || (change.Parent is null && change.Id.StartsWith(runId + "--", StringComparison.Ordinal)))
                    changes.Add(change.Id);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            changes.Fail(e);
        }
    }
}
