namespace Odin.Kubernetes.Api;

/// <summary>What the server answers instead of an object: mostly why not.</summary>
internal sealed record KubernetesStatus
{
    public string? Kind { get; init; }

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int Code { get; init; }

    public StatusDetails? Details { get; init; }
}

internal sealed record StatusDetails
{
    public string? Name { get; init; }

    public string? Kind { get; init; }

    public IReadOnlyList<StatusCause> Causes { get; init => field = value ?? []; } = [];

    public int RetryAfterSeconds { get; init; }
}
