using System.Text.Json.Nodes;

namespace Odin.Runs;

/// <summary>A task with nothing left to look up: references resolved, relative paths anchored.</summary>
/// <param name="Args">Final arguments.</param>
/// <param name="Inputs">As written, references resolved.</param>
/// <param name="WorkingDirectory">Absolute.</param>
internal sealed record ResolvedTask(
    IReadOnlyList<string> Args, IReadOnlyList<string> Inputs, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory)
{
    /// <summary>Relative paths of inputs and outputs start at the working directory, as they do for the command.</summary>
    public string Absolute(string path) =>
        path.StartsWith('~') ? path : Path.GetFullPath(path, WorkingDirectory);

    /// <summary>The declared outputs as the task's record shows them.</summary>
    public static JsonObject DeclaredOutputs(TaskRun task)
    {
        var outputs = new JsonObject();
        foreach (var (name, output) in task.Spec.Task.Outputs ?? new Dictionary<string, Pipelines.OutputPaths>())
            outputs[name] = output.IsList ? new JsonArray([.. output.Paths.Select(p => (JsonNode)p)]) : output.Paths[0];
        return outputs;
    }
}
