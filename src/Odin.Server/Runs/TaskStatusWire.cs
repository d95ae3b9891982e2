using Odin.Execution;
using Odin.Runs;

namespace Odin.Server.Runs;

/// <summary>A task of a run as the REST API shows it: the inherited members in their order, then ours.</summary>
public sealed record TaskStatusWire
{
    public required string Id { get; init; }

    public required string Task { get; init; }

    public required string Name { get; init; }

    /// <summary><c>executed</c>, <c>executing</c>, <c>waiting</c> or <c>terminated</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Program and its fixed arguments, with spaces between them.</summary>
    public required string Command { get; init; }

    public required string Image { get; init; }

    public required string ResourceType { get; init; }

    /// <summary>What the back end calls it; <c>Cached</c> for a cached one, null before the start.</summary>
    public string? ResourceId { get; init; }

    public string? SubmitTime { get; init; }

    public string? CompletionTime { get; init; }

    /// <summary>Always empty; events have an endpoint of their own.</summary>
    public IReadOnlyList<EventWire> Events { get; init; } = [];

    /// <summary>As exact as we know it, see <see cref="TaskRunPhase"/>.</summary>
    public required string State { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>From 1; 0 before the first attempt.</summary>
    public int Attempt { get; init; }

    public string? Started { get; init; }

    public ExecutionUsage? Usage { get; init; }

    public string? CacheNote { get; init; }

    public IReadOnlyList<string> DependsOn { get; init; } = [];

    internal static TaskStatusWire From(Run run, TaskRun task)
    {
        var status = task.Status;
        return new TaskStatusWire
        {
            Id = task.Id,
            Task = task.Id,
            Name = task.Spec.Task.Name,
            Status = InheritedStatus.Of(run, task),
            Command = CommandText(task),
            Image = task.Spec.Task.Image,
            ResourceType = task.Spec.Task.ResourceType,
            ResourceId = status.ResourceId,
            SubmitTime = WireTime.Of(status.Submitted),
            CompletionTime = WireTime.Of(status.Finished),
            State = status.Phase.ToString(),
            Reason = status.Reason,
            Message = status.Message,
            ExitCode = status.ExitCode,
            Attempt = status.Attempt,
            Started = WireTime.Of(status.Started),
            Usage = status.Usage,
            CacheNote = status.CacheNote,
            DependsOn = task.Spec.Task.DependsOn,
        };
    }

    internal static string CommandText(TaskRun task) => string.Join(' ', task.Spec.Task.Command);
}

/// <summary>One line of the history of a task.</summary>
/// <param name="Id"><c>evt-{task}-{number}</c></param>
public sealed record EventWire(string Id, string EventType, string Reason, string Source, string Message, string Timestamp);

/// <summary>The history of a task, or of all tasks of a run.</summary>
public sealed record EventList(IReadOnlyList<EventWire> Events);

/// <summary>What was done with one run or task; the values are <c>Yes</c> and <c>No</c>.</summary>
public sealed record CleanupWire(string TaskId, string CleanedFromK8s, string PurgedFromDb, string RemovedFromFs)
{
    internal static CleanupWire From(CleanupRow row) =>
        new(row.TaskId, Text(row.CleanedFromExecutor), Text(row.PurgedFromStore), Text(row.RemovedFromFiles));

    private static string Text(bool done) => done ? "Yes" : "No";
}

/// <summary>The outcome of a clean-up.</summary>
public sealed record CleanupList(IReadOnlyList<CleanupWire> Cleanups);
