using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Runs;

namespace Odin.Server.Runs;

/// <summary>
/// A run as the REST API shows it: the members of the inherited server in their order, then ours. Times are UTC, ISO 8601
/// without zone.
/// </summary>
public sealed record PipelineWire
{
    public required string Id { get; init; }

    public required string Job { get; init; }

    /// <summary>The commit that the run is pinned to.</summary>
    public string? Version { get; init; }

    /// <summary>Executed ones first, then those under way, then waiting ones; empty where they were not asked for.</summary>
    public IReadOnlyList<TaskStatusWire> Tasks { get; init; } = [];

    public required string Name { get; init; }

    /// <summary><c>BUILDING</c>, <c>RUNNING</c>, <c>DONE</c> or <c>TERMINATED</c>.</summary>
    public required string Status { get; init; }

    public string? Message { get; init; }

    public string? SubmitTime { get; init; }

    public string? CompletionTime { get; init; }

    /// <summary>As exact as we know it: <c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Cancelled</c>.</summary>
    public required string State { get; init; }

    public string? Reason { get; init; }

    public string? Started { get; init; }

    public string? Commit { get; init; }

    public string? RerunOf { get; init; }

    public string? SubmittedBy { get; init; }

    public string? CancelledBy { get; init; }

    public JsonObject? Parameters { get; init; }

    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>How many tasks are in which state; null where tasks were not asked for.</summary>
    public RunProgress? Progress { get; init; }

    internal static PipelineWire From(Run run, IReadOnlyList<TaskRun>? tasks)
    {
        var pipeline = new PipelineWire
        {
            Id = run.Id,
            Job = run.Spec.Job,
            Version = run.Spec.Commit,
            Name = run.Id,
            Status = InheritedStatus.Of(run.Status.Phase),
            Message = run.Status.Message,
            SubmitTime = InheritedStatus.Time(run.Metadata.Created),
            CompletionTime = WireTime.Of(run.Status.Finished),
            State = run.Status.Phase.ToString(),
            Reason = run.Status.Reason,
            Started = WireTime.Of(run.Status.Started),
            Commit = run.Spec.Commit,
            RerunOf = run.Spec.RerunOf,
            SubmittedBy = run.Spec.SubmittedBy,
            CancelledBy = run.Spec.CancelledBy,
            Parameters = run.Spec.Parameters,
            Notices = run.Spec.Notices,
        };
        return tasks is null
            ? pipeline
            : pipeline with
            {
                Tasks = [.. TaskOrder.Of(run, tasks).Select(t => TaskStatusWire.From(run, t))],
                Progress = RunProgress.Of(tasks.Select(t => InheritedStatus.Of(run, t))),
            };
    }
}

/// <summary>How far a run is.</summary>
public sealed record RunProgress(int Total, int Executed, int Executing, int Waiting, int Terminated)
{
    /// <summary>From the status of each task, in the inherited words.</summary>
    internal static RunProgress Of(IEnumerable<string> statuses)
    {
        var counts = statuses.CountBy(s => s).ToDictionary();
        return new RunProgress(
            counts.Values.Sum(),
            counts.GetValueOrDefault(InheritedStatus.Executed),
            counts.GetValueOrDefault(InheritedStatus.Executing),
            counts.GetValueOrDefault(InheritedStatus.Waiting),
            counts.GetValueOrDefault(InheritedStatus.Terminated));
    }
}

/// <summary>A list of runs.</summary>
/// <param name="Continue">What to put into <c>?continue=</c> for the next page; null: this was the last.</param>
public sealed record PipelineList(IReadOnlyList<PipelineWire> Pipelines, string? Continue);

/// <summary>One run. The context is always empty; the inherited server sends it.</summary>
public sealed record PipelineAnswer(PipelineWire Pipeline, JsonArray Context)
{
    /// <summary>Warnings about the definition, of a run that was just submitted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<Hosting.ProblemItem>? Warnings { get; init; }
}

/// <summary>The order in which tasks are shown.</summary>
internal static class TaskOrder
{
    /// <summary>Executed ones, then those that run or were ended, then waiting ones; each in the order of the file.</summary>
    public static IEnumerable<TaskRun> Of(Run run, IReadOnlyList<TaskRun> tasks) =>
        tasks.OrderBy(t => Rank(InheritedStatus.Of(run, t))).ThenBy(t => t.Spec.Index);

    public static int Rank(string status) => status switch
    {
        InheritedStatus.Executed => 0,
        InheritedStatus.Waiting => 2,
        _ => 1,
    };
}

internal static class WireTime
{
    public static string? Of(DateTimeOffset? time) => time is { } known ? InheritedStatus.Time(known) : null;
}
