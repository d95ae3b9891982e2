using System.Text.Json.Nodes;
using Odin.Runs;

namespace Odin.Server.Runs;

/// <summary>The inherited record (spec 4.2) as DATA sends it: times are <c>{"$date": milliseconds}</c>.</summary>
internal static class WireRecord
{
    public static JsonObject Of(RunView view)
    {
        var record = RunRecord.Of(view.Run, view.Tasks);
        record["job"] = view.Run.Spec.Job.Split('/')[^1];
        record["submit_time"] = Date(view.Run.Metadata.Created);
        record["completion_time"] = Date(view.Run.Status.Finished);
        return record;
    }

    public static JsonObject Of(TaskRun task)
    {
        var record = TaskRecord.Of(task);
        // Columns of the inherited table that only runs fill.
        record["job"] = null;
        record["status"] = null;
        record["version"] = null;
        record["submit_time"] = Date(task.Status.Submitted ?? task.Metadata.Created);
        record["completion_time"] = Date(task.Status.Finished);
        return record;
    }

    private static JsonObject? Date(DateTimeOffset? time) =>
        time is { } known ? new JsonObject { ["$date"] = known.ToUnixTimeMilliseconds() } : null;
}
