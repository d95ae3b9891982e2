using System.Collections.ObjectModel;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Odin.Kubernetes.Api;

/// <summary>What every object has. Of the rest, the types here read what we use; objects are written as JSON.</summary>
public abstract record KubernetesObject
{
    /// <summary>Null for the members of a list.</summary>
    public string? ApiVersion { get; init; }

    /// <inheritdoc cref="ApiVersion"/>
    public string? Kind { get; init; }

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();
}

/// <summary>An object of a kind of which we read nothing in particular.</summary>
public sealed record UntypedObject : KubernetesObject
{
    /// <summary>Everything beside kind, version and metadata.</summary>
    [JsonExtensionData]
    public JsonObject Fields { get; set => field = value ?? []; } = [];
}

/// <summary>Name, place and history of an object.</summary>
public sealed record ObjectMeta
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? GenerateName { get; init; }

    public string? Namespace { get; init; }

    public string Uid { get; init => field = value ?? ""; } = "";

    /// <summary>Opaque; to be sent back in a replacement, never compared but for equality.</summary>
    public string ResourceVersion { get; init => field = value ?? ""; } = "";

    /// <summary>Grows with each change of the spec.</summary>
    public long Generation { get; init; }

    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set: it is going, and gone when its grace period and finalizers are.</summary>
    /// <summary>When it goes at the latest; null: nobody has deleted it.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>How long before that it was deleted.</summary>
    public long? DeletionGracePeriodSeconds { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init => field = value ?? ReadOnlyDictionary<string, string>.Empty; } =
        ReadOnlyDictionary<string, string>.Empty;

    public IReadOnlyDictionary<string, string> Annotations { get; init => field = value ?? ReadOnlyDictionary<string, string>.Empty; } =
        ReadOnlyDictionary<string, string>.Empty;

    public IReadOnlyList<OwnerReference> OwnerReferences { get; init => field = value ?? []; } = [];

    public IReadOnlyList<string> Finalizers { get; init => field = value ?? []; } = [];
}

/// <summary>The object that another one goes with.</summary>
public sealed record OwnerReference
{
    public string ApiVersion { get; init => field = value ?? ""; } = "";

    public string Kind { get; init => field = value ?? ""; } = "";

    public string Name { get; init => field = value ?? ""; } = "";

    public string Uid { get; init => field = value ?? ""; } = "";

    /// <summary>It is the one that manages the object.</summary>
    public bool? Controller { get; init; }
}

/// <summary>One thing that is so, is not, or is unknown. Pods, jobs, nodes, deployments and custom jobs have them.</summary>
public sealed record ObjectCondition
{
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Status { get; init => field = value ?? ""; } = "";

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? LastTransitionTime { get; init; }

    public bool IsTrue => Status == "True";
}
