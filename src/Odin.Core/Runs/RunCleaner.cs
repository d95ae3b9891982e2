using Odin.Execution;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>What was done with one run or task.</summary>
/// <param name="CleanedFromExecutor">Nothing of it runs or is kept by the executor any more.</param>
public sealed record CleanupRow(string TaskId, bool CleanedFromExecutor, bool PurgedFromStore, bool RemovedFromFiles);

/// <summary>Removes runs: what still runs of them, and on request their records, workspaces and logs.</summary>
public sealed class RunCleaner(
    IResourceStore store, ExecutorSet executors, LogStore logs, RunCanceller canceller, RunOptions options, TimeProvider time)
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Cancels the run if it has not ended, waits for its end, and cleans up. The first row is the run, then its tasks
    /// that were started. Null: there is no such run.
    /// </summary>
    /// <exception cref="FilesNotRemovedException">The workspace holds files of somebody else; no records were purged, and it can be repeated.</exception>
    /// <exception cref="TimeoutException">The run did not end within a minute of being cancelled; nothing was purged.</exception>
    public async Task<IReadOnlyList<CleanupRow>?> CleanAsync(string runId, bool purgeRecords, bool purgeFiles, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Run>(runId, cancellationToken) is not { } run)
            return null;
        if (!run.Status.IsEnded)
        {
            await canceller.CancelAsync(runId, "cleanup", cancellationToken);
            run = await EndAsync(runId, cancellationToken);
        }

        var tasks = new List<TaskRun>();
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = runId }, cancellationToken))
            tasks.Add(task);
        var rows = new List<CleanupRow> { new(runId, false, purgeRecords, purgeFiles) };
        foreach (var task in tasks.Where(t => t.Status.Submitted is not null).OrderBy(t => t.Status.IsSuccess ? 0 : 1))
        {
            var ran = task.Status.Phase != TaskRunPhase.Cached && task.Spec.ReusedFrom is null;
            if (ran && executors.Has(task))
                await ForgetAsync(task, cancellationToken);
            rows.Add(new(task.Id, ran, purgeRecords, purgeFiles));
        }
        if (purgeFiles)
            RemoveFiles(run);
        if (purgeRecords)
            await PurgeAsync(run, tasks, cancellationToken);
        return rows;
    }

    private async Task ForgetAsync(TaskRun task, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= task.Status.Attempt; attempt++)
            await executors.For(task).RemoveAsync(new ExecutionKey(task.Spec.RunId, RunIds.AttemptId(task.Id, attempt)), cancellationToken);
    }

    private async Task<Run> EndAsync(string runId, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(EndLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await store.WaitForEndAsync(runId, both.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Run '{runId}' was cancelled and has not ended after {EndLimit.TotalSeconds} s; try again later.");
        }
    }

    private void RemoveFiles(Run run)
    {
        // The path comes from our own record; the check guards the rest of the disk against a forged one.
        var workspace = Path.GetFullPath(run.Spec.RunPath);
        if (workspace.StartsWith(Path.GetFullPath(options.WorkspaceDirectory) + Path.DirectorySeparatorChar, StringComparison.Ordinal) && Directory.Exists(workspace))
            DirectoryRemoval.Delete(workspace);
        RenderedJobs.Delete(options, run.Spec.WorkPath);
    }

    // The run goes last: a crash in between leaves something that can be purged again.
    private async Task PurgeAsync(Run run, List<TaskRun> tasks, CancellationToken cancellationToken)
    {
        foreach (var chunk in tasks.Chunk(500))
        {
            var some = new ResourceBatch(time);
            foreach (var task in chunk)
                some.Delete<TaskRun>(task.Id);
            await store.ApplyAsync(some, cancellationToken);
        }
        logs.DeleteGroup(run.Id);
        var last = new ResourceBatch(time);
        if (run.Spec.IdempotencyKey is { } key)
            last.Delete<SubmitKey>(key);
        last.Delete<Run>(run.Id);
        await store.ApplyAsync(last, cancellationToken);
    }
}
