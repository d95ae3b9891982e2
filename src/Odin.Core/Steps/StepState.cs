using System.Text.Json.Serialization;

namespace Odin.Steps;

/// <summary>Where work in steps is: a training, a packaging.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StepState>))]
public enum StepState
{
    /// <summary>Accepted; nobody has looked at it yet.</summary>
    Unknown,

    /// <summary>Waits: for its turn, for a slot, for a node.</summary>
    Scheduling,

    Running,
    Succeeded,
    Failed,
}

/// <summary>The steps that all such work has, in their order.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WorkStep>))]
public enum WorkStep
{
    /// <summary>The server lays out what the program needs.</summary>
    Setup,

    /// <summary>The program runs.</summary>
    Main,

    /// <summary>The server takes over what the program has left.</summary>
    Result,
}

/// <summary>What is known of work in steps. An attempt is one go through all of them; a change of the spec starts another one.</summary>
public sealed record StepStatus
{
    public StepState State { get; init; }

    /// <summary>The generation of the spec that the attempt works on; 0: there is none yet.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>The id of the attempt: names its execution, its directory and its logs.</summary>
    public string? Attempt { get; init; }

    /// <summary>The step that is, or was last, worked on.</summary>
    public WorkStep Step { get; init; }

    /// <summary>How often a server has begun the step, where it is a server's: again after each time that one was stopped in it.</summary>
    public int Begun { get; init; }

    /// <summary>CamelCase; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people, with the place and the remedy.</summary>
    public string? Message { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>When the attempt began to wait.</summary>
    public DateTimeOffset? Queued { get; init; }

    /// <summary>When its first step began.</summary>
    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    /// <summary>When each step began and ended, as far as it has.</summary>
    public IReadOnlyList<StepTime> Times { get; init; } = [];

    [JsonIgnore]
    public bool IsEnded => State is StepState.Succeeded or StepState.Failed;
}

/// <summary>When a step was worked on.</summary>
/// <param name="Finished">Null: it goes on.</param>
public sealed record StepTime(WorkStep Step, DateTimeOffset Started, DateTimeOffset? Finished);
