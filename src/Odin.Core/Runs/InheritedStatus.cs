using System.Globalization;

namespace Odin.Runs;

/// <summary>Phases in the words of the inherited API (spec 2.4).</summary>
public static class InheritedStatus
{
    public const string Executed = "executed", Executing = "executing", Waiting = "waiting", Terminated = "terminated";

    public static string Of(RunPhase phase) => phase switch
    {
        RunPhase.Pending => "BUILDING",
        RunPhase.Running => "RUNNING",
        RunPhase.Succeeded => "DONE",
        _ => "TERMINATED",
    };

    /// <summary>A task that failed, or was stopped, is <c>terminated</c>; one that never started goes on <c>waiting</c>.</summary>
    public static string Of(Run run, TaskRun task) => task.Status.Phase switch
    {
        TaskRunPhase.Succeeded or TaskRunPhase.Cached => Executed,
        TaskRunPhase.Running or TaskRunPhase.Queued => run.Status.IsEnded ? Terminated : Executing,
        TaskRunPhase.Failed => Terminated,
        TaskRunPhase.Cancelled when task.Status.Submitted is not null => Terminated,
        _ => Waiting,
    };

    /// <summary>UTC, ISO 8601 with microseconds and without zone: <c>2026-11-21T02:11:37.636875</c>.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
}
