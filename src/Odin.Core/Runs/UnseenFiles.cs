using System.Text.RegularExpressions;
using Odin.Execution;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>
/// Files of this machine that a task names and cannot see, because its executor runs it elsewhere. What lies below one of the
/// task's own mounts is left to the author: that is how the inherited system shares files.
/// </summary>
internal static partial class UnseenFiles
{
    /// <summary>What cannot work, one error a task; and what probably does not, as warnings.</summary>
    public static IEnumerable<Diagnostic> Check(RunSpec run, IReadOnlyList<TaskRun> tasks, ExecutorSet executors)
    {
        foreach (var task in tasks)
        {
            var executor = executors.For(task);
            if (executor.FilesRemedy is not { } remedy)
                continue;
            var name = DiagnosticBag.Quote(task.Spec.Task.Name);
            List<string> needs = [.. Outputs(run, task.Spec), .. JobFiles(run, task.Spec)];
            if (needs.Count > 0)
            {
                yield return Of(DiagnosticSeverity.Error,
                    $"Task {name} needs files of the server, {string.Join(", ", needs)}, but the executor {DiagnosticBag.Quote(executor.Name)} runs it where there are none: {remedy}.");
            }
            else if (RelativeOutputs(task.Spec.Task) is { Count: > 0 } relative)
            {
                yield return Of(DiagnosticSeverity.Warning,
                    $"Task {name} declares {string.Join(", ", relative)}: files that the executor {DiagnosticBag.Quote(executor.Name)} makes where neither the server nor other tasks find them; for that {remedy}.");
            }
        }
    }

    /// <summary>To be added to the message of a program that failed, or did not make its outputs; empty if files have nothing to do with it.</summary>
    public static string Hint(RunSpec run, TaskRunSpec task, IExecutor executor)
    {
        if (executor.FilesRemedy is not { } remedy)
            return "";
        List<string> named = [.. Outputs(run, task), .. RelativeOutputs(task.Task), .. JobFiles(run, task), .. Workspace(run, task)];
        return named.Count == 0 ? "" : $"; it names {string.Join(", ", named)}, which it does not see on the executor '{executor.Name}': {remedy}";
    }

    private static Diagnostic Of(DiagnosticSeverity severity, string message) =>
        new(severity, "main.yml", 0, 0, DiagnosticCodes.FilesNotShared, message);

    private static IEnumerable<string> Outputs(RunSpec run, TaskRunSpec task) =>
        from output in task.Task.Outputs ?? new Dictionary<string, OutputPaths>()
        from path in output.Value.Paths
        where IsBelow(path, run.RunPath) && !IsMounted(path, task.Task)
        select $"the output {DiagnosticBag.Quote(output.Key)} in the workspace";

    // A label may have any text as its value, and an address is no file.
    private static List<string> RelativeOutputs(PipelineTask task) =>
    [
        .. from output in task.Outputs ?? new Dictionary<string, OutputPaths>()
           where output.Value.Paths.Any(path => path.Length > 0 && path[0] is not ('/' or '~') && !path.Contains("://", StringComparison.Ordinal))
           select $"the output {DiagnosticBag.Quote(output.Key)}",
    ];

    private static IEnumerable<string> JobFiles(RunSpec run, TaskRunSpec task)
    {
        foreach (var (variable, path) in new[] { (PipelineVariables.WorkPath, run.WorkPath), (PipelineVariables.RootPath, run.RootPath) })
        {
            if (IsMounted(path, task.Task))
                continue;
            foreach (var where in Places(task.Task, text => Names(text, path) || Uses(text, variable)))
            {
                yield return $"${{{variable}}} in its {where}";
                // The one path is below the other.
                if (variable == PipelineVariables.WorkPath)
                    yield break;
            }
        }
    }

    private static IEnumerable<string> Workspace(RunSpec run, TaskRunSpec task)
    {
        if (IsMounted(run.RunPath, task.Task))
            return [];
        return Places(task.Task, text => Names(text, run.RunPath) || Uses(text, PipelineVariables.RunPath) || Uses(text, PipelineVariables.TaskPath))
            .Take(1).Select(where => $"the workspace in its {where}");
    }

    private static IEnumerable<string> Places(PipelineTask task, Func<string, bool> isNamed)
    {
        if (task.Command.Any(isNamed))
            yield return "command";
        if (task.Args.Any(isNamed))
            yield return "args";
        if (task.Env.Values.Any(isNamed))
            yield return "env";
        if (task.WorkingDir is { } directory && isNamed(directory))
            yield return "working_dir";
    }

    private static bool IsMounted(string path, PipelineTask task) => task.Mounts.Any(mount => IsBelow(path, mount.Path.TrimEnd('/')));

    private static bool IsBelow(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/');

    private static bool Names(string text, string path)
    {
        for (var at = text.IndexOf(path, StringComparison.Ordinal); at >= 0; at = text.IndexOf(path, at + 1, StringComparison.Ordinal))
        {
            var end = at + path.Length;
            if (end == text.Length || !(char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '_' or '.'))
                return true;
        }
        return false;
    }

    // What a shell will read: commands are not substituted, and the program has these variables.
    private static bool Uses(string text, string variable) =>
        ShellVariable().Matches(text).Any(match => match.Groups[1].ValueSpan.SequenceEqual(variable));

    [GeneratedRegex(@"\$\{?([A-Z_]+)(?![A-Za-z0-9_])")]
    private static partial Regex ShellVariable();
}
