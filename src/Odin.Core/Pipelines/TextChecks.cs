using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>Looks through the texts of a task for references and variables.</summary>
internal sealed class TextChecks(IReadOnlyCollection<string> names, DiagnosticBag bag)
{
    private readonly HashSet<string> variables = new(names, StringComparer.Ordinal);
    private readonly string knownVariables = string.Join(", ", names.Take(30));

    /// <summary>Where variables are replaced when a run is submitted.</summary>
    public static IReadOnlyList<string> SubstitutedKeys { get; } = ["args", "env", "inputs", "outputs", "working_dir"];

    /// <summary>Where references are replaced when the task starts.</summary>
    public static IReadOnlyList<string> ResolvedKeys { get; } = ["args", "env", "inputs"];

    private static readonly string[] Shells = ["sh", "bash", "dash", "ash", "ksh", "zsh"];

    /// <summary>Variables that the program finds in its environment too.</summary>
    private static readonly string[] InEnvironment =
        [PipelineVariables.RootPath, PipelineVariables.WorkPath, PipelineVariables.RunPath, PipelineVariables.TaskPath];

    /// <summary>Checks every <c>$</c> of the task, and that no text holds what the system cannot be given.</summary>
    public void CheckVariables(TaskDraft draft)
    {
        foreach (var entry in draft.Map.Entries)
        {
            foreach (var scalar in Texts(entry.Value).Where(scalar => scalar.Text.Contains('\0', StringComparison.Ordinal)))
                bag.Error(scalar.Position, DiagnosticCodes.InvalidValue, $"\"{DiagnosticBag.Shorten(entry.Name)}\" holds a NUL character, which no path, argument or variable can hold; remove it.");
            var isSubstituted = SubstitutedKeys.Contains(entry.Name);
            foreach (var scalar in Texts(entry.Value).Where(scalar => scalar.Text.Contains('$', StringComparison.Ordinal)))
            {
                if (isSubstituted)
                    CheckPlaceholders(scalar);
                else if (entry.Name == "command")
                    WarnAboutVariables(scalar, entry.Name, name => !ShellKnows(draft, name), "; move it to \"args\"");
                else
                    WarnAboutVariables(scalar, entry.Name, _ => true, "");
            }
        }
    }

    // A script in the command may use what the shell itself finds in the environment.
    private static bool ShellKnows(TaskDraft draft, string variable) =>
        draft.Task is { Command: [var program, ..] } task && Shells.Contains(program[(program.LastIndexOf('/') + 1)..])
        && (InEnvironment.Contains(variable) || task.Env.ContainsKey(variable));

    /// <summary>Every task that the draft's texts refer to, with the place of the reference; one without a name is an error.</summary>
    public IEnumerable<(TaskDependency Dependency, string Key)> FindReferences(TaskDraft draft)
    {
        foreach (var entry in draft.Map.Entries.Where(entry => entry.Name is not ("depends" or "name" or "id")))
        {
            foreach (var scalar in Texts(entry.Value).Where(scalar => scalar.Text.Contains('^', StringComparison.Ordinal)))
            {
                foreach (var name in References.Find(scalar.Text))
                {
                    if (name.Length > 0)
                        yield return (new TaskDependency(name, scalar.Position), entry.Name);
                    else if (entry.Name != "command")
                        bag.Error(scalar.Position, DiagnosticCodes.InvalidReference, $"The reference in {DiagnosticBag.Quote(scalar.Text)} names no task; write \"^task.outputs.label\", or \"^^\" for a text that begins with \"^\".");
                }
            }
        }
    }

    private void CheckPlaceholders(YamlScalar scalar)
    {
        foreach (var placeholder in VariableSubstitution.Scan(scalar.Text))
        {
            if (placeholder.IsEscape || (placeholder.Name is { } name && variables.Contains(name)))
                continue;
            var position = scalar.TextColumn is { } column ? scalar.Position with { Column = column + placeholder.Index } : scalar.Position;
            if (placeholder.Name is null)
            {
                bag.Error(position, DiagnosticCodes.InvalidPlaceholder,
                    $"{VariableSubstitution.InvalidPlaceholder(scalar.Text, placeholder.Index)}: after \"$\" comes a name or \"{{name}}\"; write \"$$\" for a dollar sign.");
            }
            else
            {
                bag.Error(position, DiagnosticCodes.UnknownVariable,
                    $"Unknown variable {DiagnosticBag.Quote(placeholder.Name)}{bag.Suggest(placeholder.Name, variables)}; declare it under \"parameters\", or write \"$$\" where the shell shall see a dollar sign. Known are {knownVariables}.");
            }
        }
    }

    private void WarnAboutVariables(YamlScalar scalar, string key, Func<string, bool> isMeant, string remedy)
    {
        var known = VariableSubstitution.Scan(scalar.Text)
            .FirstOrDefault(placeholder => placeholder.Name is { } name && variables.Contains(name) && isMeant(name));
        if (known.Name is null)
            return;
        bag.Warning(scalar.Position, DiagnosticCodes.NotSubstituted,
            $"\"{DiagnosticBag.Shorten(key)}\" uses the variable {DiagnosticBag.Quote(known.Name)}, but variables are replaced only in {string.Join(", ", SubstitutedKeys)}; it stays as it is{remedy}.");
    }

    /// <summary>Every text in a value, however deep.</summary>
    public static IEnumerable<YamlScalar> Texts(YamlNode node) => node switch
    {
        YamlScalar { Kind: YamlScalarKind.Text } scalar => [scalar],
        YamlSequence list => list.Items.SelectMany(Texts),
        YamlMapping map => map.Entries.SelectMany(entry => Texts(entry.Value)),
        _ => [],
    };
}
