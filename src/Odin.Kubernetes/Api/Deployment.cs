namespace Odin.Kubernetes.Api;

/// <summary>Pods that are kept alive.</summary>
public sealed record Deployment : KubernetesObject
{
    public DeploymentSpec Spec { get; init => field = value ?? new(); } = new();

    public DeploymentStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>What was asked for, as far as we look back at it.</summary>
public sealed record DeploymentSpec
{
    public int? Replicas { get; init; }
}

/// <summary>How many of them there are; believe it only when it speaks of the current generation.</summary>
public sealed record DeploymentStatus
{
    public long ObservedGeneration { get; init; }

    public int Replicas { get; init; }

    public int ReadyReplicas { get; init; }

    public int AvailableReplicas { get; init; }

    public int UpdatedReplicas { get; init; }

    public int UnavailableReplicas { get; init; }

    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = value ?? []; } = [];
}
