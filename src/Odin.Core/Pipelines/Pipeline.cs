using System.Text.Json.Nodes;

namespace Odin.Pipelines;

/// <summary>A definition, as written in <c>main.yml</c>, normalised and free of errors.</summary>
public sealed record Pipeline
{
    /// <summary>The default of <see cref="Name"/>.</summary>
    public const string DefaultName = "flow";

    /// <summary>The first part of the ids of its runs; <c>[a-z0-9-.]+</c>.</summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<PipelineTask> Tasks { get; init; }

    public FailurePolicy OnFailure { get; init; }

    public IReadOnlyList<PipelineParameter> Parameters { get; init; } = [];
}

/// <summary>What the failure of one task does to the rest of the run.</summary>
public enum FailurePolicy
{
    /// <summary>What runs goes on; nothing new starts. The default.</summary>
    Stop,

    /// <summary>What runs is stopped at once.</summary>
    FailFast,

    /// <summary>Everything that does not depend on the failed task goes on.</summary>
    Continue,
}

/// <summary>The type of a <see cref="PipelineParameter"/>.</summary>
public enum ParameterType
{
    String,
    Integer,
    Number,
    Boolean,
    List,
    Map,
}

/// <summary>A typed value that is given when a run is submitted, and used as <c>${name}</c>.</summary>
/// <param name="Name">An identifier, not one of the built-in variables.</param>
/// <param name="Default">Null: the parameter must be given.</param>
/// <param name="Choices">The values allowed; null: any of the type.</param>
public sealed record PipelineParameter(
    string Name, ParameterType Type, JsonNode? Default, string? Description, IReadOnlyList<JsonNode>? Choices);
