using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes.Observation;

/// <summary>What the conditions of a Job or of an operator's object say of its end.</summary>
/// <param name="Succeeded">Null: it has not ended.</param>
internal sealed record WorkloadEnd(bool? Succeeded, string? Reason, string? Message, DateTimeOffset? At)
{
    public static WorkloadEnd None { get; } = new(null, null, null, null);

    /// <param name="conditions">Jobs say <c>Complete</c>, operators' objects <c>Succeeded</c>.</param>
    public static WorkloadEnd Of(IEnumerable<ObjectCondition> conditions)
    {
        foreach (var condition in conditions.Where(c => c.IsTrue))
        {
            if (condition.Type is "Complete" or "Succeeded")
                return new(true, null, null, condition.LastTransitionTime);
            if (condition.Type == "Failed")
                return new(false, condition.Reason, condition.Message, condition.LastTransitionTime);
        }
        return None;
    }
}

/// <summary>Joins what an object and its pods say into one answer. Pure.</summary>
internal static class WorkloadVerdict
{
    /// <param name="end">Of the object; <see cref="WorkloadEnd.None"/> for a bare pod.</param>
    /// <param name="pods">All pods there are of it, the one that speaks for the whole first.</param>
    /// <param name="failedAndGone">Those that failed and are no more.</param>
    public static PodVerdict Of(WorkloadEnd end, IReadOnlyList<Pod> pods, IReadOnlyList<Pod> failedAndGone)
    {
        PodVerdict[] verdicts = [.. pods.Select(PodVerdict.Of)];
        if (end.Succeeded == true)
        {
            var main = verdicts.FirstOrDefault(v => v.Phase == ExecutionPhase.Succeeded);
            return new PodVerdict(ExecutionPhase.Succeeded, null, null, 0, Earliest(verdicts), end.At, main?.Outputs);
        }
        if (end.Succeeded == false)
        {
            // The pod that failed first knows better why than the object above it, and than those that failed for want of it.
            var culprit = Culprit(pods) ?? Culprit(failedAndGone);
            return (culprit ?? new PodVerdict(ExecutionPhase.Failed, end.Reason, end.Message)) with
            {
                Message = culprit is null ? $"{end.Reason}: {end.Message}" : culprit.Message,
                Reason = culprit?.Reason ?? ExecutionReasons.NonZeroExit,
                Started = Earliest(verdicts),
                Finished = end.At ?? culprit?.Finished,
            };
        }
        if (verdicts.Length == 0)
            return new PodVerdict(ExecutionPhase.Queued, ExecutionReasons.WaitingForPods, "its pods have not been made yet");
        // Whether it has ended is the object's to say: a pod may be tried again.
        if (verdicts.Any(v => v.Phase == ExecutionPhase.Running) || verdicts.All(v => v.IsEnded))
            return new PodVerdict(ExecutionPhase.Running, null, null, Started: Earliest(verdicts));
        var waiting = verdicts.First(v => v.Phase == ExecutionPhase.Queued);
        return Earliest(verdicts) is { } started
            ? new PodVerdict(ExecutionPhase.Running, waiting.Reason, waiting.Message, Started: started)
            : waiting;
    }

    /// <summary>Of an object whose operator has had time enough.</summary>
    public static PodVerdict NoPods(WorkloadKind kind) => new(
        ExecutionPhase.Queued, ExecutionReasons.WaitingForPods,
        $"the {kind.Kind} is there, but {kind.Operator} has made no pods of it; look whether that runs, and at the events of the task");

    private static PodVerdict? Culprit(IReadOnlyList<Pod> pods)
    {
        var failed = pods.Select(p => (Pod: p, Verdict: PodVerdict.Of(p))).Where(p => p.Verdict.Phase == ExecutionPhase.Failed)
            .OrderBy(p => p.Verdict.Finished ?? DateTimeOffset.MaxValue).ToList();
        if (failed is not [var (pod, verdict), ..])
            return null;
        // Which of several it was has to be said.
        return PodRole.Of(pod) is null ? verdict : verdict with { Message = $"pod '{pod.Metadata.Name}': {verdict.Message}" };
    }

    private static DateTimeOffset? Earliest(IEnumerable<PodVerdict> verdicts) => verdicts.Min(v => v.Started);
}
