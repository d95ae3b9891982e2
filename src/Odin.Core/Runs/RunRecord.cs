using System.Text.Json.Nodes;

namespace Odin.Runs;

/// <summary>A run as the record that chores and the inherited API see, spec 4.2.</summary>
public static class RunRecord
{
    /// <summary><c>label, job, version, status, submit_time, …</c>; times are ISO 8601 text.</summary>
    public static JsonObject Of(Run run, IReadOnlyList<TaskRun> tasks) => new()
    {
        ["label"] = run.Id,
        ["job"] = run.Spec.Job,
        ["version"] = run.Spec.Commit,
        ["status"] = InheritedStatus.Of(run.Status.Phase),
        ["submit_time"] = InheritedStatus.Time(run.Metadata.Created),
        ["completion_time"] = run.Status.Finished is { } finished ? InheritedStatus.Time(finished) : null,
        ["parent"] = null,
        ["executed"] = Ids(run, tasks, InheritedStatus.Executed),
        ["executing"] = Ids(run, tasks, InheritedStatus.Executing, InheritedStatus.Terminated),
        ["waiting"] = Ids(run, tasks, InheritedStatus.Waiting),
        ["jobs"] = new JsonArray([.. tasks.Select(t => (JsonNode?)t.Id)]),
        ["error_message"] = run.Status.Message,
        ["parameters"] = Parameters(run),
    };

    // What was given for templates alone is no declared parameter, but says as much about the run.
    private static JsonObject Parameters(Run run)
    {
        var all = (JsonObject?)run.Spec.Parameters?.DeepClone() ?? [];
        foreach (var (name, value) in run.Spec.Values ?? [])
            all[name] = value?.DeepClone();
        return all;
    }

    private static JsonArray Ids(Run run, IReadOnlyList<TaskRun> tasks, params string[] states) =>
        [.. tasks.Where(t => states.Contains(InheritedStatus.Of(run, t))).Select(t => (JsonNode?)t.Id)];
}
