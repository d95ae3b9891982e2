using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Artifacts;

/// <summary>A model that a training has made, in the output connection; its id is the name of the file.</summary>
public sealed record ModelArtifact(ResourceMetadata Metadata, ModelArtifactSpec Spec) : IResource<ModelArtifact>
{
    public static string Kind => "ModelArtifact";

    public static JsonTypeInfo<ModelArtifact> JsonType => ModelArtifactJson.Default.ModelArtifact;

    public static ModelArtifact WithMetadata(ModelArtifact resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    /// <summary>The training.</summary>
    public string? Parent => Spec.Training;

    public string? Phase => null;

    [JsonIgnore]
    public string Name => Metadata.Id;
}

/// <summary>What is known of an artifact, and where it comes from.</summary>
public sealed record ModelArtifactSpec
{
    /// <summary>The connection that holds it.</summary>
    public required string Connection { get; init; }

    /// <summary>The key in the bucket of that connection.</summary>
    public required string Key { get; init; }

    public required string ModelName { get; init; }

    public required string ModelVersion { get; init; }

    /// <summary>The id of the training.</summary>
    public required string Training { get; init; }

    /// <summary>The attempt of the training that made it.</summary>
    public required string Attempt { get; init; }

    /// <summary>The toolchain's own name of the run.</summary>
    public string? RunId { get; init; }

    /// <summary>The commit of the source; null: it is not from git.</summary>
    public string? Commit { get; init; }

    /// <summary>In bytes.</summary>
    public long Length { get; init; }

    /// <summary>SHA-256 of the file, in hexadecimal; null: the name is claimed, the file not saved yet.</summary>
    public string? Digest { get; init; }

    public IReadOnlyDictionary<string, double>? Metrics { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelArtifact))]
internal sealed partial class ModelArtifactJson : JsonSerializerContext;
