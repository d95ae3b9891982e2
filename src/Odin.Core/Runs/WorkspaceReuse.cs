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
    /// <exception cref="IOException">What is to be copied is gone, or there is trouble with the disk.</exception>
    public static async Task CopyFilesAsync(Run run, Run? earlier, IReadOnlyList<TaskRun> tasks, CancellationToken cancellationToken)
    {
        if (FindMissing(run, earlier, tasks) is { } missing)
            throw new IOException(missing);
        foreach (var task in tasks.Where(t => t.Spec.ReusedFrom is not null))
        {
            await CopyAsync(Path.Combine(earlier!.Spec.RunPath, task.Spec.Task.Name), task.Spec.TaskPath, cancellationToken);
            foreach (var (from, to) in Outputs(run, earlier, task))
                await CopyAsync(from, to, cancellationToken);
        }
    }

    /// <summary>What of the tasks that are taken over is gone, as a sentence; null: nothing.</summary>
    /// <param name="earlier">Null: it is gone itself.</param>
    public static string? FindMissing(Run run, Run? earlier, IReadOnlyList<TaskRun> tasks)
    {
        if (tasks.All(t => t.Spec.ReusedFrom is null))
            return null;
        if (earlier is null)
            return $"The run '{run.Spec.RerunOf}', whose results were to be taken over, was deleted.";
        if (!Directory.Exists(earlier.Spec.RunPath))
            return $"The files of run '{earlier.Id}', whose results were to be taken over, were deleted: '{earlier.Spec.RunPath}'.";
        // What a task has never made is not missing now.
        foreach (var task in tasks.Where(t => t.Spec.ReusedFrom is not null && t.Status.Events.All(e => e.Reason != TaskReasons.OutputsNotCached)))
        {
            foreach (var (from, to) in Outputs(run, earlier, task))
            {
                if (!Path.Exists(from) && !Path.Exists(to))
                    return $"An output of task '{task.Spec.Task.Name}' of run '{earlier.Id}', whose results were to be taken over, is gone: '{from}'.";
            }
        }
        return null;
    }

    // Where the declared outputs are, and where this run has them; outside of the workspaces that is the same place.
    private static IEnumerable<(string From, string To)> Outputs(Run run, Run earlier, TaskRun task)
    {
        var spec = task.Spec.Task;
        var directory = spec.WorkingDir is null ? task.Spec.TaskPath : Path.GetFullPath(spec.WorkingDir, task.Spec.TaskPath);
        foreach (var path in (spec.Outputs ?? new Dictionary<string, Pipelines.OutputPaths>()).Values.SelectMany(o => o.Paths).Where(p => !p.StartsWith('~')))
        {
            var to = Path.GetFullPath(path, directory);
            yield return (to.StartsWith(run.Spec.RunPath + "/", StringComparison.Ordinal) ? earlier.Spec.RunPath + to[run.Spec.RunPath.Length..] : to, to);
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
