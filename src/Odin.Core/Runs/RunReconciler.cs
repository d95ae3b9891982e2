using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>
/// Drives runs to their end. Each pass: take in what happened, let <see cref="RunDecider"/> decide, write everything in one
/// transaction, and only then tell the executors. So whatever a crash leaves undone is in the store and is done again,
/// and executors start an attempt at most once however often they are told.
/// </summary>
internal sealed partial class RunReconciler(
    IResourceStore store, ExecutorSet executors, TaskStarter starter, TaskFinisher finisher, ExecutionJanitor janitor, RunOptions options, TimeProvider time,
    ILogger<RunReconciler> logger) : IReconciler<Run>
{
    private readonly ConcurrentDictionary<string, RunMemory> memories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> closing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<ExecutionStatus>> inbox = new(StringComparer.Ordinal);

    /// <summary>Called by work in the background when a run should be looked at; set by the engine.</summary>
    public Action<string> Wake { get; set; } = static _ => { };

    public IReadOnlyCollection<string> UnfinishedPhases { get; } = [nameof(RunPhase.Pending), nameof(RunPhase.Running)];

    /// <summary>Takes in a change that an executor reports. Of runs that are not in this server's hands it is not kept.</summary>
    public void Report(ExecutionStatus status)
    {
        if (!inbox.TryGetValue(status.Key.Group, out var statuses))
            return;
        statuses.Enqueue(status);
        Wake(status.Key.Group);
    }

    public async Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            return await PassAsync(id, lease, cancellationToken);
        }
        catch
        {
            if (memories.TryRemove(id, out var memory))
                await memory.CloseAsync();
            throw;
        }
    }

    public void Disown(string id)
    {
        Forget(id);
        foreach (var executor in executors.All)
            executor.Disown(id);
    }

    private async Task<ReconcileResult> PassAsync(string id, Lease lease, CancellationToken cancellationToken)
    {
        var run = await store.FindAsync<Run>(id, cancellationToken);
        if (run is null || run.Status.IsEnded)
        {
            Forget(id);
            return ReconcileResult.Finished;
        }
        if (!memories.TryGetValue(id, out var memory) || memory.Lease != lease)
        {
            await WaitForClosingAsync(id);
            memory = memories[id] = await LoadAsync(run, lease, cancellationToken);
        }
        memory.Run = run;
        if (run.Status.Phase == RunPhase.Pending && !await BeginAsync(memory, cancellationToken))
            return ReconcileResult.Finished;

        TakeIn(memory, cancellationToken);
        var decision = RunDecider.Decide(FactsOf(memory));
        foreach (var ended in decision.End)
            End(memory, ended);
        var starts = Prepare(memory, decision, cancellationToken);
        await WriteAsync(memory, decision.Outcome, cancellationToken);

        await StartAsync(memory, starts, cancellationToken);
        await StopAsync(memory, decision, cancellationToken);
        // Only what is in the store as ended may be forgotten by the executor.
        while (memory.Removable.TryDequeue(out var removable))
            janitor.Add(removable.Executor, removable.Key);
        return Next(memory, decision);
    }

    private async Task<RunMemory> LoadAsync(Run run, Lease lease, CancellationToken cancellationToken)
    {
        // Before any executor is asked, so that what it reports from then on is not missed.
        inbox.TryAdd(run.Id, new());
        var tasks = new List<TaskRun>();
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = run.Id }, cancellationToken))
            tasks.Add(task);
        var memory = new RunMemory(run, [.. tasks.OrderBy(t => t.Spec.Index)], lease);
        var isStopping = RunDecider.IsStopping(FactsOf(memory));
        foreach (var task in memory.Tasks.Where(t => t.Status.Phase is TaskRunPhase.Queued or TaskRunPhase.Running))
        {
            if (Refused(memory, task))
                continue;
            // Told again: the executor starts it if the last process died before it could, and adopts it otherwise.
            memory.Remember(RunMemory.KeyOf(task), task.Spec.Index);
            if (isStopping && task.Status.Phase == TaskRunPhase.Queued)
                await WithdrawOrTellAsync(memory, task, cancellationToken);
            else
                await TellAsync(memory, task, cancellationToken);
        }
        return memory;
    }

    // False: the run has ended, because there is no place to run it in.
    private async Task<bool> BeginAsync(RunMemory memory, CancellationToken cancellationToken)
    {
        var run = memory.Run;
        try
        {
            Directory.CreateDirectory(Path.Combine(run.Spec.RunPath, ".odin"));
            if (run.Spec.RerunOf is { } earlierId)
                await WorkspaceReuse.CopyFilesAsync(run, await store.FindAsync<Run>(earlierId, cancellationToken), memory.Tasks, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var failed = run.Status with
            {
                Phase = RunPhase.Failed,
                Reason = TaskReasons.WorkspaceFailed,
                Message = $"The workspace '{run.Spec.RunPath}' could not be made: {e.Message}",
                Finished = time.GetUtcNow(),
            };
            await UpdateRunAsync(memory, failed, cancellationToken);
            Forget(run.Id);
            return false;
        }
        await UpdateRunAsync(memory, run.Status with { Phase = RunPhase.Running, Started = time.GetUtcNow() }, cancellationToken);
        LogStarted(run.Id, run.Spec.Job, memory.Tasks.Length);
        RunMeters.RunStarted();
        return true;
    }

    private async Task UpdateRunAsync(RunMemory memory, RunStatus status, CancellationToken cancellationToken)
    {
        var batch = new ResourceBatch(time) { Lease = memory.Lease.Token };
        memory.Run = batch.UpdateStatus(memory.Run with { Status = status });
        await store.ApplyAsync(batch, cancellationToken);
    }

    private void TakeIn(RunMemory memory, CancellationToken cancellationToken)
    {
        while (memory.Results.TryDequeue(out var apply))
            apply();
        if (!inbox.TryGetValue(memory.Run.Id, out var statuses))
            return;
        while (statuses.TryDequeue(out var status))
        {
            if (memory.Find(status.Key) is { } index && !memory.Busy.ContainsKey(index))
                Apply(memory, index, status, cancellationToken);
        }
    }

    private void Apply(RunMemory memory, int index, ExecutionStatus status, CancellationToken cancellationToken)
    {
        var task = memory.Tasks[index];
        if (task.Status.Phase is not (TaskRunPhase.Queued or TaskRunPhase.Running))
            return;
        if (!status.IsEnded)
        {
            var observed = TaskTransitions.Observed(task.Status, status);
            if (observed != task.Status)
                memory.Set(index, observed);
            return;
        }
        memory.Stopping.Remove(status.Key.Id);
        var removable = (executors.For(task), status.Key);
        if (!TaskFinisher.NeedsBackground(task, status) || TaskStarter.Resolve(memory, task).Task is not { } resolved)
        {
            memory.Set(index, finisher.Finish(memory.Run, task, status));
            memory.Removable.Enqueue(removable);
            return;
        }
        InBackground(memory, index, token => finisher.FinishAsync(memory, task, resolved, status, memory.CacheFacts.GetValueOrDefault(index), token),
            cancellationToken, _ => memory.Removable.Enqueue(removable));
    }

    private void End(RunMemory memory, RunDecision.EndedTask ended)
    {
        if (memory.Busy.TryGetValue(ended.Index, out var work))
            work.Cancel();
        var status = memory.Tasks[ended.Index].Status;
        memory.Set(ended.Index, status with
        {
            Phase = ended.Phase,
            Reason = ended.Reason,
            Message = ended.Message,
            Finished = time.GetUtcNow(),
        });
    }

    // Marks what can start as queued, to be written; what needs hashing first goes to the background.
    private List<(int Index, ResolvedTask Task)> Prepare(RunMemory memory, RunDecision decision, CancellationToken cancellationToken)
    {
        var starts = new List<(int, ResolvedTask)>();
        foreach (var index in decision.Start)
        {
            if (memory.Busy.ContainsKey(index))
                continue;
            if (starts.Count >= options.StartBatch)
            {
                decision.Wake(time.GetUtcNow());
                break;
            }
            var task = memory.Tasks[index];
            var (resolved, error) = TaskStarter.Resolve(memory, task);
            if (Refused(memory, task, resolved is null ? error : null) || resolved is null)
                decision.Refused++;
            else if (task.Spec.Task.Outputs is null || memory.CacheFacts.ContainsKey(index))
            {
                memory.Set(index, TaskTransitions.Queued(task, resolved, time.GetUtcNow()));
                memory.Remember(RunMemory.KeyOf(memory.Tasks[index]), index);
                starts.Add((index, resolved));
            }
            else
            {
                InBackground(memory, index, token => starter.AskCacheAsync(memory, task, resolved, token), cancellationToken,
                    answer => memory.CacheFacts[index] = answer.Facts);
            }
        }
        return starts;
    }

    // What cannot be started, now or after the next restart either: for its references, or because its executor is gone.
    private bool Refused(RunMemory memory, TaskRun task, string? badReference = null)
    {
        if (badReference is null && executors.Has(task))
            return false;
        var (reason, message) = badReference is null ? executors.Missing(task) : (TaskReasons.BadReference, badReference);
        Refuse(memory, task, reason, message);
        return true;
    }

    private void Refuse(RunMemory memory, TaskRun task, string reason, string message) =>
        memory.Set(task.Spec.Index, TaskTransitions.Refused(task.Status, reason, message, time.GetUtcNow()));

    private async Task WriteAsync(RunMemory memory, RunOutcome? outcome, CancellationToken cancellationToken)
    {
        var ends = outcome is not null;
        if (memory.Dirty.Count == 0 && !ends)
            return;
        var batch = new ResourceBatch(time) { Lease = memory.Lease.Token };
        foreach (var index in memory.Dirty)
            memory.Tasks[index] = batch.UpdateStatus(memory.Tasks[index]);
        if (ends)
        {
            memory.Run = batch.UpdateStatus(memory.Run with
            {
                Status = memory.Run.Status with
                {
                    Phase = outcome!.Phase,
                    Reason = outcome.Reason,
                    Message = outcome.Phase == RunPhase.Cancelled ? $"Cancelled by {memory.Run.Spec.CancelledBy}." : outcome.Message,
                    EarlyExit = outcome.EarlyExit,
                    Finished = time.GetUtcNow(),
                },
            });
        }
        await store.ApplyAsync(batch, cancellationToken);
        memory.Dirty.Clear();
        if (!ends)
            return;
        LogEnded(memory.Run.Id, memory.Run.Status.Phase);
        RunMeters.RunEnded(memory.Run.Status.Phase);
    }

    private ReconcileResult Next(RunMemory memory, RunDecision decision)
    {
        if (memory.Run.Status.IsEnded)
        {
            Forget(memory.Run.Id);
            return ReconcileResult.Finished;
        }
        // A task that was refused in this pass changes the next decision, and no other event will say so.
        if (decision.Refused > 0)
            return ReconcileResult.After(TimeSpan.Zero);
        if (decision.WakeAt is not { } at)
            return ReconcileResult.Waiting;
        var delay = at - time.GetUtcNow();
        return ReconcileResult.After(delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
    }

    private void Forget(string id)
    {
        inbox.TryRemove(id, out _);
        if (memories.TryRemove(id, out var memory) && memory.Busy.Count > 0)
            closing[id] = memory.CloseAsync();
    }

    // What works for an earlier memory of the run works on the same files.
    private async Task WaitForClosingAsync(string id)
    {
        if (memories.TryRemove(id, out var memory))
            await memory.CloseAsync();
        if (closing.TryRemove(id, out var earlier))
            await earlier;
    }

    // Hashing files must not hold up the other tasks of the run. The result comes back through the memory, an error too:
    // the next pass throws it, and drops the memory. The work is then simply done again.
    private void InBackground<TAnswer>(
        RunMemory memory, int index, Func<CancellationToken, Task<TAnswer>> work, CancellationToken cancellationToken, Action<TAnswer>? then = null)
        where TAnswer : ITaskAnswer
    {
        memory.InBackground(index, CompleteAsync, cancellationToken);

        async Task CompleteAsync(CancellationToken stop)
        {
            Action apply;
            try
            {
                var answer = await work(stop);
                if (cancellationToken.IsCancellationRequested)
                    return;
                apply = () =>
                {
                    then?.Invoke(answer);
                    if (answer.Status is { } status && !memory.Tasks[index].Status.IsEnded)
                        memory.Set(index, status);
                };
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogBackgroundFailed(e, memory.Tasks[index].Id);
                await Task.Delay(Backoff.Delay(failures: 3), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                apply = ExceptionDispatchInfo.Capture(e).Throw;
            }
            memory.Results.Enqueue(() =>
            {
                memory.Done(index);
                apply();
            });
            Wake(memory.Run.Id);
        }
    }
}
