using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Deployments;

/// <summary>A model that is served: an image, and how many replicas of it run.</summary>
public sealed record Deployment(ResourceMetadata Metadata, DeploymentSpec Spec, DeploymentStatus Status) : IResource<Deployment>
{
    /// <summary>The phase of one that somebody has asked to delete.</summary>
    public const string Deleting = nameof(Deleting);

    /// <summary>The phase of one that nothing has looked at yet.</summary>
    public const string New = nameof(New);

    public static string Kind => "Deployment";

    public static JsonTypeInfo<Deployment> JsonType => DeploymentJson.Default.Deployment;

    public static Deployment WithMetadata(Deployment resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => IsDeleting ? Deleting : Status.State?.ToString() ?? New;

    [JsonIgnore]
    public string Id => Metadata.Id;

    [JsonIgnore]
    public bool IsDeleting => Metadata.DeletionRequested is not null;
}

/// <summary>What a deployment is to be; defaults are filled in when it is stored.</summary>
public sealed record DeploymentSpec
{
    /// <summary>The reference of the image.</summary>
    public string Image { get; init; } = "";

    /// <summary>One of <see cref="Predictors"/>.</summary>
    public string Predictor { get; init; } = "";

    public ComputeResources? Resources { get; init; }

    /// <summary>Free, but for those that <see cref="ScalingSettings"/> reads.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>0: it sleeps while nobody asks.</summary>
    public int MinReplicas { get; init; }

    public int MaxReplicas { get; init; } = 1;

    /// <summary>Seconds after the start of a replica before it is first asked whether it is alive.</summary>
    public int LivenessProbeInitialDelay { get; init; }

    /// <summary>
    /// Seconds after its start by which a replica is expected to be ready. It is asked from the start on, so that a model which is
    /// ready sooner serves sooner.
    /// </summary>
    public int ReadinessProbeInitialDelay { get; init; }

    /// <summary>The role whose members may call the model.</summary>
    public string RoleName { get; init; } = "";

    /// <summary>The connection by which the image is pulled; empty: none is needed.</summary>
    public string PullConnection { get; init; } = "";

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }
}

/// <summary>The servers that an image may hold.</summary>
public static class Predictors
{
    /// <summary>Ours, and every other that speaks its interface: <c>/api/model/info</c> and <c>/api/model/invoke</c>.</summary>
    public const string OdahuMlServer = "odahu-ml-server";

    /// <summary>NVIDIA Triton.</summary>
    public const string Triton = "triton";

    public static IReadOnlyList<string> All { get; } = [OdahuMlServer, Triton];
}

/// <summary>Where a deployment is.</summary>
public enum DeploymentState
{
    /// <summary>Something is still to be done: an image pulled, a replica started, an old one replaced.</summary>
    Processing,

    /// <summary>All that the spec asks for is there; with no replicas while it sleeps.</summary>
    Ready,

    /// <summary>It cannot be brought up; the reason says why. It is tried again.</summary>
    Failed,
}

/// <summary>What is there of a deployment.</summary>
public sealed record DeploymentStatus
{
    /// <summary>Null: nothing has looked at it yet.</summary>
    public DeploymentState? State { get; init; }

    /// <summary>One of <see cref="DeploymentReasons"/>; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people, with the remedy.</summary>
    public string? Message { get; init; }

    /// <summary>The generation that the rest is about.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>What new replicas are made of, until there is a newer one; null: there never was an image.</summary>
    public DeploymentRevision? Revision { get; init; }

    /// <summary>The last revision of which a replica was ready: it serves until a newer one does; null: there never was one.</summary>
    public DeploymentRevision? Proven { get; init; }

    /// <summary>Replicas of any revision that exist, whatever they do.</summary>
    public IReadOnlyList<Replica> Replicas { get; init; } = [];

    /// <summary>As the running model says it; null: it has not been asked yet.</summary>
    public string? ModelName { get; init; }

    public string? ModelVersion { get; init; }
}

/// <summary>An image by its content, and what of the spec a running replica cannot change.</summary>
/// <param name="Name">Unique within the deployment, usable as part of a file name.</param>
/// <param name="Digest">Of the manifest of the image.</param>
/// <param name="Generation">Of the deployment that it was made for.</param>
public sealed record DeploymentRevision(string Name, string Digest, long Generation = 0);

/// <summary>One running copy of a model.</summary>
/// <param name="Id">Unique for ever.</param>
/// <param name="Revision">The name of the revision.</param>
/// <param name="Endpoint">Where it is reached: <c>unix:/path</c> or <c>http://host:port</c>.</param>
/// <param name="Since">When it came into this state.</param>
/// <param name="Digest">Of the image that it runs.</param>
/// <param name="ModelName">As it says it; null: it does not.</param>
/// <param name="ModelVersion">As it says it; null: it does not.</param>
public sealed record Replica(string Id, string Revision, string Endpoint, ReplicaState State, DateTimeOffset Since, string Digest = "", string? ModelName = null, string? ModelVersion = null);

/// <summary>Where a replica is in its life.</summary>
public enum ReplicaState
{
    /// <summary>Started, or about to be; not ready yet.</summary>
    Starting,

    /// <summary>Takes requests.</summary>
    Ready,

    /// <summary>Gets no new requests; ends once it has answered those that it has.</summary>
    Draining,
}

/// <summary>Why a deployment is as it is. They are part of the API: never rename one.</summary>
public static class DeploymentReasons
{
    public const string PullingImage = nameof(PullingImage);

    /// <summary>The image is not there, or may not be pulled; it is tried again.</summary>
    public const string ImagePullFailed = nameof(ImagePullFailed);

    /// <summary>The image cannot be run here: not a model server that we know how to start.</summary>
    public const string ImageNotSupported = nameof(ImageNotSupported);

    public const string StartingReplicas = nameof(StartingReplicas);

    /// <summary>Replicas of the new revision have ended, or have not become ready in time.</summary>
    public const string ReplicaFailed = nameof(ReplicaFailed);

    /// <summary>This machine does not let us run an image without a container engine.</summary>
    public const string IsolationUnavailable = nameof(IsolationUnavailable);

    /// <summary>It has no replica because nobody has asked for a while; the next request starts one.</summary>
    public const string Asleep = nameof(Asleep);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Deployment))]
internal sealed partial class DeploymentJson : JsonSerializerContext;
