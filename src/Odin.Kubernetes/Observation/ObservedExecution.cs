using System.Globalization;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Observation;

/// <summary>What the cluster shows of one execution: its object, its pods, their events.</summary>
internal sealed class ObservedExecution
{
    private const int MaxEvents = 50, MaxFailed = 16;

    private readonly Dictionary<string, Pod> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ExecutionEvent> events = new(StringComparer.Ordinal);
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private readonly Queue<Pod> failed = [];
    private Pod? lastGone;

    /// <summary>Whether the object itself exists, as far as the watch has told; pods stand for themselves.</summary>
    public bool HasObject { get; private set; }

    /// <summary>Whether there was an object and the watch has said that it is gone.</summary>
    public bool IsGone { get; private set; }

    public WorkloadEnd End { get; private set; } = WorkloadEnd.None;

    /// <summary>The one that speaks for the whole first.</summary>
    public IReadOnlyList<Pod> Pods(string? mainRole) =>
        [.. pods.Values.OrderBy(p => PodRole.Of(p) == mainRole ? 0 : 1).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)];

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

    /// <summary>False if more is known of the pod: an answer may be older than what the watch has told since.</summary>
    public bool Put(Pod pod)
    {
        if (gone.Contains(pod.Metadata.Uid) || (pods.TryGetValue(pod.Metadata.Uid, out var known) && IsOlder(pod, known)))
            return false;
        pods[pod.Metadata.Uid] = pod;
        return true;
    }

    public void Remove(Pod pod)
    {
        if (!pods.Remove(pod.Metadata.Uid) || !gone.Add(pod.Metadata.Uid))
            return;
        lastGone = pod;
        if (PodVerdict.Of(pod).Phase != ExecutionPhase.Failed)
            return;
        failed.Enqueue(pod);
        if (failed.Count > MaxFailed)
            failed.Dequeue();
    }

    /// <summary>Pods that failed and were then removed, as operators do: why they failed may be why all of it did.</summary>
    public IReadOnlyList<Pod> FailedAndGone => [.. failed];

    // Versions of objects of one kind are numbers that grow, which Kubernetes guarantees now and has always kept to.
    private static bool IsOlder(Pod pod, Pod known) =>
        ulong.TryParse(pod.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
        && ulong.TryParse(known.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var before)
        && version < before;

    public Pod? Find(string uid) => pods.GetValueOrDefault(uid);

    public void PutObject(WorkloadEnd end) => (HasObject, IsGone, End) = (true, false, end);

    /// <summary>A request has shown that the object exists; what the watch has told meanwhile is newer.</summary>
    public void AddObject() => HasObject = HasObject || !IsGone;

    public void RemoveObject() => (HasObject, IsGone) = (false, true);

    /// <param name="subject">What it is about, where that has to be said; else null.</param>
    /// <returns>False if it was known.</returns>
    public bool Add(KubernetesEvent reported, string? subject)
    {
        var added = reported.ToExecutionEvent();
        if (subject is not null)
            added = added with { Message = $"{subject}: {added.Message}" };
        if (events.TryGetValue(reported.Metadata.Uid, out var known) && known == added)
            return false;
        events[reported.Metadata.Uid] = added;
        return true;
    }
}
