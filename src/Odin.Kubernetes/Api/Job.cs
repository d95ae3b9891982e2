using System.Collections.ObjectModel;

namespace Odin.Kubernetes.Api;

/// <summary>A job of the cluster's own (<c>batch/v1</c>).</summary>
public sealed record Job : KubernetesObject
{
    public JobSpec Spec { get; init => field = value ?? new(); } = new();

    public JobStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>What was asked for, as far as we look back at it.</summary>
public sealed record JobSpec
{
    public int? Parallelism { get; init; }

    public int? Completions { get; init; }

    public int? BackoffLimit { get; init; }
}

/// <summary>How a job is; <c>Complete</c> or <c>Failed</c> among the conditions ends it.</summary>
public sealed record JobStatus
{
    public int Active { get; init; }

    public int Succeeded { get; init; }

    public int Failed { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? CompletionTime { get; init; }

    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = value ?? []; } = [];
}

/// <summary>A job of the training operators: TFJob, PyTorchJob, MPIJob, ElasticJob. They share their status.</summary>
public sealed record CustomJob : KubernetesObject
{
    public CustomJobStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>How such a job is; <c>Succeeded</c> or <c>Failed</c> among the conditions ends it.</summary>
public sealed record CustomJobStatus
{
    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? CompletionTime { get; init; }

    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = value ?? []; } = [];

    /// <summary>By role: <c>Master</c>, <c>Worker</c>, <c>Launcher</c>, <c>Chief</c>, …</summary>
    public IReadOnlyDictionary<string, ReplicaStatus> ReplicaStatuses { get; init => field = value ?? ReadOnlyDictionary<string, ReplicaStatus>.Empty; } =
        ReadOnlyDictionary<string, ReplicaStatus>.Empty;
}

/// <summary>How many pods of a role do what.</summary>
public sealed record ReplicaStatus
{
    public int Active { get; init; }

    public int Succeeded { get; init; }

    public int Failed { get; init; }
}
