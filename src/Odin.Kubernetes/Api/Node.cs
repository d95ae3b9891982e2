using System.Collections.ObjectModel;

namespace Odin.Kubernetes.Api;

/// <summary>A machine of the cluster.</summary>
public sealed record Node : KubernetesObject
{
    public NodeSpec Spec { get; init => field = value ?? new(); } = new();

    public NodeStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>Who may go there.</summary>
public sealed record NodeSpec
{
    /// <summary>Cordoned.</summary>
    public bool Unschedulable { get; init; }

    public IReadOnlyList<NodeTaint> Taints { get; init => field = value ?? []; } = [];
}

/// <summary>What a pod must tolerate to be there.</summary>
public sealed record NodeTaint
{
    public string Key { get; init => field = value ?? ""; } = "";

    public string? Value { get; init; }

    public string Effect { get; init => field = value ?? ""; } = "";
}

/// <summary>What a machine has, as quantities: <c>cpu</c> <c>2</c>, <c>memory</c> <c>24654356Ki</c>.</summary>
public sealed record NodeStatus
{
    public IReadOnlyDictionary<string, string> Capacity { get; init => field = value ?? ReadOnlyDictionary<string, string>.Empty; } =
        ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What of it is left for pods.</summary>
    public IReadOnlyDictionary<string, string> Allocatable { get; init => field = value ?? ReadOnlyDictionary<string, string>.Empty; } =
        ReadOnlyDictionary<string, string>.Empty;

    public IReadOnlyList<NodeAddress> Addresses { get; init => field = value ?? []; } = [];

    public IReadOnlyList<ObjectCondition> Conditions { get; init => field = value ?? []; } = [];
}

/// <summary>One of a machine's addresses; type: <c>InternalIP</c>, <c>ExternalIP</c>, <c>Hostname</c>, …</summary>
public sealed record NodeAddress
{
    public string Type { get; init => field = value ?? ""; } = "";

    public string Address { get; init => field = value ?? ""; } = "";
}
