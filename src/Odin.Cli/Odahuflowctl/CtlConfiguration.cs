using System.Globalization;
using System.Text;
using Odin.Cli.Odahuflowctl.Output;
using Odin.Cli.Servers;

namespace Odin.Cli.Odahuflowctl;

/// <summary>
/// The older client's configuration: a variable of the environment, before the file <c>~/.odahuflow/config</c>, before the
/// default. The file has one section, <c>[general]</c>; what else stands in it stays.
/// </summary>
internal sealed class CtlConfiguration
{
    private const string Section = "[general]", FileVariable = "ODAHUFLOW_CONFIG";
    private static readonly string[] TrueWords = ["true", "1", "t", "y", "yes"];

    private readonly CliEnvironment environment;
    private readonly SortedDictionary<string, string> stored = new(StringComparer.Ordinal);
    private readonly List<string> others = [];

    private CtlConfiguration(CliEnvironment environment, string file) => (this.environment, FileName) = (environment, file);

    public string FileName { get; }

    public static CtlConfiguration Load(CliEnvironment environment)
    {
        var configuration = new CtlConfiguration(environment, environment[FileVariable] ?? Path.Combine(environment.Home, ".odahuflow", "config"));
        if (File.Exists(configuration.FileName))
            configuration.Read(File.ReadLines(configuration.FileName));
        return configuration;
    }

    /// <summary>What the variable is set to, by the environment or the file; null: it is not.</summary>
    public string? Find(string name) => environment[name] ?? (stored.TryGetValue(Key(name), out var value) ? value : null);

    /// <summary>The variable, or its default; empty if it has none.</summary>
    public string Text(string name) => Find(name) ?? CtlVariable.All.FirstOrDefault(v => v.Name == name)?.DefaultValue ?? "";

    public bool Flag(string name) => TrueWords.Contains(Text(name).ToLowerInvariant());

    public int Number(string name, int otherwise) =>
        int.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <summary>Writes variables into the file; an empty one is removed from it.</summary>
    public void Store(params IReadOnlyList<(string Name, string? Value)> values)
    {
        foreach (var (name, value) in values)
        {
            if (string.IsNullOrEmpty(value))
                stored.Remove(Key(name));
            else
                stored[Key(name)] = value;
        }
        var text = new StringBuilder().Append(Section).Append('\n');
        foreach (var (key, value) in stored)
            text.Append(CultureInfo.InvariantCulture, $"{key} = {value}\n");
        text.Append('\n').AppendJoin("", others.Select(o => o + "\n"));
        PrivateFile.Write(FileName, text.ToString());
    }

    /// <summary>A variable with its default, and its value where that is another.</summary>
    public string Describe(CtlVariable variable, bool showSecret)
    {
        var text = $"{variable.Name} - {variable.Description}\n  default: {variable.Default}";
        if (Find(variable.Name) is not { } value || value == variable.DefaultValue)
            return text;
        var shown = variable.IsSecret && !showSecret ? "'****'" : variable.Default is "False" ? (Flag(variable.Name) ? "True" : "False")
            : variable.Default.All(char.IsAsciiDigit) && value.All(char.IsAsciiDigit) ? value
            : PythonRepr.Write(value);
        return $"{text}\n  current: {shown}";
    }

    private void Read(IEnumerable<string> lines)
    {
        var isGeneral = false;
        foreach (var line in lines.Select(l => l.Trim()))
        {
            if (line.StartsWith('['))
                isGeneral = line.Equals(Section, StringComparison.OrdinalIgnoreCase);
            if (line.Equals(Section, StringComparison.OrdinalIgnoreCase) || line.Length == 0)
                continue;
            var border = line.IndexOfAny(['=', ':']);
            if (!isGeneral || border <= 0 || line[0] is '#' or ';')
                others.Add(line);
            else
                stored[Key(line[..border].Trim())] = line[(border + 1)..].Trim();
        }
        // A remark of the section would end up in another.
        others.RemoveAll(o => o[0] is '#' or ';');
    }

    private static string Key(string name) => name.ToLowerInvariant();
}
