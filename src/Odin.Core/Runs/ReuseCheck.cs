using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>Whether what is taken over from an earlier run was made with the values that the new run has. Pure.</summary>
internal static class ReuseCheck
{
    /// <summary>The sentence on values that differ and that a reused task depends on; null: there are none.</summary>
    public static string? Difference(RunDraft draft, Run earlier)
    {
        var reused = draft.Tasks.Where(t => t.Spec.ReusedFrom is not null).Select(t => t.Spec.Task.Name).ToHashSet(StringComparer.Ordinal);
        var tasks = draft.Written.Where(task => reused.Contains(task.Name)).ToList();
        // A template can have used any value for anything; equal files say that it did not matter.
        var isUnclear = draft.IsRendered && draft.Run.Spec.SourceHash != earlier.Spec.SourceHash;
        var differences = new List<string>();
        var users = new List<string>();
        foreach (var name in Names(draft.Run.Spec).Union(Names(earlier.Spec)).Order(StringComparer.Ordinal))
        {
            var (before, now) = (Value(earlier.Spec, name), Value(draft.Run.Spec, name));
            // A run from before defaults were kept does not say what it had.
            if (before == now || (before is null && earlier.Spec.Values is null))
                continue;
            var takers = tasks.Where(task => Uses(task, name)).Select(task => task.Name).ToList();
            if (takers.Count == 0 && (!isUnclear || tasks.Count == 0))
                continue;
            differences.Add($"'{name}' was {Show(before)} and is {Show(now)} now");
            users.AddRange(takers.Count > 0 ? takers : tasks.Select(task => task.Name));
        }
        if (differences.Count == 0)
            return null;
        // In the order of the file, which is that of the tasks.
        var named = tasks.Select(task => task.Name).Where(users.Contains).ToList();
        return $"The tasks before would be taken over from run '{earlier.Id}', which had other parameters: {string.Join(", ", differences)}; "
            + $"{string.Join(", ", named.Select(name => $"'{name}'"))} would be left as made with the old. "
            + $"Give the same parameters, start earlier (--from {named[0]}), or run everything (without --from).";
    }

    private static IEnumerable<string> Names(RunSpec run) =>
        (run.Values ?? []).Concat(run.Parameters ?? []).Select(pair => pair.Key);

    private static string? Value(RunSpec run, string name) =>
        (run.Values?[name] ?? run.Parameters?[name]) is { } value ? ParameterValues.ToText(value) : null;

    private static string Show(string? value) => value is null ? "not given" : DiagnosticBag.Quote(value);

    private static bool Uses(PipelineTask task, string parameter) =>
        Texts(task).Any(text => VariableSubstitution.Scan(text).Any(placeholder => placeholder.Name == parameter));

    private static IEnumerable<string> Texts(PipelineTask task) =>
    [
        .. task.Args, .. task.Env.Values, .. task.Inputs ?? [], .. (task.Outputs?.Values ?? []).SelectMany(output => output.Paths),
        task.WorkingDir ?? "",
    ];
}
