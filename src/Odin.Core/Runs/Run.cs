using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Odin.Pipelines;
using Odin.Resources;

namespace Odin.Runs;

/// <summary>One execution of a pipeline, pinned to a commit. Its tasks are <see cref="TaskRun"/>s.</summary>
public sealed record Run(ResourceMetadata Metadata, RunSpec Spec, RunStatus Status) : IResource<Run>
{
    public static string Kind => "Run";

    public static JsonTypeInfo<Run> JsonType => RunJson.Default.Run;

    public static Run WithMetadata(Run resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    /// <summary>The job.</summary>
    public string? Parent => Spec.Job;

    public string? Phase => Status.Phase.ToString();

    public string Id => Metadata.Id;
}

/// <summary>What was asked for.</summary>
public sealed record RunSpec
{
    /// <summary>The directory of the job in the repository, with slashes: <c>team/wine</c>.</summary>
    public required string Job { get; init; }

    /// <summary>The commit that the definition was read from; null for a run without a repository.</summary>
    public string? Commit { get; init; }

    /// <summary>The directory of the job as the tasks see it (<c>WORK_PATH</c>), absolute.</summary>
    public required string WorkPath { get; init; }

    /// <summary>The root of the checked-out repository (<c>ROOT_PATH</c>), absolute.</summary>
    public required string RootPath { get; init; }

    /// <summary>The workspace of the run (<c>RUN_PATH</c>), absolute.</summary>
    public required string RunPath { get; init; }

    /// <summary>The name in the file; the first part of the run's id.</summary>
    public required string PipelineName { get; init; }

    public FailurePolicy OnFailure { get; init; }

    /// <summary>SHA-1 over the files of the job's directory; part of every cache key.</summary>
    public string? SourceHash { get; init; }

    /// <summary>The key under which a repeated request finds this run; null: none was given.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>No task is taken from the cache.</summary>
    public bool NoCache { get; init; }

    /// <summary>Parameters and template context as given.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>Every declared parameter with the value that it has in this run, defaults included; null: the run is from before this was kept.</summary>
    public JsonObject? Values { get; init; }

    public string? SubmittedBy { get; init; }

    /// <summary>The run whose succeeded tasks were taken over; null for a fresh one.</summary>
    public string? RerunOf { get; init; }

    /// <summary>Set when somebody cancelled the run: who.</summary>
    public string? CancelledBy { get; init; }

    /// <summary>Warnings found at submit time.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];
}

/// <summary>Where a run is in its life.</summary>
public enum RunPhase
{
    /// <summary>Stored, not looked at yet. On the wire: <c>BUILDING</c>.</summary>
    Pending,

    /// <summary>On the wire: <c>RUNNING</c>.</summary>
    Running,

    /// <summary>On the wire: <c>DONE</c>.</summary>
    Succeeded,

    /// <summary>On the wire: <c>TERMINATED</c>.</summary>
    Failed,

    /// <summary>Ended by a user. On the wire: <c>TERMINATED</c>.</summary>
    Cancelled,
}

/// <summary>What was observed.</summary>
public sealed record RunStatus
{
    public RunPhase Phase { get; init; }

    /// <summary>CamelCase: <c>TaskFailed</c>, <c>Cancelled</c>; null while all is well.</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    /// <summary>True when a task asked for the rest to be skipped.</summary>
    public bool EarlyExit { get; init; }

    public bool IsEnded => Phase is RunPhase.Succeeded or RunPhase.Failed or RunPhase.Cancelled;
}
