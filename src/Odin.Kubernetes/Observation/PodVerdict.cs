using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Observation;

/// <summary>What a pod says about the execution that it is (a part of), in our words. Pure.</summary>
/// <param name="Outputs">The kubelet's copy of what the program wrote to its termination log; null until the end.</param>
internal sealed record PodVerdict(
    ExecutionPhase Phase, string? Reason, string? Message, int? ExitCode = null, DateTimeOffset? Started = null, DateTimeOffset? Finished = null, string? Outputs = null)
{
    private static readonly HashSet<string> StartErrors = ["StartError", "ContainerCannotRun", "RunContainerError"];

    public bool IsEnded => Phase is ExecutionPhase.Succeeded or ExecutionPhase.Failed or ExecutionPhase.Lost;

    /// <summary>The same, and what the events say of a pod that waits: a volume that cannot be mounted stands nowhere else.</summary>
    public static PodVerdict Of(Pod pod, IReadOnlyList<ExecutionEvent> events)
    {
        var verdict = Of(pod);
        return verdict.Reason == ExecutionReasons.ContainerCreating && events.LastOrDefault(e => e.Reason == "FailedMount") is { } failed
            ? verdict with { Reason = ExecutionReasons.CreateContainerConfigError, Message = failed.Message }
            : verdict;
    }

    public static PodVerdict Of(Pod pod)
    {
        var main = pod.Status.ContainerStatuses is [var first, ..] ? first : null;
        return pod.Status.Phase switch
        {
            "Succeeded" or "Failed" => Ended(pod, main),
            _ when main?.State.Terminated is not null => Ended(pod, main),
            _ when pod.Status.Reason == ExecutionReasons.NodeLost => new(ExecutionPhase.Running, ExecutionReasons.NodeLost,
                pod.Status.Message ?? $"the node '{pod.Spec.NodeName}' does not answer", Started: StartedAt(pod, main)),
            _ when main?.State.Running is { } running => new(ExecutionPhase.Running, null, null, Started: running.StartedAt),
            "Running" => new(ExecutionPhase.Running, null, null, Started: StartedAt(pod, main)),
            _ => Waiting(pod),
        };
    }

    /// <summary>The end of a pod that is no more, by what was last seen of it.</summary>
    public static PodVerdict Vanished(Pod pod)
    {
        var last = Of(pod);
        return last.IsEnded ? last : Deleted(pod, last);
    }

    private static PodVerdict Deleted(Pod pod, PodVerdict last)
    {
        var disruption = pod.Status.Conditions.FirstOrDefault(c => c is { Type: "DisruptionTarget", IsTrue: true });
        var (reason, why) = disruption switch
        {
            { Reason: "DeletionByTaintManager" or "DeletionByPodGC" } => (ExecutionReasons.NodeLost, $"the node '{pod.Spec.NodeName}' was lost: {disruption.Message}"),
            not null => (ExecutionReasons.Evicted, disruption.Message ?? disruption.Reason ?? "the cluster needed its place"),
            _ when last.Reason == ExecutionReasons.NodeLost => (ExecutionReasons.NodeLost, last.Message!),
            _ => (ExecutionReasons.Lost, "it was deleted, and not by us"),
        };
        return last with { Phase = ExecutionPhase.Lost, Reason = reason, Message = $"The pod '{pod.Metadata.Name}' is gone: {why}." };
    }

    private static PodVerdict Ended(Pod pod, ContainerStatus? main)
    {
        var end = main?.State.Terminated;
        var (started, finished) = (end?.StartedAt ?? StartedAt(pod, main), end?.FinishedAt);
        var verdict = pod.Status.Reason switch
        {
            "Evicted" => Failed(ExecutionReasons.Evicted, pod.Status.Message ?? "the node was short of something"),
            "NodeLost" => Failed(ExecutionReasons.NodeLost, pod.Status.Message ?? $"the node '{pod.Spec.NodeName}' was lost"),
            "Preempting" or "NodeShutdown" or "Terminated" or "Shutdown" => Failed(ExecutionReasons.Evicted, pod.Status.Message ?? pod.Status.Reason),
            { } refused when refused.StartsWith("OutOf", StringComparison.Ordinal) || refused is "UnexpectedAdmissionError" or "NodeAffinity" =>
                Failed(ExecutionReasons.AdmissionRefused, $"the node refused the pod ({refused}): {pod.Status.Message}"),
            _ => null,
        };
        verdict ??= end switch
        {
            null when pod.Status.Phase == "Succeeded" => new(ExecutionPhase.Succeeded, null, null, 0),
            null => Failed(pod.Status.Reason ?? ExecutionReasons.Lost, pod.Status.Message ?? "the pod failed and does not say why"),
            { Reason: ExecutionReasons.OOMKilled } => Failed(ExecutionReasons.OOMKilled, "it needed more memory than its limit allows: raise 'memory: {limits}' of the task"),
            { Reason: { } reason } when StartErrors.Contains(reason) => NotStarted(end.Message ?? reason),
            _ => Exited(end.ExitCode),
        };
        verdict = verdict with { ExitCode = verdict.ExitCode ?? end?.ExitCode, Started = started, Finished = finished, Outputs = end?.Message };
        // It was told to end because somebody deleted the pod: that is not the program's failure.
        return verdict.Phase == ExecutionPhase.Failed && finished >= DeletedAt(pod) ? Deleted(pod, verdict) : verdict;
    }

    // The time that stands in the object is that at which its patience is over.
    private static DateTimeOffset? DeletedAt(Pod pod) => pod.Metadata.DeletionTimestamp?.AddSeconds(-(pod.Metadata.DeletionGracePeriodSeconds ?? 0));

    private static PodVerdict Exited(int code)
    {
        var outcome = ExecutionOutcome.Exited(code);
        return new PodVerdict(outcome.Phase, outcome.Reason, outcome.Message, code);
    }

    // The container runtime's words; only they tell what went wrong.
    private static PodVerdict NotStarted(string message) => message switch
    {
        _ when message.Contains("permission denied", StringComparison.Ordinal) => Failed(ExecutionReasons.CommandNotExecutable, message),
        _ when message.Contains("not found", StringComparison.Ordinal) || message.Contains("no such file", StringComparison.Ordinal) =>
            Failed(ExecutionReasons.CommandNotFound, message),
        _ when message.Contains("argument list too long", StringComparison.Ordinal) =>
            Failed(ExecutionReasons.StartFailed, $"the arguments are too long for the system (an argument may have 128 KiB): put them into a file. {message}"),
        _ => Failed(ExecutionReasons.StartFailed, message),
    };

    private static PodVerdict Failed(string reason, string message) => new(ExecutionPhase.Failed, reason, message);

    private static PodVerdict Waiting(Pod pod)
    {
        var scheduled = pod.Status.Conditions.FirstOrDefault(c => c.Type == "PodScheduled");
        if (scheduled is { IsTrue: false })
            return Queued(ExecutionReasons.Unschedulable, scheduled.Message ?? "no node has been found for the pod yet");
        var waiting = pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Select(c => c.State.Waiting).FirstOrDefault(w => w?.Reason is not null);
        return waiting?.Reason switch
        {
            null => Queued(ExecutionReasons.ContainerCreating, "the pod waits for its node"),
            "ContainerCreating" or "PodInitializing" => Queued(ExecutionReasons.ContainerCreating, waiting.Message ?? $"its container is being made on '{pod.Spec.NodeName}'"),
            "ErrImagePull" or "ImagePullBackOff" or "ErrImageNeverPull" or "RegistryUnavailable" =>
                Queued(ExecutionReasons.ImagePullBackOff, $"the image '{pod.Spec.Containers[0].Image}' cannot be pulled: {waiting.Message ?? waiting.Reason}"),
            "InvalidImageName" => Queued(ExecutionReasons.InvalidImageName, waiting.Message ?? $"'{pod.Spec.Containers[0].Image}' is no name of an image"),
            "CreateContainerConfigError" => Queued(ExecutionReasons.CreateContainerConfigError, waiting.Message ?? "something that its container refers to is missing"),
            { } other => Queued(ExecutionReasons.CreateContainerError, $"{other}: {waiting.Message}"),
        };
    }

    private static PodVerdict Queued(string reason, string message) => new(ExecutionPhase.Queued, reason, message);

    private static DateTimeOffset? StartedAt(Pod pod, ContainerStatus? main) =>
        main?.State.Running?.StartedAt ?? main?.LastState.Terminated?.StartedAt ?? pod.Status.StartTime;
}
