namespace Odin.Execution;

/// <summary>What a cluster has to know of a program beside its command. The process executor does without.</summary>
public sealed record ContainerSpec
{
    public required string Image { get; init; }

    /// <summary><c>IfNotPresent</c>, <c>Always</c> or <c>Never</c>.</summary>
    public string PullPolicy { get; init; } = "IfNotPresent";

    /// <summary>One of <see cref="ResourceTypes"/>.</summary>
    public string ResourceType { get; init; } = ResourceTypes.Pod;

    /// <summary>GPUs of each pod.</summary>
    public int Gpus { get; init; }

    /// <summary>Worker replicas of the distributed kinds.</summary>
    public int Workers { get; init; } = 1;

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public IReadOnlyList<Toleration> Tolerations { get; init; } = [];

    public IReadOnlyList<VolumeMount> Mounts { get; init; } = [];

    public IReadOnlyList<SecretMount> Secrets { get; init; } = [];

    public IReadOnlyList<ConfigMapMount> ConfigMaps { get; init; } = [];

    public IReadOnlyList<EphemeralVolume> EphemeralVolumes { get; init; } = [];

    public ResourceAmounts? Cpu { get; init; }

    public ResourceAmounts? Memory { get; init; }

    public SecurityContext? SecurityContext { get; init; }

    public string? ServiceAccount { get; init; }

    /// <summary>Whether the container may do all that the node may.</summary>
    public bool IsPrivileged { get; init; }
}

/// <summary>A volume in the container. Claim null: an ephemeral volume of that name.</summary>
public sealed record VolumeMount(string Name, string Path, string? Claim);

/// <summary>A secret in the container. Mode: file permission bits (0644 = 420).</summary>
public sealed record SecretMount(string Name, string Path, string SubPath, int Mode);

/// <summary>A config map in the container.</summary>
public sealed record ConfigMapMount(string Name, string Path, string SubPath);

/// <summary>A volume that lives as long as the pod; the only type is <c>emptyDir</c>.</summary>
public sealed record EphemeralVolume(string Name, string Type, string Medium, string? SizeLimit);

/// <summary>Kubernetes quantities (<c>4.5</c>, <c>500m</c>, <c>2Gi</c>).</summary>
public sealed record ResourceAmounts(string? Limits, string? Requests);

/// <summary>Ids that the container runs under.</summary>
public sealed record SecurityContext(long? FsGroup, long? RunAsGroup, long? RunAsUser);

/// <summary>A taint that the pods put up with; the members are those of Kubernetes.</summary>
/// <param name="Key">Null with <c>Exists</c>: every taint.</param>
/// <param name="Operator"><c>Equal</c> or <c>Exists</c>.</param>
/// <param name="Effect"><c>NoSchedule</c>, <c>PreferNoSchedule</c>, <c>NoExecute</c>; null: all.</param>
/// <param name="Seconds">How long a <c>NoExecute</c> is put up with; null: for ever.</param>
public sealed record Toleration(string? Key, string Operator, string? Value, string? Effect, long? Seconds);
