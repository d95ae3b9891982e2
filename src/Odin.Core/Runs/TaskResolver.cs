using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>Turns a task that is about to start into a program: references, environment, directories.</summary>
internal static class TaskResolver
{
    /// <summary>The task with its references looked up in the records of the tasks before it, or what was missing.</summary>
    public static (ResolvedTask? Task, string? Error) Resolve(Run run, TaskRun task, Func<string, JsonNode?> lookup)
    {
        var errors = new List<string>();
        var spec = task.Spec.Task;
        IReadOnlyList<string> All(IReadOnlyList<string>? texts) => [.. (texts ?? []).Select(t => ResolveText(t, lookup, errors))];
        var args = All(spec.Args);
        var inputs = All(spec.Inputs);
        var environment = spec.Env.ToDictionary(e => e.Key, e => ResolveText(e.Value, lookup, errors));
        // Refused at submit; here it would throw, in each pass over the run.
        if (spec.WorkingDir?.Contains('\0') == true)
            return (null, "The working directory holds a NUL character, which no path can hold.");
        var directory = spec.WorkingDir is null ? task.Spec.TaskPath : Path.GetFullPath(spec.WorkingDir, task.Spec.TaskPath);
        return errors.Count > 0
            ? (null, string.Join(" ", errors))
            : (new ResolvedTask(args, inputs, environment, directory), null);
    }

    /// <summary>The program of one attempt.</summary>
    public static ExecutionSpec Specification(Run run, TaskRun task, ResolvedTask resolved)
    {
        var key = RunMemory.KeyOf(task);
        var files = new TaskRecordFiles(run.Spec.RunPath, key.Id);
        var environment = new Dictionary<string, string>(resolved.Environment)
        {
            ["ODIN_TASK_ID"] = task.Id,
            ["ODIN_TASK_NAME"] = task.Spec.Task.Name,
            ["ODIN_RUN_ID"] = run.Id,
            ["ODIN_ATTEMPT"] = task.Status.Attempt.ToString(CultureInfo.InvariantCulture),
            ["ODIN_OUTPUTS"] = files.Outputs,
            ["ODIN_RECORD"] = files.Record,
            ["ODIN_RUN_RECORD"] = files.RunRecord,
            ["ROOT_PATH"] = run.Spec.RootPath,
            ["WORK_PATH"] = run.Spec.WorkPath,
            ["RUN_PATH"] = run.Spec.RunPath,
            ["TASK_PATH"] = task.Spec.TaskPath,
        };
        return new ExecutionSpec
        {
            Key = key,
            Command = task.Spec.Task.Command,
            Args = resolved.Args,
            WorkingDirectory = resolved.WorkingDirectory,
            Environment = environment,
            Container = Container(task.Spec.Task),
        };
    }

    private static ContainerSpec Container(PipelineTask task) => new()
    {
        Image = task.Image,
        PullPolicy = task.PullPolicy,
        ResourceType = task.ResourceType,
        Gpus = task.NumGpus,
        Workers = task.NumWorkers,
        NodeSelector = task.NodeSelector,
        Tolerations = task.Tolerations,
        Mounts = task.Mounts,
        Secrets = task.Secrets,
        ConfigMaps = task.ConfigMaps,
        EphemeralVolumes = task.EphemeralVolumes,
        Cpu = task.Cpu,
        Memory = task.Memory,
        SecurityContext = task.SecurityContext,
        ServiceAccount = task.ServiceAccount,
    };

    private static string ResolveText(string text, Func<string, JsonNode?> lookup, List<string> errors)
    {
        if (!text.Contains('^', StringComparison.Ordinal))
            return text;
        var (value, error) = References.Resolve(text, lookup);
        if (error is not null)
            errors.Add(error);
        else if (value is null)
            errors.Add($"'{References.Unescape(text)}' has no value: the task it names wrote nothing of that name. It can write one by a line in the file $ODIN_OUTPUTS.");
        return RunVariables.Text(value);
    }
}
