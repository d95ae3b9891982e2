using System.Collections.ObjectModel;

namespace Odin.Kubernetes.Api;

/// <summary>A stable address for pods.</summary>
public sealed record Service : KubernetesObject
{
    public ServiceSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>What a service offers.</summary>
public sealed record ServiceSpec
{
    public string? Type { get; init; }

    /// <summary><c>None</c> for a headless one.</summary>
    public string? ClusterIP { get; init; }

    /// <summary>The labels of its pods; empty: somebody else says where it leads.</summary>
    public IReadOnlyDictionary<string, string> Selector { get; init => field = value ?? ReadOnlyDictionary<string, string>.Empty; } =
        ReadOnlyDictionary<string, string>.Empty;

    public IReadOnlyList<ServicePort> Ports { get; init => field = value ?? []; } = [];
}

/// <summary>A port of a service.</summary>
public sealed record ServicePort
{
    public string? Name { get; init; }

    public string? Protocol { get; init; }

    public int Port { get; init; }

    public int? NodePort { get; init; }
}
