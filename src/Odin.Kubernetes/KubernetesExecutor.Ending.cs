using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Observation;
using Odin.Kubernetes.Workloads;
using Odin.Reconciliation;

namespace Odin.Kubernetes;

// What the cluster shows becomes a status; an end is recorded once its log is complete.
public sealed partial class KubernetesExecutor
{
    // Beyond the grace period: the time in which a node that lives answers.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(5);

    private void Evaluate(string id)
    {
        if (!tracked.TryGetValue(id, out var execution))
            return;
        lock (execution.Gate)
        {
            if (execution.IsSettled || !execution.IsCreated || execution.Kind is not { } kind)
                return;
            var seen = view.Look(id, e => new Sight(e.Pods(kind.MainRole), e.LastGone, e.IsGone, e.End, e.Events, e.FailedAndGone));
            if (seen is null || Judge(kind, seen) is not { } verdict)
                return;
            if (verdict.Reason == ExecutionReasons.WaitingForPods && execution.HasWaitedForPods)
                verdict = WorkloadVerdict.NoPods(kind);
            FollowLogs(execution, kind, seen.Pods);
            if (verdict.IsEnded && !HasLookedAgain(execution, kind))
                return;
            var status = execution.StatusOf(verdict, seen.Events);
            if (!verdict.IsEnded)
            {
                Report(execution, status);
                return;
            }
            if (execution.Stop is { } stop)
            {
                var outcome = ExecutionOutcome.Stopped(stop, verdict.ExitCode);
                status = status with { Phase = outcome.Phase, Reason = outcome.Reason, Message = outcome.Message };
            }
            Settle(execution, status);
        }
    }

    private sealed record Sight(
        IReadOnlyList<Pod> Pods, Pod? LastGone, bool IsGone, WorkloadEnd End, IReadOnlyList<ExecutionEvent> Events, IReadOnlyList<Pod> FailedAndGone);

    private static PodVerdict? Judge(WorkloadKind kind, Sight seen) => seen switch
    {
        { Pods: [var pod, ..] } when kind.IsPod => PodVerdict.Of(pod, seen.Events),
        { LastGone: { } pod } when kind.IsPod => PodVerdict.Vanished(pod),
        _ when kind.IsPod => null,
        { End.Succeeded: not null } => WorkloadVerdict.Of(seen.End, seen.Pods, seen.FailedAndGone),
        { IsGone: true, Pods.Count: 0 } => new PodVerdict(ExecutionPhase.Lost, ExecutionReasons.Lost, $"The {kind.Kind} is gone: it was deleted, and not by us."),
        _ => WorkloadVerdict.Of(seen.End, seen.Pods, seen.FailedAndGone),
    };

    private static ExecutionStatus Gone(TrackedExecution execution, WorkloadKind kind)
    {
        var outcome = execution.Stop is { } stop
            ? ExecutionOutcome.Stopped(stop, null)
            : ExecutionOutcome.Lost($"The {kind.Kind} '{execution.Key.Id}' is no longer on the cluster: it was deleted, and not by us.");
        return outcome.ToStatus(execution.Key) with { Started = execution.Status.Started, ResourceId = execution.Key.Id };
    }

    // Each kind has a watch of its own: that a job has ended may be told before its pods are, and they have the log.
    // Under the gate of the execution.
    private bool HasLookedAgain(TrackedExecution execution, WorkloadKind kind)
    {
        if (kind.IsPod)
            return true;
        if (execution.LastLook is null)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            execution.LastLook = done.Task;
            Spawn(async () =>
            {
                await LookAgainAsync(execution, kind);
                done.SetResult();
                Evaluate(execution.Key.Id);
            });
        }
        return execution.LastLook.IsCompleted;
    }

    // For as long as a log is waited for.
    private async Task LookAgainAsync(TrackedExecution execution, WorkloadKind kind)
    {
        var query = new KubernetesQuery { Namespace = @namespace, LabelSelector = WorkloadLabels.SelectorOf(execution.Key) };
        var start = time.GetTimestamp();
        for (var failures = 0; time.GetElapsedTime(start) < options.LogDrain; failures++)
        {
            try
            {
                foreach (var pod in (await client.ListAsync(KubernetesResources.Pods, query, closing.Token)).Items)
                    view.Add(kind, execution.Key.Id, pod);
                return;
            }
            catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException or KubernetesConfigurationException)
            {
                await WaitOutAsync(execution, e, failures, closing.Token);
            }
        }
    }

    private LogKey LogOf(TrackedExecution execution, WorkloadKind kind, Pod pod)
    {
        var part = PodRole.LogOf(kind, pod);
        // A Job has one pod, unless that is lost and another one takes its place; which then has a part, also after a restart.
        return !kind.IsDistributed && execution.Logs.Count == 0 && !logs.PartsOf(execution.Key).Contains(part)
            ? execution.Key
            : new LogKey(execution.Key, part);
    }

    // Under the gate of the execution.
    private void FollowLogs(TrackedExecution execution, WorkloadKind kind, IReadOnlyList<Pod> pods)
    {
        foreach (var pod in pods)
        {
            // One that never started has no log either, but answers so.
            if (!ObservedExecution.HasContainer(pod) || execution.Logs.ContainsKey(pod.Metadata.Uid))
                continue;
            var copy = new LogCopy();
            var log = new PodLog(client, logs, LogOf(execution, kind, pod), pod, time, logger) { Progressed = copy.Progress };
            execution.Logs.Add(pod.Metadata.Uid, copy);
            Spawn(async () =>
            {
                using var both = CancellationTokenSource.CreateLinkedTokenSource(closing.Token, execution.Closing.Token);
                try
                {
                    await log.CopyAsync(copy.PodEnded, both.Token);
                }
                catch (OperationCanceledException)
                {
                    // Given up with the execution, or with us.
                }
                finally
                {
                    copy.Finish();
                }
            });
        }
        var running = pods.Where(p => !PodVerdict.Of(p).IsEnded).Select(p => p.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var (uid, copy) in execution.Logs)
        {
            if (!running.Contains(uid))
                copy.EndPod();
        }
    }

    // A change that is worth telling.
    private void Report(TrackedExecution execution, ExecutionStatus status)
    {
        lock (execution.Gate)
        {
            var before = execution.Status;
            if (execution.IsSettled || (before with { Events = status.Events }) == status && before.Events.Count(IsWarning) == status.Events.Count(IsWarning))
                return;
            execution.Status = status;
        }
        feed.Publish(status);

        static bool IsWarning(ExecutionEvent e) => e.Type == "Warning";
    }

    // The end, whatever it is; the first one counts.
    private void Settle(TrackedExecution execution, ExecutionStatus status)
    {
        lock (execution.Gate)
        {
            if (execution.IsSettled)
                return;
            execution.IsSettled = true;
        }
        Spawn(() => FinishAsync(execution, status));
    }

    private async Task FinishAsync(TrackedExecution execution, ExecutionStatus status)
    {
        LogCopy[] copies;
        lock (execution.Gate)
            copies = [.. execution.Logs.Values];
        // Of a distributed one, workers may run on when it is decided; nobody waits for those for long.
        await Task.WhenAny(Task.WhenAll(copies.Select(c => c.Done)), Task.Delay(WorkerPatience, time, closing.Token));
        var ended = copies.Where(c => c.PodEnded.IsCompleted).ToList();
        if (!await DrainAsync(ended))
            LogLogIncomplete(execution.Key, options.LogDrain);
        if (closing.IsCancellationRequested)
            return;
        status = status with
        {
            Finished = status.Finished ?? time.GetUtcNow(),
            Events = view.Look(execution.Key.Id, static e => e.Events) ?? status.Events,
        };
        lock (gate)
        {
            Record(execution.Key, null, status);
            execution.Status = status;
            tracked.TryRemove(execution.Key.Id, out _);
            if (execution.HasSlot)
                slots.Release();
            LaunchWhatFits();
        }
        await execution.Closing.CancelAsync();
        feed.Publish(status);
    }

    // A long log takes its time on a busy machine: what counts is that it goes on coming.
    private async Task<bool> DrainAsync(List<LogCopy> copies)
    {
        var all = Task.WhenAll(copies.Select(c => c.Done));
        for (long before = -1, now = 0; !all.IsCompleted && now != before && !closing.IsCancellationRequested; now = copies.Sum(c => c.Steps))
        {
            before = now;
            await Task.WhenAny(all, Task.Delay(options.LogDrain, time, closing.Token));
        }
        return all.IsCompleted || closing.IsCancellationRequested;
    }

    /// <param name="record">Null: as it is on the disk.</param>
    private ExecutionStatus Record(ExecutionKey key, ExecutionRecord? record, ExecutionStatus end)
    {
        end = end with { Finished = end.Finished ?? time.GetUtcNow() };
        try
        {
            records.Write(key, (record ?? records.Read(key) ?? new ExecutionRecord()) with { End = end });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is told all the same; only somebody who asks again after a restart gets a poorer answer.
            LogEndNotRecorded(key, e);
        }
        return end;
    }

    private async Task EndObjectAsync(TrackedExecution execution, CancellationToken cancellationToken)
    {
        // The kubelet takes its time with a pod in which nothing runs yet, and there is nothing to be polite to.
        var hasStarted = view.Shows(execution.Key.Id, static e => e.HasStarted);
        await DeleteAsync(execution, execution.Kind!.IsPod && !hasStarted ? TimeSpan.Zero : null, cancellationToken);
        Spawn(async () =>
        {
            var grace = execution.Spec?.GracePeriod ?? TimeSpan.FromSeconds(30);
            await Task.Delay(grace + StopPatience, time, execution.Closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (execution.IsSettled || closing.IsCancellationRequested)
                return;
            // Its node does not answer. Deleting it by force is all that is left, and then nobody will tell of its end.
            await DeleteAsync(execution, TimeSpan.Zero, closing.Token);
            Settle(execution, Gone(execution, execution.Kind!));
        });
    }

    private async Task DeleteAsync(TrackedExecution execution, TimeSpan? grace, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                var kind = execution.Kind!;
                if (!await launcher.DeleteAsync(kind, execution.Key.Id, grace, cancellationToken)
                    && !view.Shows(execution.Key.Id, static e => e.IsThere || e.LastGone is not null))
                {
                    // There is nothing left that the watch could tell of.
                    Settle(execution, Gone(execution, kind));
                }
                return;
            }
            catch (Exception e) when (e is KubernetesUnavailableException or KubernetesConfigurationException or KubernetesException)
            {
                await WaitOutAsync(execution, e, failures, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {Execution} may lack its end: it could not be read within {Limit} after the program ended")]
    private partial void LogLogIncomplete(ExecutionKey execution, TimeSpan limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "How {Execution} ended could not be recorded")]
    private partial void LogEndNotRecorded(ExecutionKey execution, Exception exception);
}
