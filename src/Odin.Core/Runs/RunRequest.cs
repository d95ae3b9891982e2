using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>A wish to run a job.</summary>
public sealed record RunRequest
{
    /// <summary>The job, with slashes.</summary>
    public required string Job { get; init; }

    /// <summary>A commit, branch or tag; null: the newest of the catalog's branch.</summary>
    public string? Commit { get; init; }

    /// <summary>Parameters and template context; null: none.</summary>
    public JsonObject? Parameters { get; init; }

    /// <summary>Everything before this task is taken over from the last run of the job that has it; null: run all.</summary>
    public string? From { get; init; }

    /// <summary>The user's name; null when nobody is known.</summary>
    public string? SubmittedBy { get; init; }

    /// <summary>A second request with the same key gets the first one's run; null: always a new run.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Never take a task from the cache.</summary>
    public bool NoCache { get; init; }
}

/// <summary>The answer to a <see cref="RunRequest"/>.</summary>
public abstract record SubmitResult
{
    private SubmitResult()
    {
    }

    /// <summary>Stored; it starts at once.</summary>
    public sealed record Submitted(Run Run, IReadOnlyList<Diagnostic> Warnings) : SubmitResult;

    /// <summary>Everything that is wrong with it; nothing was stored.</summary>
    public sealed record Refused(IReadOnlyList<Diagnostic> Diagnostics) : SubmitResult;

    /// <summary>No such job, commit, run or task. The message says which, and what there is.</summary>
    public sealed record NotFound(string Message) : SubmitResult;

    /// <summary>There is such a thing, but it is not in the state for it. The message says what to do first.</summary>
    public sealed record Conflict(string Message) : SubmitResult;
}

/// <summary>The answer to a dry run.</summary>
public abstract record PlanResult
{
    private PlanResult()
    {
    }

    /// <summary>What would happen.</summary>
    public sealed record Planned(RunPlan Plan) : PlanResult;

    /// <inheritdoc cref="SubmitResult.Refused"/>
    public sealed record Refused(IReadOnlyList<Diagnostic> Diagnostics) : PlanResult;

    /// <inheritdoc cref="SubmitResult.NotFound"/>
    public sealed record NotFound(string Message) : PlanResult;

    /// <inheritdoc cref="SubmitResult.Conflict"/>
    public sealed record Conflict(string Message) : PlanResult;
}

/// <summary>What a run would do, in an order in which it could do it.</summary>
public sealed record RunPlan(string Job, string? Commit, IReadOnlyList<PlannedTask> Tasks, IReadOnlyList<Diagnostic> Warnings);

/// <summary>One task of a <see cref="RunPlan"/>.</summary>
/// <param name="Decision"><c>Run</c>, <c>Cached</c>, <c>Reused</c> (from an earlier run) or <c>Unknown</c> (its inputs come from a task that would run).</param>
/// <param name="Because">Why.</param>
public sealed record PlannedTask(
    string Name, IReadOnlyList<string> DependsOn, IReadOnlyList<string> Command, IReadOnlyList<string> Args, string Decision, string Because);
