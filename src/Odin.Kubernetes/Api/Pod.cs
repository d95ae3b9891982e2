namespace Odin.Kubernetes.Api;

/// <summary>A pod.</summary>
public sealed record Pod : KubernetesObject
{
    public PodSpec Spec { get; init => field = value ?? new(); } = new();

    public PodStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>What was asked for, as far as we look back at it.</summary>
public sealed record PodSpec
{
    /// <summary>Null until it is scheduled.</summary>
    public string? NodeName { get; init; }

    public string? RestartPolicy { get; init; }

    public IReadOnlyList<PodContainer> InitContainers { get; init => field = value ?? []; } = [];

    public IReadOnlyList<PodContainer> Containers { get; init => field = value ?? []; } = [];
}

/// <summary>A container of a pod's spec.</summary>
public sealed record PodContainer
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Image { get; init => field = value ?? ""; } = "";
}

/// <summary>How a pod is.</summary>
public sealed record PodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string Phase { get; init => field = value ?? ""; } = "";

    /// <summary>Of the pod as a whole: <c>Evicted</c>, <c>NodeLost</c>, <c>DeadlineExceeded</c>, …</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? HostIP { get; init; }

    public string? PodIP { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ContainerStatus> InitContainerStatuses { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ContainerStatus> ContainerStatuses { get; init => field = value ?? []; } = [];
}

/// <summary>How a container is.</summary>
public sealed record ContainerStatus
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string Image { get; init => field = value ?? ""; } = "";

    /// <summary>What the image's name meant when it was pulled.</summary>
    public string? ImageID { get; init; }

    public string? ContainerID { get; init; }

    public bool Ready { get; init; }

    public int RestartCount { get; init; }

    public ContainerState State { get; init => field = value ?? new(); } = new();

    /// <summary>How it was before the last restart.</summary>
    public ContainerState LastState { get; init => field = value ?? new(); } = new();
}

/// <summary>One of three; all null means waiting.</summary>
public sealed record ContainerState
{
    public ContainerStateWaiting? Waiting { get; init; }

    public ContainerStateRunning? Running { get; init; }

    public ContainerStateTerminated? Terminated { get; init; }
}

/// <summary>Not yet, and why: <c>ContainerCreating</c>, <c>ImagePullBackOff</c>, <c>CreateContainerConfigError</c>, …</summary>
public sealed record ContainerStateWaiting
{
    public string? Reason { get; init; }

    public string? Message { get; init; }
}

/// <summary>It runs.</summary>
public sealed record ContainerStateRunning
{
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>It has ended, and how: <c>Completed</c>, <c>Error</c>, <c>OOMKilled</c>, <c>ContainerCannotRun</c>, <c>StartError</c>, …</summary>
public sealed record ContainerStateTerminated
{
    public int ExitCode { get; init; }

    public int? Signal { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}
