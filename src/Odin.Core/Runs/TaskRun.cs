using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Odin.Execution;
using Odin.Pipelines;
using Odin.Resources;

namespace Odin.Runs;

/// <summary>One task of a <see cref="Run"/>. Its id is <c>{run}--{task}</c>.</summary>
public sealed record TaskRun(ResourceMetadata Metadata, TaskRunSpec Spec, TaskRunStatus Status) : IResource<TaskRun>
{
    public static string Kind => "TaskRun";

    public static JsonTypeInfo<TaskRun> JsonType => RunJson.Default.TaskRun;

    public static TaskRun WithMetadata(TaskRun resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    /// <summary>The run.</summary>
    public string? Parent => Spec.RunId;

    public string? Phase => Status.Phase.ToString();

    public string Id => Metadata.Id;
}

/// <summary>The task with its variables substituted; references are resolved when it starts.</summary>
public sealed record TaskRunSpec
{
    public required string RunId { get; init; }

    /// <summary>Position in the file, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>With variables substituted in args, env, inputs, outputs and working directory.</summary>
    public required PipelineTask Task { get; init; }

    /// <summary>The task's own directory (<c>TASK_PATH</c>), absolute.</summary>
    public required string TaskPath { get; init; }

    /// <summary>The task of another run that this one was taken over from; null: it runs itself.</summary>
    public string? ReusedFrom { get; init; }
}

/// <summary>Where a task is in its life.</summary>
public enum TaskRunPhase
{
    /// <summary>Its dependencies have not ended, or it waits for a retry.</summary>
    Waiting,

    /// <summary>Handed to the executor, which starts it when a slot is free.</summary>
    Queued,

    Running,

    Succeeded,

    /// <summary>Not run, because the cache had its outputs.</summary>
    Cached,

    Failed,

    /// <summary>Never started: a dependency failed, the run was stopped, or a task asked for an early exit.</summary>
    Skipped,

    /// <summary>Ended because the run was cancelled.</summary>
    Cancelled,
}

/// <summary>What was observed of the task.</summary>
public sealed record TaskRunStatus
{
    public TaskRunPhase Phase { get; init; }

    /// <summary>CamelCase: one of <see cref="ExecutionReasons"/> or of <c>TaskReasons</c>; null while all is well.</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }

    /// <summary>The current or last attempt, from 1; 0 before the first.</summary>
    public int Attempt { get; init; }

    /// <summary>A retry starts no sooner than this.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When the current attempt was handed to the executor.</summary>
    public DateTimeOffset? Submitted { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    public int? ExitCode { get; init; }

    /// <summary>What the back end calls it; <c>Cached</c> for a cached one.</summary>
    public string? ResourceId { get; init; }

    /// <summary>Arguments after references were resolved; null before.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Inputs after references were resolved; null before, or when there are none.</summary>
    public IReadOnlyList<string>? Inputs { get; init; }

    /// <summary>Declared outputs and the values that the task wrote, by name.</summary>
    public JsonObject? Outputs { get; init; }

    /// <summary>Other members that the task wrote into its record (<c>chore_context</c>).</summary>
    public JsonObject? Record { get; init; }

    public ExecutionUsage? Usage { get; init; }

    /// <summary>Why the cache was used, or why not; null when the task declares no outputs.</summary>
    public string? CacheNote { get; init; }

    public string? CacheKey { get; init; }

    /// <summary>What happened, oldest first; at most 50.</summary>
    public IReadOnlyList<TaskEvent> Events { get; init; } = [];

    public bool IsEnded => Phase is not (TaskRunPhase.Waiting or TaskRunPhase.Queued or TaskRunPhase.Running);

    /// <summary>Whether the task asked for the rest of the run to be left out.</summary>
    public bool RequestsEarlyExit =>
        Record is not null && Record.TryGetPropertyValue("request_early_exit", out var value)
        && value?.GetValueKind() == System.Text.Json.JsonValueKind.True;

    public bool IsSuccess => Phase is TaskRunPhase.Succeeded or TaskRunPhase.Cached;
}

/// <summary>One line of the history of a task.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
/// <param name="Source">Who says so: <c>odin</c>, <c>process</c>, <c>kubelet</c>.</param>
public sealed record TaskEvent(string Type, string Reason, string Source, string Message, DateTimeOffset Timestamp);
