using Odin.Execution;

namespace Odin.Runs;

// What the executors are told: what starts, what is told again after a restart, what is withdrawn and what stops.
internal sealed partial class RunReconciler
{
    private async Task StartAsync(RunMemory memory, List<(int Index, ResolvedTask Task)> starts, CancellationToken cancellationToken)
    {
        foreach (var (index, resolved) in starts)
        {
            var task = memory.Tasks[index];
            var (status, problem) = await StartAsync(memory, task, resolved, cancellationToken);
            if (problem is not null)
            {
                Refuse(memory, task, TaskReasons.WorkspaceFailed, problem);
                Wake(memory.Run.Id);
                continue;
            }
            if (status!.IsEnded)
                Report(status);
        }
    }

    // The status, or what kept the task from being handed over.
    private async Task<(ExecutionStatus? Status, string? Problem)> StartAsync(RunMemory memory, TaskRun task, ResolvedTask resolved, CancellationToken cancellationToken)
    {
        memory.Lease.ThrowIfLost();
        if (await TaskStarter.WriteRunRecordAsync(memory, task, cancellationToken) is { } problem)
            return (null, problem);
        memory.Lease.ThrowIfLost();
        var specification = TaskResolver.Specification(memory.Run, task, resolved) with { MayStart = () => memory.Lease.IsHeld };
        return (await executors.For(task).StartAsync(specification, cancellationToken), null);
    }

    private async Task TellAsync(RunMemory memory, TaskRun task, CancellationToken cancellationToken)
    {
        if (TaskTransitions.IsAcknowledged(task))
        {
            var key = RunMemory.KeyOf(task);
            var status = await executors.For(task).FindAsync(key, cancellationToken) ?? TaskTransitions.Unknown(key, executors.For(task).Name);
            if (status.Phase != ExecutionPhase.Queued)
            {
                Report(status);
                return;
            }
        }
        var (resolved, error) = TaskStarter.Resolve(memory, task);
        if (resolved is null)
            throw new InvalidOperationException($"Task '{task.Id}' was started with references that no longer resolve: {error}");
        var (started, problem) = await StartAsync(memory, task, resolved, cancellationToken);
        if (problem is null)
        {
            Report(started!);
            return;
        }
        var attempt = RunMemory.KeyOf(task);
        if (await executors.For(task).FindAsync(attempt, cancellationToken) is { } known && !await executors.For(task).WithdrawAsync(attempt, cancellationToken))
            Report(known);
        else
            Refuse(memory, task, TaskReasons.WorkspaceFailed, problem);
    }

    // Of a run that is over nothing is started, also not what was written down as about to be, if that can be prevented.
    private async Task WithdrawOrTellAsync(RunMemory memory, TaskRun task, CancellationToken cancellationToken)
    {
        var key = RunMemory.KeyOf(task);
        var known = await executors.For(task).FindAsync(key, cancellationToken);
        if (known is null || (known.Phase == ExecutionPhase.Queued && await executors.For(task).WithdrawAsync(key, cancellationToken)))
            memory.Set(task.Spec.Index, TaskTransitions.Withdrawn(task.Status));
        else
            await TellAsync(memory, task, cancellationToken);
    }

    private RunFacts FactsOf(RunMemory memory) =>
        new(memory.Graph, memory.Tasks, memory.Run.Spec.OnFailure, memory.Run.Spec.CancelledBy is not null, time.GetUtcNow());

    private async Task StopAsync(RunMemory memory, RunDecision decision, CancellationToken cancellationToken)
    {
        foreach (var index in decision.Withdraw)
        {
            memory.Lease.ThrowIfLost();
            var task = memory.Tasks[index];
            if (task.Status.Phase == TaskRunPhase.Queued && !memory.Busy.ContainsKey(index)
                && await executors.For(task).WithdrawAsync(RunMemory.KeyOf(task), cancellationToken))
            {
                memory.Results.Enqueue(() => memory.Set(index, TaskTransitions.Withdrawn(memory.Tasks[index].Status)));
                Wake(memory.Run.Id);
            }
        }
        foreach (var (index, reason) in decision.Stop)
        {
            memory.Lease.ThrowIfLost();
            var task = memory.Tasks[index];
            var key = RunMemory.KeyOf(task);
            // The program has ended by itself; what is left to do must not hold up the end of the run.
            if (memory.Busy.TryGetValue(index, out var work) && reason is StopReason.Cancelled or StopReason.FailFast)
                await work.CancelAsync();
            else if (!task.Status.IsEnded && !memory.Busy.ContainsKey(index) && memory.Stopping.Add(key.Id))
                await executors.For(task).StopAsync(key, reason, cancellationToken);
        }
    }
}
