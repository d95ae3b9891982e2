using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;
using Odin.Steps;

namespace Odin.Trainings;

/// <summary>The making of a model: source and data through a toolchain to an artifact.</summary>
public sealed record Training(ResourceMetadata Metadata, TrainingSpec Spec, TrainingStatus Status) : IStepResource<Training>
{
    public static string Kind => "Training";

    public static JsonTypeInfo<Training> JsonType => TrainingJson.Default.Training;

    public static Training WithMetadata(Training resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => Status.Progress.State.ToString();

    [JsonIgnore]
    public string Id => Metadata.Id;

    [JsonIgnore]
    public StepStatus Progress => Status.Progress;

    public Training WithProgress(StepStatus progress) => this with { Status = Status with { Progress = progress } };
}

/// <summary>What a training is to do.</summary>
public sealed record TrainingSpec
{
    public string ModelName { get; init; } = "";

    public string ModelVersion { get; init; } = "";

    /// <summary>The name of the artifact: <c>{{ .Name }}</c>, <c>{{ .Version }}</c>, <c>{{ .RandomUUID }}</c>, <c>{{ .CommitID }}</c>.</summary>
    public string ArtifactName { get; init; } = "";

    /// <summary>The id of the toolchain.</summary>
    public string Toolchain { get; init; } = "";

    /// <summary>The source; exactly one of the two is set once the rules have passed it.</summary>
    public GitSource? Git { get; init; }

    public ObjectSource? Objects { get; init; }

    /// <summary>Where in the source the work is done; <c>./</c>: at its root.</summary>
    public string WorkDir { get; init; } = "";

    /// <summary>The entry point of the project.</summary>
    public string Entrypoint { get; init; } = "";

    public IReadOnlyList<string> Args { get; init; } = [];

    public IReadOnlyDictionary<string, string> HyperParameters { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<EnvironmentVariable> Environment { get; init; } = [];

    public IReadOnlyList<DataBinding> Data { get; init; } = [];

    /// <summary>The connection that takes the artifact.</summary>
    public string OutputConnection { get; init; } = "";

    /// <summary>Where containers are; empty: the toolchain's.</summary>
    public string Image { get; init; } = "";

    public ComputeResources? Resources { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }
}

/// <summary>Source in a git repository.</summary>
/// <param name="Reference">Branch, tag or commit; empty: the repository's default branch.</param>
public sealed record GitSource(string Connection, string Reference);

/// <summary>Source in a bucket.</summary>
/// <param name="Path">From the root of the bucket; empty: the path of the connection.</param>
public sealed record ObjectSource(string Connection, string Path);

/// <summary>Data to be laid into the source before the training.</summary>
/// <param name="LocalPath">Below the root of the source; a trailing slash says that it is a directory.</param>
/// <param name="RemotePath">From the root of the bucket; empty: the path of the connection.</param>
public sealed record DataBinding(string Connection, string LocalPath, string RemotePath);

/// <summary>A variable of a program's environment.</summary>
public sealed record EnvironmentVariable(string Name, string Value);

/// <summary>What has come of a training.</summary>
public sealed record TrainingStatus
{
    public StepStatus Progress { get; init; } = new();

    /// <summary>The commit of the source; null: it is not from git, or not known yet.</summary>
    public string? Commit { get; init; }

    /// <summary>The name that the artifact is to have; null: setup has not come so far.</summary>
    public string? PlannedArtifact { get; init; }

    /// <summary>The toolchain's own name of the run.</summary>
    public string? RunId { get; init; }

    /// <summary>The name of the artifact in the output connection; null: there is none yet.</summary>
    public string? Artifact { get; init; }

    public IReadOnlyDictionary<string, double>? Metrics { get; init; }

    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public IReadOnlyList<string>? Warnings { get; init; }

    /// <summary>What the program has said over the API; null: nothing. What we have found out ourselves counts more.</summary>
    public ReportedTraining? Reported { get; init; }
}

/// <summary>What the program of a training says of its result; empty: it says nothing of that.</summary>
public sealed record ReportedTraining(string RunId, string Artifact, string Commit);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Training))]
internal sealed partial class TrainingJson : JsonSerializerContext;
