using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;
using Odin.Steps;

namespace Odin.Packagings;

/// <summary>The making of an image from an artifact.</summary>
public sealed record Packaging(ResourceMetadata Metadata, PackagingSpec Spec, PackagingStatus Status) : IStepResource<Packaging>
{
    public static string Kind => "Packaging";

    public static JsonTypeInfo<Packaging> JsonType => PackagingJson.Default.Packaging;

    public static Packaging WithMetadata(Packaging resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => Status.Progress.State.ToString();

    [JsonIgnore]
    public string Id => Metadata.Id;

    [JsonIgnore]
    public StepStatus Progress => Status.Progress;

    public Packaging WithProgress(StepStatus progress) => this with { Status = Status with { Progress = progress } };
}

/// <summary>What a packaging is to do.</summary>
public sealed record PackagingSpec
{
    /// <summary>The name of the artifact in the output connection.</summary>
    public string ArtifactName { get; init; } = "";

    /// <summary>The id of the integration.</summary>
    public string Integration { get; init; } = "";

    /// <summary>Where containers are; empty: the integration's.</summary>
    public string Image { get; init; } = "";

    /// <summary>As given, without the defaults of the integration; null: none were given.</summary>
    public JsonObject? Arguments { get; init; }

    /// <summary>Null: none were given and there are no defaults.</summary>
    public IReadOnlyList<PackagingTarget>? Targets { get; init; }

    public ComputeResources? Resources { get; init; }

    /// <summary>The connection that holds the artifact.</summary>
    public string OutputConnection { get; init; } = "";

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }
}

/// <summary>The connection for a target of the integration.</summary>
public sealed record PackagingTarget(string Name, string Connection);

/// <summary>What has come of a packaging.</summary>
public sealed record PackagingStatus
{
    public StepStatus Progress { get; init; } = new();

    /// <summary>The entry point of the built-in packager that makes the image; null: a program does.</summary>
    public string? Packager { get; init; }

    /// <summary>What the image will be called; null: a program decides, or it is not known yet.</summary>
    public string? PlannedImage { get; init; }

    /// <summary>SHA-256 of the artifact that was fetched, in hexadecimal.</summary>
    public string? ArtifactDigest { get; init; }

    /// <summary>What the packager has reported, <c>image</c> first.</summary>
    public IReadOnlyList<PackagingResult> Results { get; init; } = [];

    /// <summary>What the program has said over the API; null: nothing. What it has left in a file counts more.</summary>
    public IReadOnlyList<PackagingResult>? Reported { get; init; }
}

/// <summary>Something that a packager has made.</summary>
public sealed record PackagingResult(string Name, string Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Packaging))]
[JsonSerializable(typeof(PackagingIntegration))]
internal sealed partial class PackagingJson : JsonSerializerContext;
