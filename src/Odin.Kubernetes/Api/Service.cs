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
