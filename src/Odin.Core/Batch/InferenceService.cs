using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Batch;

/// <summary>A way to predict many requests at once: a program, the model that it uses, and where its jobs read and write unless they say otherwise.</summary>
public sealed record InferenceService(ResourceMetadata Metadata, InferenceServiceSpec Spec) : IResource<InferenceService>
{
    public static string Kind => "InferenceService";

    public static JsonTypeInfo<InferenceService> JsonType => InferenceJson.Default.InferenceService;

    public static InferenceService WithMetadata(InferenceService resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => null;

    [JsonIgnore]
    public string Id => Metadata.Id;
}

/// <summary>What a batch service is.</summary>
public sealed record InferenceServiceSpec
{
    public InferenceProgram Program { get; init; } = new();

    /// <summary>Where jobs read that do not say; null: each has to.</summary>
    public DataPlace? DataSource { get; init; }

    /// <summary>Where jobs write that do not say; null: each has to.</summary>
    public DataPlace? OutputDestination { get; init; }

    /// <summary>Whether jobs may be made over the API; null: nothing was said, which means yes when it is created.</summary>
    public bool? TakesJobs { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public ComputeResources? Resources { get; init; }
}

/// <summary>The program that predicts, and its model. A job keeps the one that its service had when the job was made.</summary>
public sealed record InferenceProgram
{
    /// <summary>Where containers are; elsewhere the program is one of the machine.</summary>
    public string Image { get; init; } = "";

    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>A model that is fetched; if it is there it counts, and not <see cref="Local"/>.</summary>
    public RemoteModel? Remote { get; init; }

    /// <summary>A model that the image holds.</summary>
    public EmbeddedModel? Local { get; init; }

    /// <summary>What is done about files that are no requests or no responses.</summary>
    public InvalidFiles InvalidFiles { get; init; }
}

/// <summary>What is done about a file that is not what it has to be.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InvalidFiles>))]
public enum InvalidFiles
{
    /// <summary>It is left out, named in the log and counted.</summary>
    Skip,

    /// <summary>The job fails before the program has run.</summary>
    Fail,
}

/// <summary>A model in a bucket: a directory, a zip or a tarball with gzip.</summary>
/// <param name="Path">From the root of the bucket; empty: the path of the connection.</param>
public sealed record RemoteModel(string Connection, string Path);

/// <summary>A model in an image.</summary>
/// <param name="Path">In the image.</param>
public sealed record EmbeddedModel(string Name, string Version, string Path);

/// <summary>A directory of files, or one file, in a bucket.</summary>
/// <param name="Path">From the root of the bucket; empty: the path of the connection.</param>
public sealed record DataPlace(string Connection, string Path);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InferenceService))]
[JsonSerializable(typeof(InferenceJob))]
internal sealed partial class InferenceJson : JsonSerializerContext;
