using System.Diagnostics.Metrics;

namespace Odin.Runs;

/// <summary>What the engine measures of its runs, as the meter <c>Odin.Runs</c>.</summary>
internal static class RunMeters
{
    private static readonly Meter Meter = new("Odin.Runs");
    private static readonly Counter<long> RunStarts = Meter.CreateCounter<long>("odin.run.starts", null, "Runs that were begun.");
    private static readonly Counter<long> RunEnds = Meter.CreateCounter<long>("odin.run.ends", null, "Runs that ended, by phase.");
    private static readonly Counter<long> TaskStarts = Meter.CreateCounter<long>("odin.task.starts", null, "Attempts of tasks that were handed to an executor.");
    private static readonly Counter<long> TaskEnds = Meter.CreateCounter<long>("odin.task.ends", null, "Tasks that ended, by phase.");
    private static readonly Histogram<double> TaskDuration = Meter.CreateHistogram<double>("odin.task.duration", "s", "How long the last attempt of a task ran, by phase.");

    public static void RunStarted() => RunStarts.Add(1);

    public static void RunEnded(RunPhase phase) => RunEnds.Add(1, Tag(phase));

    /// <summary>Counts what the change of a task means; most changes mean nothing.</summary>
    public static void TaskChanged(TaskRunStatus before, TaskRunStatus after)
    {
        if (after.Attempt > before.Attempt)
            TaskStarts.Add(1);
        if (before.IsEnded || !after.IsEnded)
            return;
        TaskEnds.Add(1, Tag(after.Phase));
        if (after is { Started: { } started, Finished: { } finished })
            TaskDuration.Record((finished - started).TotalSeconds, Tag(after.Phase));
    }

    private static KeyValuePair<string, object?> Tag<TPhase>(TPhase phase)
        where TPhase : struct, Enum => new("phase", phase.ToString());
}
