using System.Text.RegularExpressions;

namespace Odin.Pipelines;

/// <summary>Looks for declared outputs that another task would look for in the wrong directory.</summary>
internal static partial class OutputChecks
{
    /// <summary>
    /// A reference hands on the text of a declared output as it is written. Where that is a relative path, it begins at
    /// another directory for a task that starts in another one.
    /// </summary>
    public static void WarnAboutRelativeOutputs(IReadOnlyList<TaskDraft> drafts, IReadOnlyDictionary<string, int> positions, DiagnosticBag bag)
    {
        foreach (var draft in drafts)
        {
            var entries = draft.Map.Entries.Where(entry => TextChecks.ResolvedKeys.Contains(entry.Name));
            foreach (var scalar in entries.SelectMany(entry => TextChecks.Texts(entry.Value)).Where(scalar => !scalar.Text.StartsWith("^^", StringComparison.Ordinal)))
            {
                foreach (Match match in Reference().Matches(scalar.Text))
                {
                    var (name, label) = (match.Groups["task"].Value, match.Groups["label"].Value);
                    if (!positions.TryGetValue(name, out var index) || drafts[index].Task is not { } producer || draft.Task is not { } consumer)
                        continue;
                    if (SharesDirectory(producer, consumer) || producer.Outputs?.GetValueOrDefault(label)?.Paths.FirstOrDefault(IsRelative) is not { } path)
                        continue;
                    bag.Warning(scalar.Position, DiagnosticCodes.RelativeOutput,
                        $"The output {DiagnosticBag.Quote(label)} of task {DiagnosticBag.Quote(name)} is the relative path {DiagnosticBag.Quote(path)}, which begins at the working directory of that task; this task starts in another one and would not find it. Declare it there as {DiagnosticBag.Quote(Absolute(producer, path))}.");
                }
            }
        }
    }

    private static bool SharesDirectory(PipelineTask producer, PipelineTask consumer) =>
        producer.Name == consumer.Name
        || (producer.WorkingDir is { } directory && directory == consumer.WorkingDir && !IsRelative(directory)
            && !directory.Contains("TASK_", StringComparison.Ordinal));

    // What a variable stands for at the beginning of a path is absolute in all that Odin itself defines.
    private static bool IsRelative(string path) => path.Length > 0 && path[0] is not ('/' or '~' or '$');

    private static string Absolute(PipelineTask producer, string path) => producer.WorkingDir is { } directory && !IsRelative(directory)
        ? $"{directory}/{path}"
        : $"${{TASK_PATH}}/{(producer.WorkingDir is { } below ? below + "/" : "")}{path}";

    // The whole text, or in braces; behind a slash the author has joined it to a directory.
    [GeneratedRegex(@"(?:^\^|(?<![/])\{\^)(?<task>[a-z0-9-]+)\.outputs\.(?<label>[^.{}^]+)")]
    private static partial Regex Reference();
}
