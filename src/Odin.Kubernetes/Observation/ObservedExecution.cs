using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Observation;

/// <summary>What the cluster shows of one execution: its object, its pods, their events.</summary>
internal sealed class ObservedExecution
{
    private const int MaxEvents = 50;

    private readonly Dictionary<string, Pod> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ExecutionEvent> events = new(StringComparer.Ordinal);
    private Pod? lastGone;

    /// <summary>Whether the object itself exists, as far as the watch has told; pods stand for themselves.</summary>
    public bool HasObject { get; private set; }

    /// <summary>Whether there was an object and the watch has said that it is gone.</summary>
    public bool IsGone { get; private set; }

    public WorkloadEnd End { get; private set; } = WorkloadEnd.None;

    /// <summary>The one that speaks for the whole first.</summary>
    public IReadOnlyList<Pod> Pods(string? mainRole) =>
        [.. pods.Values.OrderBy(p => Role(p) == mainRole ? 0 : 1).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)];

    /// <summary>Whether there is anything of it at the moment.</summary>
    public bool IsThere => HasObject || pods.Count > 0;

    /// <summary>Whether something runs, or has run, in one of its pods.</summary>
    public bool HasStarted => pods.Values.Any(HasContainer);

    /// <summary>A pod without a container has no log either.</summary>
    public static bool HasContainer(Pod pod) => pod.Status.ContainerStatuses is [{ ContainerID.Length: > 0 }, ..];

    /// <summary>The pod that vanished last, as it was last seen.</summary>
    public Pod? LastGone => pods.Count == 0 ? lastGone : null;

    public IReadOnlyList<ExecutionEvent> Events => [.. events.Values.OrderBy(e => e.Timestamp).TakeLast(MaxEvents)];

    public IEnumerable<string> PodUids => pods.Keys;

    public void Put(Pod pod) => pods[pod.Metadata.Uid] = pod;

    public void Remove(Pod pod)
    {
        if (pods.Remove(pod.Metadata.Uid))
            lastGone = pod;
    }

    public Pod? Find(string uid) => pods.GetValueOrDefault(uid);

    public void PutObject(WorkloadEnd end) => (HasObject, IsGone, End) = (true, false, end);

    public void RemoveObject() => (HasObject, IsGone) = (false, true);

    /// <summary>False if it was known.</summary>
    public bool Add(KubernetesEvent reported)
    {
        var source = string.Join(',', new[] { reported.Source.Component ?? reported.ReportingComponent, reported.Source.Host }.Where(s => !string.IsNullOrEmpty(s)));
        var added = new ExecutionEvent(reported.Type ?? "Normal", reported.Reason ?? "", source, reported.Message ?? "", reported.When ?? default);
        if (events.TryGetValue(reported.Metadata.Uid, out var known) && known == added)
            return false;
        events[reported.Metadata.Uid] = added;
        return true;
    }

    // Old operators and new ones name it differently.
    private static string? Role(Pod pod) =>
        (pod.Metadata.Labels.GetValueOrDefault("training.kubeflow.org/replica-type")
        ?? pod.Metadata.Labels.GetValueOrDefault("training.kubeflow.org/job-role")
        ?? pod.Metadata.Labels.GetValueOrDefault("replica-type")
        ?? pod.Metadata.Labels.GetValueOrDefault("mpi_role_type"))?.ToLowerInvariant();
}
