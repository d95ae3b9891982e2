using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Runs;

/// <summary>Carries the files and values of succeeded tasks from the workspace of one run into that of another.</summary>
internal static class WorkspaceReuse
{
    /// <summary>
    /// Copies the directory and the declared outputs of every task that was taken over. Idempotent: it may start again
    /// after a crash.
    /// </summary>
    public static void CopyFiles(Run run, Run earlier, IEnumerable<TaskRun> tasks)
    {
        foreach (var task in tasks.Where(t => t.Spec.ReusedFrom is not null))
        {
            Copy(Path.Combine(earlier.Spec.RunPath, task.Spec.Task.Name), task.Spec.TaskPath);
            foreach (var path in (task.Spec.Task.Outputs ?? new Dictionary<string, Pipelines.OutputPaths>()).Values.SelectMany(o => o.Paths))
            {
                if (path.StartsWith(run.Spec.RunPath, StringComparison.Ordinal))
                    Copy(earlier.Spec.RunPath + path[run.Spec.RunPath.Length..], path);
            }
        }
    }

    /// <summary>A copy of the values with the one workspace's path replaced by the other's.</summary>
    public static JsonObject? Relocate(JsonObject? values, string from, string to) =>
        values is null ? null : (JsonObject)JsonNode.Parse(
            values.ToJsonString().Replace(Quoted(from), Quoted(to), StringComparison.Ordinal))!;

    private static void Copy(string from, string to)
    {
        if (Path.Exists(from) && !Path.Exists(to))
            FileCopy.Replace(from, to);
    }

    private static string Quoted(string path) => JsonSerializer.Serialize(path, RunJson.Default.String)[1..^1];
}
