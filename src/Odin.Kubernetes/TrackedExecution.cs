using Odin.Execution;
using Odin.Kubernetes.Observation;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes;

/// <summary>An execution that this process looks after, until its end is recorded. Guarded by its own lock.</summary>
internal sealed class TrackedExecution(ExecutionKey key)
{
    public Lock Gate { get; } = new();

    public ExecutionKey Key { get; } = key;

    /// <summary>Null for one that an earlier process made.</summary>
    public ExecutionSpec? Spec { get; init; }

    /// <summary>Whether this process is in charge of starting it.</summary>
    public bool IsOurs => !IsSettled && (Spec is null || Spec.MayStart());

    public WorkloadKind? Kind { get; set; }

    public ExecutionStatus Status { get; set; } = new() { Key = key, Phase = ExecutionPhase.Queued };

    /// <summary>The cluster has it, or had it.</summary>
    public bool IsCreated { get; set; }

    /// <summary>Whether its operator has had the time to make its pods.</summary>
    public bool HasWaitedForPods { get; set; }

    /// <summary>Holds one of the slots.</summary>
    public bool HasSlot { get; set; }

    /// <summary>Why it is to end; null: it is not.</summary>
    public string? Stop { get; set; }

    /// <summary>Ends the wait for a cluster that has not been reached yet, once it is to end.</summary>
    public CancellationTokenSource Stopping { get; } = new();

    /// <summary>Its end is being recorded, or it is no longer ours.</summary>
    public bool IsSettled { get; set; }

    /// <summary>What copies the logs of its pods, by the pods' uids.</summary>
    public Dictionary<string, LogCopy> Logs { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Null until the object is seen to have ended; then the question which pods there are. Of the two watches the one of pods
    /// may be behind.
    /// </summary>
    public Task? LastLook { get; set; }

    /// <summary>Ends all work on it in this process.</summary>
    public CancellationTokenSource Closing { get; } = new();

    /// <summary>The status that a verdict gives, with what is known beside it.</summary>
    public ExecutionStatus StatusOf(PodVerdict verdict, IReadOnlyList<ExecutionEvent> events) => Status with
    {
        Phase = verdict.Phase,
        Reason = verdict.Reason,
        Message = verdict.Message,
        ExitCode = verdict.ExitCode,
        Started = verdict.Started ?? Status.Started,
        Finished = verdict.Finished ?? Status.Finished,
        Outputs = verdict.Outputs,
        Events = events,
        ResourceId = Key.Id,
    };
}

/// <summary>The copying of one pod's log.</summary>
internal sealed class LogCopy
{
    private long steps;
    private readonly TaskCompletionSource podEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the pod is known to have ended, or to be gone.</summary>
    public Task PodEnded => podEnded.Task;

    /// <summary>Completes when all of it was read, or it was given up.</summary>
    public Task Done => done.Task;

    /// <summary>Grows as long as there is something to copy.</summary>
    public long Steps => Interlocked.Read(ref steps);

    public void Progress() => Interlocked.Increment(ref steps);

    public void EndPod() => podEnded.TrySetResult();

    public void Finish() => done.TrySetResult();
}
