using Odin.Execution;
using Odin.Reconciliation;

namespace Odin.Runs;

/// <summary>How the status of a task changes; pure.</summary>
internal static class TaskTransitions
{
    private const int MaxEvents = 50;

    /// <summary>A new attempt is about to be handed to the executor.</summary>
    public static TaskRunStatus Queued(TaskRun task, ResolvedTask resolved, DateTimeOffset now) => task.Status with
    {
        Phase = TaskRunPhase.Queued,
        Reason = null,
        Message = null,
        Attempt = task.Status.Attempt + 1,
        NotBefore = null,
        Submitted = now,
        Started = null,
        Finished = null,
        ExitCode = null,
        ResourceId = task.Id,
        Args = resolved.Args,
        Inputs = task.Spec.Task.Inputs is null ? null : resolved.Inputs,
        Outputs = task.Spec.Task.Outputs is null ? null : ResolvedTask.DeclaredOutputs(task),
        Usage = null,
    };

    /// <summary>
    /// Whether the executor has said that it has the attempt. Only then is an executor that does not know it a reason for
    /// alarm: before that, whoever wrote the status may have died before it could tell the executor.
    /// </summary>
    public static bool IsAcknowledged(TaskRun task) =>
        task.Status.Phase == TaskRunPhase.Running || (task.Status.ResourceId is { } resource && resource != task.Id);

    /// <summary>What becomes of an attempt that the executor has had and does not know any more.</summary>
    public static ExecutionStatus Unknown(ExecutionKey key, string executor) => new()
    {
        Key = key,
        Phase = ExecutionPhase.Lost,
        Reason = ExecutionReasons.Lost,
        Message = $"the executor '{executor}' had it and knows nothing of it any more: it was removed behind the server's back",
    };

    /// <summary>The executor reports something about an attempt that has not ended.</summary>
    public static TaskRunStatus Observed(TaskRunStatus status, ExecutionStatus execution) => status with
    {
        Phase = execution.Phase == ExecutionPhase.Running ? TaskRunPhase.Running : TaskRunPhase.Queued,
        Reason = execution.Reason,
        Message = execution.Message,
        Started = execution.Started ?? status.Started,
        ResourceId = execution.ResourceId ?? status.ResourceId,
        Usage = execution.Usage ?? status.Usage,
        Events = With(status.Events, execution.Events),
    };

    /// <summary>The executor gave the attempt back before it started.</summary>
    public static TaskRunStatus Withdrawn(TaskRunStatus status) => status with
    {
        Phase = TaskRunPhase.Waiting,
        Reason = null,
        Message = null,
        Attempt = status.Attempt - 1,
        Submitted = null,
        ResourceId = null,
    };

    /// <summary>The task cannot be started at all.</summary>
    public static TaskRunStatus Refused(TaskRunStatus status, string reason, string message, DateTimeOffset now) =>
        Event(status, "Warning", reason, "odin", message, now) with
        {
            Phase = TaskRunPhase.Failed,
            Reason = reason,
            Message = message,
            Finished = now,
        };

    /// <summary>The attempt ended without success: another one, if the task has any left, or the end.</summary>
    public static TaskRunStatus Failed(TaskRun task, ExecutionStatus execution, DateTimeOffset now)
    {
        var status = Ended(task.Status, execution, now);
        if (execution.Reason is ExecutionReasons.Cancelled)
            return status with { Phase = TaskRunPhase.Cancelled };
        status = Event(status, "Warning", execution.Reason ?? execution.Phase.ToString(), "odin",
            $"Attempt {status.Attempt}: {execution.Message ?? execution.Reason}", now);
        var retries = task.Spec.Task.Retries;
        if (execution.Reason == ExecutionReasons.FailFast)
            return status with { Phase = TaskRunPhase.Cancelled, Message = "Stopped because another task failed (on_failure: fail_fast)." };
        if (status.Attempt > retries.Limit)
            return status with { Phase = TaskRunPhase.Failed };
        var delay = Backoff.Exponential(retries.Backoff, retries.MaxBackoff, status.Attempt - 1);
        return status with
        {
            Phase = TaskRunPhase.Waiting,
            Reason = TaskReasons.RetryBackoff,
            Message = $"Attempt {status.Attempt} of {retries.Limit + 1} failed ({execution.Message ?? execution.Reason}); the next one starts in {delay.TotalSeconds:0.#} s.",
            NotBefore = now + delay,
            Finished = null,
        };
    }

    /// <summary>What every end records.</summary>
    public static TaskRunStatus Ended(TaskRunStatus status, ExecutionStatus execution, DateTimeOffset now) => status with
    {
        Reason = execution.Reason,
        Message = execution.Message,
        ExitCode = execution.ExitCode,
        Started = execution.Started ?? status.Started,
        Finished = execution.Finished ?? now,
        ResourceId = execution.ResourceId ?? status.ResourceId,
        Usage = execution.Usage ?? status.Usage,
        Events = With(status.Events, execution.Events),
    };

    // An executor tells all that it knows each time; one that tells nothing leaves the list itself as it is.
    private static IReadOnlyList<TaskEvent> With(IReadOnlyList<TaskEvent> known, IReadOnlyList<ExecutionEvent> told)
    {
        var added = told.Select(e => new TaskEvent(e.Type, e.Reason, e.Source, e.Message, e.Timestamp)).Except(known).ToList();
        return added.Count == 0 ? known : [.. known.Concat(added).TakeLast(MaxEvents)];
    }

    /// <summary>Adds a line to the history; the oldest goes when there are too many.</summary>
    public static TaskRunStatus Event(TaskRunStatus status, string type, string reason, string source, string message, DateTimeOffset now) => status with
    {
        Events = [.. status.Events.Skip(Math.Max(0, status.Events.Count + 1 - MaxEvents)), new TaskEvent(type, reason, source, message, now)],
    };
}
