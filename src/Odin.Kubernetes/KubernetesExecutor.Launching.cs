using System.Text;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Observation;
using Odin.Kubernetes.Workloads;
using Odin.Reconciliation;

namespace Odin.Kubernetes;

// How an execution gets onto the cluster, and how one that is there already gets into our care.
public sealed partial class KubernetesExecutor
{
    private const int LongestArgument = 128 * 1024;
    private static readonly TimeSpan OperatorPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AdoptionPatience = TimeSpan.FromSeconds(5);

    // An API server that has just started refuses what it allows as soon as it has read its roles.
    private static readonly TimeSpan RolePatience = TimeSpan.FromSeconds(10);

    // Under the gate.
    private void LaunchWhatFits()
    {
        while (!disposed && slots.TryTake() is { } execution)
        {
            execution.HasSlot = true;
            Spawn(() => LaunchAsync(execution));
        }
    }

    private async Task LaunchAsync(TrackedExecution execution)
    {
        var spec = execution.Spec!;
        if (spec.Command.Concat(spec.Args).Any(a => Encoding.UTF8.GetByteCount(a) >= LongestArgument))
        {
            // The runtime of the container would say so too, but as an ordinary exit code 1.
            Settle(execution, ExecutionOutcome.StartFailed("the arguments are too long for the system (an argument may have 128 KiB): put them into a file").ToStatus(execution.Key));
            return;
        }
        // Whether a request may have done its work though we had no answer to it.
        var mayExist = false;
        long? refused = null;
        for (var failures = 0; ; failures++)
        {
            try
            {
                var kind = await launcher.ChooseAsync(spec.Container!.ResourceType, closing.Token);
                // Not waited for: what the watch begins with is told apart from what is made meanwhile, and a cluster that
                // does not answer says why when it is asked to make something.
                _ = view.Watch(kind);
                lock (gate)
                {
                    if (!execution.IsOurs)
                    {
                        Abandon(execution);
                        return;
                    }
                    if (execution.Stop is { } stop && !mayExist)
                    {
                        Settle(execution, ExecutionOutcome.Stopped(stop, null).ToStatus(execution.Key));
                        return;
                    }
                    // Before the request: whether or not we learn its outcome, this is what has to be looked for.
                    records.Write(execution.Key, new ExecutionRecord(kind.Name, kind.Version, Stop: execution.Stop));
                }
                execution.Kind = kind;
                var pod = await launcher.CreateAsync(kind, spec, closing.Token);
                if (execution.IsOurs)
                    Acknowledge(execution, kind, pod);
                else
                    await WithdrawLateAsync(execution, kind);
                return;
            }
            catch (KindNotInstalledException e)
            {
                Refuse(execution, e.Reason, e.Message);
                return;
            }
            catch (Exception e) when (IsPassing(e) || IsRefusedOfLate(e, ref refused))
            {
                mayExist |= e is KubernetesUnavailableException { WasNotSent: false } or IOException or UnauthorizedAccessException && execution.Kind is not null;
                if (!await WaitOutAsync(execution, e, failures, mayExist ? closing.Token : execution.Stopping.Token))
                {
                    Settle(execution, ExecutionOutcome.Stopped(execution.Stop!, null).ToStatus(execution.Key));
                    return;
                }
            }
            catch (KubernetesException e)
            {
                // What refuses it may be its own earlier self, whose making was not answered: a quota that it has used up.
                if (mayExist && await FindObjectAsync(execution, execution.Kind!))
                {
                    Acknowledge(execution, execution.Kind!, null);
                    return;
                }
                var (reason, message) = WorkloadLauncher.Refusal(e);
                Refuse(execution, reason, message);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Of whatever kind: an execution that nobody works on any more would wait for ever.
                LogWorkFailed(e);
                Refuse(execution, ExecutionReasons.StartFailed, e.Message);
                return;
            }
        }
    }

    private void Refuse(TrackedExecution execution, string reason, string message) =>
        Settle(execution, new ExecutionOutcome(ExecutionPhase.Failed, reason, message).ToStatus(execution.Key));

    // The cluster cannot answer, or not to us, or our records cannot be written: nothing that the task has done, and over when
    // somebody has mended it.
    private static bool IsPassing(Exception trouble) => trouble is KubernetesUnavailableException or KubernetesConfigurationException
        or KubernetesException { IsUnauthorized: true } or KubernetesException { IsNotReady: true } or IOException or UnauthorizedAccessException;

    private bool IsRefusedOfLate(Exception trouble, ref long? since) =>
        trouble is KubernetesException { IsForbiddenByRole: true } && time.GetElapsedTime(since ??= time.GetTimestamp()) < RolePatience;

    private void Acknowledge(TrackedExecution execution, WorkloadKind kind, Pod? pod)
    {
        if (pod is not null || !view.Shows(execution.Key.Id, static e => e.IsThere))
            view.Add(kind, execution.Key.Id, pod);
        string? stop;
        lock (gate)
        {
            stop = execution.Stop;
            records.Write(execution.Key, new ExecutionRecord(kind.Name, kind.Version, IsCreated: true, Stop: stop));
            execution.IsCreated = true;
        }
        if (kind.IsDistributed)
            Spawn(() => MissPodsAsync(execution));
        Evaluate(execution.Key.Id);
        if (stop is not null)
            Spawn(() => EndObjectAsync(execution, closing.Token));
    }

    // Nothing is told of pods that nobody makes.
    private async Task MissPodsAsync(TrackedExecution execution)
    {
        await Task.Delay(OperatorPatience, time, execution.Closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        execution.HasWaitedForPods = true;
        Evaluate(execution.Key.Id);
    }

    // One that an earlier process, or another server, has made.
    private async Task<ExecutionStatus> AdoptAsync(ExecutionKey key, ExecutionRecord record, CancellationToken cancellationToken)
    {
        var kind = WorkloadKind.Named(record.Kind!, record.Version!);
        var adopted = new TrackedExecution(key) { Kind = kind, IsCreated = true, Stop = record.Stop, HasSlot = true };
        var execution = tracked.GetOrAdd(key.Id, adopted);
        if (execution == adopted)
        {
            lock (gate)
                slots.Occupy();
            var confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Spawn(() => ConfirmAsync(execution, kind, confirmed));
            // A cluster that does not answer must not hold up those who ask.
            await Task.WhenAny(confirmed.Task, Task.Delay(AdoptionPatience, time, cancellationToken));
        }
        return execution.Status;
    }

    private async Task ConfirmAsync(TrackedExecution execution, WorkloadKind kind, TaskCompletionSource confirmed)
    {
        try
        {
            // One list tells of all; a cluster that does not come up with it is asked about this one, and says why not.
            await Task.WhenAny(view.Watch(kind), Task.Delay(AdoptionPatience, time, closing.Token));
            closing.Token.ThrowIfCancellationRequested();
            var id = execution.Key.Id;
            if (!view.Shows(id, static e => e.IsThere) && !await FindObjectAsync(execution, kind))
                Settle(execution, Gone(execution, kind));
            else if (execution.Stop is not null)
                Spawn(() => EndObjectAsync(execution, closing.Token));
            execution.HasWaitedForPods = true;
            Evaluate(id);
        }
        finally
        {
            confirmed.TrySetResult();
        }
    }

    private async Task<bool> FindObjectAsync(TrackedExecution execution, WorkloadKind kind)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                var (exists, pod) = await launcher.FindAsync(kind, execution.Key.Id, closing.Token);
                if (exists)
                    view.Add(kind, execution.Key.Id, pod);
                return exists;
            }
            catch (Exception e) when (e is KubernetesUnavailableException or KubernetesConfigurationException or KubernetesException { IsNotFound: false })
            {
                await WaitOutAsync(execution, e, failures, closing.Token);
            }
        }
    }

    // False: it was given up before the time was over.
    private async Task<bool> WaitOutAsync(TrackedExecution execution, Exception trouble, int failures, CancellationToken cancellationToken)
    {
        LogUnavailable(execution.Key, trouble.Message);
        Report(execution, trouble);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        await Task.Delay(Backoff.Delay(failures), time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        closing.Token.ThrowIfCancellationRequested();
        return !cancellationToken.IsCancellationRequested;
    }

    private static string TroubleReason(Exception trouble) =>
        trouble is KubernetesException { IsForbidden: true, IsNotReady: false } ? ExecutionReasons.Forbidden : ExecutionReasons.ClusterUnavailable;

    // What is on the cluster may go on, or have ended: as long as we cannot see it, that is what there is to say.
    private void TellUnseen(WorkloadKind kind, Exception trouble)
    {
        foreach (var execution in tracked.Values.Where(e => e.IsCreated && (kind.IsPod || e.Kind == kind)))
            Report(execution, trouble);
    }

    private void Report(TrackedExecution execution, Exception trouble)
    {
        lock (execution.Gate)
            Report(execution, execution.Status with { Reason = TroubleReason(trouble), Message = trouble.Message });
    }

    // Work that goes on by itself; its own failure is reported as the end of the execution or in the log, never thrown away.
    private void Spawn(Func<Task> start)
    {
        var task = RunAsync();
        lock (work)
            work.Add(task);
        _ = task.ContinueWith(
            t =>
            {
                lock (work)
                    work.Remove(t);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        async Task RunAsync()
        {
            await Task.Yield();
            try
            {
                await start();
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                // The next process takes it up.
            }
            catch (Exception e)
            {
                LogWorkFailed(e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster does not answer about {Execution}; trying again: {Reason}")]
    private partial void LogUnavailable(ExecutionKey execution, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Work on the cluster failed")]
    private partial void LogWorkFailed(Exception exception);
}
