using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;
using Odin.Steps;

namespace Odin.Batch;

/// <summary>One go of a batch service: every request of a place is predicted, the responses are written to another.</summary>
public sealed record InferenceJob(ResourceMetadata Metadata, InferenceJobSpec Spec, InferenceJobStatus Status) : IStepResource<InferenceJob>
{
    public static string Kind => "InferenceJob";

    public static JsonTypeInfo<InferenceJob> JsonType => InferenceJson.Default.InferenceJob;

    public static InferenceJob WithMetadata(InferenceJob resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    /// <summary>The service.</summary>
    public string? Parent => Spec.Service;

    public string? Phase => Status.Progress.State.ToString();

    [JsonIgnore]
    public string Id => Metadata.Id;

    [JsonIgnore]
    public StepStatus Progress => Status.Progress;

    public InferenceJob WithProgress(StepStatus progress) => this with { Status = Status with { Progress = progress } };
}

/// <summary>What a job is to do; it never changes.</summary>
public sealed record InferenceJobSpec
{
    /// <summary>The id of the service.</summary>
    public required string Service { get; init; }

    /// <summary>As the service had it when the job was made.</summary>
    public required InferenceProgram Program { get; init; }

    public required DataPlace DataSource { get; init; }

    public required DataPlace OutputDestination { get; init; }

    /// <summary>Under which name the predictions are known.</summary>
    public required string RequestId { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public ComputeResources? Resources { get; init; }
}

/// <summary>What has come of a job.</summary>
public sealed record InferenceJobStatus
{
    public StepStatus Progress { get; init; } = new();

    /// <summary>As its manifest says; null: it has none, or nobody has looked yet.</summary>
    public string? ModelName { get; init; }

    public string? ModelVersion { get; init; }

    /// <summary>What was found among the requests; null: nobody has looked yet.</summary>
    public FileCount? Input { get; init; }

    /// <summary>What the program has left; null: nobody has looked yet.</summary>
    public FileCount? Output { get; init; }
}

/// <summary>How many files were fit to be used, and how many were left out.</summary>
public sealed record FileCount(int Valid, int Invalid);
