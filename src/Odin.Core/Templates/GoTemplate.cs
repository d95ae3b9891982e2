using System.Text.RegularExpressions;

namespace Odin.Templates;

/// <summary>The small part of Go's templates that names of artifacts use: <c>{{ .Field }}</c>.</summary>
public static partial class GoTemplate
{
    /// <summary>What is wrong with a template; null: nothing.</summary>
    public static string? Find(string template, IReadOnlyCollection<string> fields)
    {
        foreach (var inner in Actions().Matches(template).Select(m => m.Groups[1].Value.Trim()))
        {
            if (!inner.StartsWith('.') || !fields.Contains(inner[1..]))
                return $"\"{{{{ {inner} }}}}\" is none of {string.Join(", ", fields.Select(f => $"{{{{ .{f} }}}}"))}";
        }
        var rest = Actions().Replace(template, "");
        return rest.Contains("{{", StringComparison.Ordinal) || rest.Contains("}}", StringComparison.Ordinal) ? "braces without their counterpart" : null;
    }

    /// <summary>The text with the fields filled in; the template has passed <see cref="Find"/>.</summary>
    public static string Render(string template, IReadOnlyDictionary<string, string> values) =>
        Actions().Replace(template, match => values[match.Groups[1].Value.Trim()[1..]]);

    [GeneratedRegex(@"\{\{(?:-\s)?([^{}]*?)(?:\s-)?\}\}")]
    private static partial Regex Actions();
}
