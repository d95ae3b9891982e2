using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>Carries the files and values of succeeded tasks from the workspace of one run into that of another.</summary>
internal static class WorkspaceReuse
{
    /// <summary>
    /// Copies the directory and the declared outputs of every task that was taken over. Idempotent: it may start again
    /// after a crash.
    /// </summary>
    public static async Task CopyFilesAsync(Run run, Run earlier, IEnumerable<TaskRun> tasks, CancellationToken cancellationToken)
    {
        foreach (var task in tasks.Where(t => t.Spec.ReusedFrom is not null))
        {
            await CopyAsync(Path.Combine(earlier.Spec.RunPath, task.Spec.Task.Name), task.Spec.TaskPath, cancellationToken);
            foreach (var path in (task.Spec.Task.Outputs ?? new Dictionary<string, Pipelines.OutputPaths>()).Values.SelectMany(o => o.Paths))
            {
                if (path.StartsWith(run.Spec.RunPath, StringComparison.Ordinal))
                    await CopyAsync(earlier.Spec.RunPath + path[run.Spec.RunPath.Length..], path, cancellationToken);
            }
        }
    }

    /// <summary>A copy of the values with the one workspace's path replaced by the other's.</summary>
    public static JsonObject? Relocate(JsonObject? values, string from, string to) =>
        values is null ? null : (JsonObject)JsonNode.Parse(
            values.ToJsonString().Replace(Quoted(from), Quoted(to), StringComparison.Ordinal))!;

    private static async Task CopyAsync(string from, string to, CancellationToken cancellationToken)
    {
        if (RegularFile.Look(from).Kind is FileKind.Regular or FileKind.Directory && !Path.Exists(to))
            await FileCopy.ReplaceAsync(from, to, cancellationToken);
    }

    private static string Quoted(string path) => JsonSerializer.Serialize(path, RunJson.Default.String)[1..^1];
}
