namespace Odin.Kubernetes.Api;

/// <summary>The kinds that the server knows in a group and version.</summary>
internal sealed record ServedResources
{
    public IReadOnlyList<ServedResource> Resources { get; init => field = value ?? []; } = [];
}

internal sealed record ServedResource
{
    /// <summary>The plural; of a part, <c>pods/log</c>.</summary>
    public string? Name { get; init; }
}
