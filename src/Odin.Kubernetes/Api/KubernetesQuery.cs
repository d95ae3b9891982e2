namespace Odin.Kubernetes.Api;

/// <summary>Which objects of a kind.</summary>
public sealed record KubernetesQuery
{
    /// <summary>Null: every namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary><c>app=odin,run in (a,b)</c>; null: all.</summary>
    public string? LabelSelector { get; init; }

    /// <summary><c>involvedObject.name=x</c>, <c>metadata.name=x</c>; null: all.</summary>
    public string? FieldSelector { get; init; }
}

/// <summary>All objects that a query has found, and the moment of the cluster's history at which it was so.</summary>
public sealed record KubernetesList<T>(IReadOnlyList<T> Items, string ResourceVersion);

/// <summary>The version of the API server.</summary>
public sealed record ServerVersion(string Major, string Minor, string GitVersion);
