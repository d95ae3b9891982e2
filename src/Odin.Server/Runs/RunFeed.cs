using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Runs;

/// <summary>
/// One run as the store has it, kept up to date by reading only what was reported as changed, for as many readers as
/// there are. Everything in it comes from the store: it may be dropped at any time.
/// </summary>
internal sealed class RunFeed(string runId, IResourceStore store, RunReader reader) : IDisposable
{
    // When more of the tasks than this have changed, reading all of them in order is cheaper.
    private const double ManyChanges = 0.5;

    private readonly SemaphoreSlim refreshing = new(1, 1);
    private readonly Lock gate = new();
    private TaskCompletionSource changed = NewSignal();
    private HashSet<string> changedIds = new(StringComparer.Ordinal);
    private bool everythingChanged = true;
    private RunSnapshot? snapshot;
    private bool isFinal;

    public string RunId { get; } = runId;

    /// <summary>Whether there was no such run when it was read last.</summary>
    public bool IsMissing => Volatile.Read(ref snapshot) is null;

    /// <summary>How many hold it at the moment; guarded by <see cref="RunFeeds"/>.</summary>
    public int Holders { get; set; }

    /// <summary>Completes when something has changed since the last <see cref="ReadAsync"/> began.</summary>
    public Task Changed
    {
        get
        {
            lock (gate)
                return changed.Task;
        }
    }

    /// <summary>Something of the run has changed; null: anything may have.</summary>
    public void Report(string? id)
    {
        lock (gate)
        {
            if (id is null)
                everythingChanged = true;
            else
                changedIds.Add(id);
            changed.TrySetResult();
        }
    }

    /// <summary>The run as it is now; null: it does not exist (any more).</summary>
    public async Task<RunSnapshot?> ReadAsync(CancellationToken cancellationToken)
    {
        await refreshing.WaitAsync(cancellationToken);
        try
        {
            var (ids, all) = Take();
            try
            {
                return snapshot = await RefreshAsync(ids, all, cancellationToken);
            }
            catch
            {
                // What was taken was not read.
                Report(null);
                throw;
            }
        }
        finally
        {
            refreshing.Release();
        }
    }

    public void Dispose() => refreshing.Dispose();

    private async Task<RunSnapshot?> RefreshAsync(HashSet<string> ids, bool all, CancellationToken cancellationToken)
    {
        // The run before its tasks: if it has ended, the tasks that are read after it are in their last state.
        if (await reader.FindRunAsync(RunId, cancellationToken) is not { } run)
        {
            isFinal = false;
            return null;
        }
        if (snapshot is null || all || (run.Status.IsEnded && !isFinal))
            return await ListAsync(run, cancellationToken);
        if (ids.Count == 0 || isFinal)
            return snapshot with { Run = run };
        return ids.Count > snapshot.Rows.Count * ManyChanges
            ? await ListAsync(run, cancellationToken)
            : await UpdateAsync(run, ids, cancellationToken);
    }

    private async Task<RunSnapshot> ListAsync(Run run, CancellationToken cancellationToken)
    {
        var sequence = (snapshot?.Sequence ?? 0) + 1;
        var known = snapshot?.Rows.ToDictionary(r => r.Id, StringComparer.Ordinal) ?? [];
        var rows = new List<TaskRow>(known.Count);
        // The end of a run changes the words for its tasks, too.
        var wordsChange = run.Status.IsEnded && !isFinal;
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = RunId }, cancellationToken))
        {
            var isKnown = known.TryGetValue(task.Id, out var row) && row!.Version == task.Metadata.Version
                && !(wordsChange && row.Status != InheritedStatus.Of(run, task));
            rows.Add(isKnown ? row! : TaskRow.From(run, task, sequence));
        }
        rows.Sort(static (a, b) => a.Index.CompareTo(b.Index));
        isFinal = run.Status.IsEnded;
        return new RunSnapshot(run, rows, sequence);
    }

    private async Task<RunSnapshot> UpdateAsync(Run run, HashSet<string> ids, CancellationToken cancellationToken)
    {
        var sequence = snapshot!.Sequence + 1;
        TaskRow[] rows = [.. snapshot.Rows];
        foreach (var task in await store.FindManyAsync<TaskRun>(ids, cancellationToken))
        {
            // Positions in the file and in the list are one, unless somebody deleted a task by hand.
            if (task.Spec.Index >= rows.Length || rows[task.Spec.Index].Id != task.Id)
                return await ListAsync(run, cancellationToken);
            if (rows[task.Spec.Index].Version != task.Metadata.Version)
                rows[task.Spec.Index] = TaskRow.From(run, task, sequence);
        }
        return new RunSnapshot(run, rows, sequence);
    }

    private (HashSet<string> Ids, bool All) Take()
    {
        lock (gate)
        {
            var taken = (changedIds, everythingChanged);
            changedIds = new HashSet<string>(StringComparer.Ordinal);
            everythingChanged = false;
            if (changed.Task.IsCompleted)
                changed = NewSignal();
            return taken;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
