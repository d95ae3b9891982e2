namespace Odin.Execution;

/// <summary>Where an execution is in its life.</summary>
public enum ExecutionPhase
{
    /// <summary>Accepted, not started: waits for a slot (or for a node, an image). The reason says for what.</summary>
    Queued,

    Running,

    /// <summary>Ended with exit code 0.</summary>
    Succeeded,

    /// <summary>Ended in any other way, also by our own hand; the reason says how.</summary>
    Failed,

    /// <summary>Vanished without an exit code: killed with its shim, or the machine went down.</summary>
    Lost,
}

/// <summary>Why <see cref="IExecutor.StopAsync"/> was called; becomes the reason of the status.</summary>
public enum StopReason
{
    Cancelled,
    Timeout,
    PendingTimeout,

    /// <summary>Another task failed and the run's policy is <c>fail_fast</c>.</summary>
    FailFast,
}

/// <summary>What is known of an execution.</summary>
public sealed record ExecutionStatus
{
    public required ExecutionKey Key { get; init; }

    public required ExecutionPhase Phase { get; init; }

    /// <summary>One of <see cref="ExecutionReasons"/>; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people, with the place and the remedy.</summary>
    public string? Message { get; init; }

    public int? ExitCode { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    /// <summary>What the back end calls it: <c>pid:1234</c>, the name of a pod.</summary>
    public string? ResourceId { get; init; }

    public ExecutionUsage? Usage { get; init; }

    /// <summary>What the back end has reported about it, oldest first; empty where there are no such events.</summary>
    public IReadOnlyList<ExecutionEvent> Events { get; init; } = [];

    /// <summary>
    /// What the program left as its outputs, where it shares no files with us: the text of <c>ODIN_OUTPUTS</c>. Else null.
    /// </summary>
    public string? Outputs { get; init; }

    public bool IsEnded => Phase is ExecutionPhase.Succeeded or ExecutionPhase.Failed or ExecutionPhase.Lost;
}

/// <summary>Something that the back end reports about an execution.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
/// <param name="Source">The component, and after a comma its host.</param>
public sealed record ExecutionEvent(string Type, string Reason, string Source, string Message, DateTimeOffset Timestamp);

/// <summary>Figures of the whole process tree, as last seen.</summary>
/// <param name="CpuSeconds">Processor time so far, user and system.</param>
/// <param name="MemoryBytes">Resident memory now.</param>
/// <param name="PeakMemoryBytes">The highest resident memory seen.</param>
public sealed record ExecutionUsage(double CpuSeconds, long MemoryBytes, long PeakMemoryBytes)
{
    /// <summary>A second of processor time, or a tenth of the memory (at least a mebibyte): worth telling somebody.</summary>
    public bool DiffersNoticeablyFrom(ExecutionUsage? other) =>
        other is null
        || CpuSeconds - other.CpuSeconds >= 1
        || Math.Abs(MemoryBytes - other.MemoryBytes) > Math.Max(1 << 20, other.MemoryBytes / 10);
}

/// <summary>Reasons that executors give. They are part of the API: never rename one.</summary>
public static class ExecutionReasons
{
    public const string WaitingForSlot = nameof(WaitingForSlot);
    public const string CommandNotFound = nameof(CommandNotFound);
    public const string CommandNotExecutable = nameof(CommandNotExecutable);
    public const string NonZeroExit = nameof(NonZeroExit);

    /// <summary>Ended by a signal; 137 is the kernel's or the administrator's SIGKILL.</summary>
    public const string Killed = nameof(Killed);
    public const string Lost = nameof(Lost);
    public const string Cancelled = nameof(Cancelled);
    public const string Timeout = nameof(Timeout);
    public const string PendingTimeout = nameof(PendingTimeout);
    public const string FailFast = nameof(FailFast);

    /// <summary>The program could not be started at all: disk full, no permission.</summary>
    public const string StartFailed = nameof(StartFailed);

    /// <summary>Stopped because its log could not be kept within its limit on this file system.</summary>
    public const string LogLimitExceeded = nameof(LogLimitExceeded);

    /// <summary>On a cluster: nothing has been made of it yet, or its operator has made no pods.</summary>
    public const string WaitingForPods = nameof(WaitingForPods);

    /// <summary>No node has room for the pod, or fits its selector and tolerations.</summary>
    public const string Unschedulable = nameof(Unschedulable);
    public const string ContainerCreating = nameof(ContainerCreating);

    /// <summary>The image cannot be pulled; the kubelet goes on trying.</summary>
    public const string ImagePullBackOff = nameof(ImagePullBackOff);
    public const string InvalidImageName = nameof(InvalidImageName);

    /// <summary>A secret, a config map or a key in one of them is missing.</summary>
    public const string CreateContainerConfigError = nameof(CreateContainerConfigError);
    public const string CreateContainerError = nameof(CreateContainerError);
    public const string OOMKilled = nameof(OOMKilled);

    /// <summary>The kubelet ended the pod, because the node was short of something.</summary>
    public const string Evicted = nameof(Evicted);

    /// <summary>The node of the pod is gone or does not answer.</summary>
    public const string NodeLost = nameof(NodeLost);

    /// <summary>The cluster refused to make it: an admission rule, or a manifest that is not valid.</summary>
    public const string AdmissionRefused = nameof(AdmissionRefused);
    public const string QuotaExceeded = nameof(QuotaExceeded);

    /// <summary>We may not do that on the cluster; the message says which verb on what.</summary>
    public const string Forbidden = nameof(Forbidden);

    /// <summary>The cluster does not know this kind: its operator is not installed.</summary>
    public const string KindNotInstalled = nameof(KindNotInstalled);

    /// <summary>The task is to be something that runs no program: a service, a deployment.</summary>
    public const string UnsupportedResourceType = nameof(UnsupportedResourceType);

    /// <summary>The cluster does not answer; it is asked again.</summary>
    public const string ClusterUnavailable = nameof(ClusterUnavailable);
}
