using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>The values of <c>$NAME</c> and <c>${NAME}</c> in one run, and their substitution in a task.</summary>
internal sealed class RunVariables(
    string runId, RunPaths paths, IReadOnlyList<PipelineTask> tasks, IReadOnlyDictionary<string, string> parameters)
{
    private readonly string taskIds = VariableSubstitution.TaskIdsText(tasks.Select(t => RunIds.TaskId(runId, t.Name)));

    /// <summary>A copy of the task with every variable replaced. A value is data: no reference comes of it.</summary>
    public PipelineTask Substitute(PipelineTask task)
    {
        string Replace(string text) => VariableSubstitution.Substitute(text, name => Value(task.Name, name)).Text ?? text;
        string ReplaceAsData(string text)
        {
            var replaced = Replace(text);
            // A text with ^^ holds no references anyway, and one without any ^ is not looked at again.
            if (replaced == text || !replaced.Contains('^', StringComparison.Ordinal) || text.StartsWith("^^", StringComparison.Ordinal))
                return replaced;
            return VariableSubstitution.Substitute(text, name => Value(task.Name, name) is { } value ? References.Escape(value) : null).Text ?? text;
        }
        return task with
        {
            Args = [.. task.Args.Select(ReplaceAsData)],
            Env = task.Env.ToDictionary(e => e.Key, e => ReplaceAsData(e.Value)),
            Inputs = task.Inputs?.Select(ReplaceAsData).ToList(),
            Outputs = task.Outputs?.ToDictionary(o => o.Key, o => o.Value with { Paths = [.. o.Value.Paths.Select(Replace)] }),
            WorkingDir = task.WorkingDir is null ? null : Replace(task.WorkingDir),
        };
    }

    private string? Value(string task, string name) => name switch
    {
        PipelineVariables.RootPath => paths.RootPath,
        PipelineVariables.WorkPath => paths.WorkPath,
        PipelineVariables.DataPath => paths.DataPath,
        PipelineVariables.RunPath => paths.RunPath,
        PipelineVariables.TaskPath => Path.Combine(paths.RunPath, task),
        PipelineVariables.PipeId => runId,
        PipelineVariables.TaskId => RunIds.TaskId(runId, task),
        PipelineVariables.TaskName => task,
        PipelineVariables.TaskIds => taskIds,
        _ => parameters.GetValueOrDefault(name),
    };

    /// <summary>A JSON value as text: strings as they are, everything else as JSON.</summary>
    public static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
        _ => value.ToJsonString(),
    };
}

/// <summary>The directories of a run, all absolute.</summary>
internal sealed record RunPaths(string RootPath, string WorkPath, string DataPath, string RunPath);
