using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Odin.Pipelines;

/// <summary>
/// Replaces <c>$NAME</c> and <c>${NAME}</c> by the rules of Python's <c>string.Template</c>: names are ASCII identifiers and
/// case counts, <c>$$</c> is one <c>$</c>, and any other <c>$</c> is an error.
/// </summary>
public static class VariableSubstitution
{
    /// <summary>Replaces every variable of a text. Where one is unknown or a placeholder is bad, there is no text but errors.</summary>
    /// <param name="lookup">The value of a variable; null when there is none of that name.</param>
    public static SubstitutionResult Substitute(string text, Func<string, string?> lookup)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return new SubstitutionResult(text, []);
        var result = new StringBuilder();
        var errors = new List<SubstitutionError>();
        var copied = 0;
        foreach (var part in Scan(text))
        {
            result.Append(text, copied, part.Index - copied);
            copied = part.Index + part.Length;
            if (part.IsEscape)
                result.Append('$');
            else if (part.Name is null)
                errors.Add(new SubstitutionError(null, part.Index, InvalidPlaceholder(text, part.Index)));
            else if (lookup(part.Name) is { } value)
                result.Append(value);
            else
                errors.Add(new SubstitutionError(part.Name, part.Index, $"Unknown variable \"{part.Name}\"."));
        }
        result.Append(text, copied, text.Length - copied);
        return errors.Count > 0 ? new SubstitutionResult(null, errors) : new SubstitutionResult(result.ToString(), []);
    }

    /// <summary>The value of <c>TASK_IDS</c>: the text that Python prints for a list, <c>['a', 'b']</c>.</summary>
    public static string TaskIdsText(IEnumerable<string> ids) => $"[{string.Join(", ", ids.Select(id => $"'{id}'"))}]";

    /// <summary>Every <c>$</c> of a text with what follows it.</summary>
    internal static IEnumerable<Placeholder> Scan(string text)
    {
        for (var i = text.IndexOf('$', StringComparison.Ordinal); i >= 0 && i < text.Length; i = text.IndexOf('$', i))
        {
            var placeholder = Read(text, i);
            yield return placeholder;
            i += placeholder.Length;
            if (i >= text.Length)
                yield break;
        }
    }

    /// <summary>Python's sentence; the column is that of the <c>$</c>, from 1.</summary>
    internal static string InvalidPlaceholder(string text, int index)
    {
        var before = text.AsSpan(0, index);
        var line = before.Count('\n') + 1;
        var column = index - before.LastIndexOf('\n');
        return $"Invalid placeholder in string: line {line}, col {column}";
    }

    private static Placeholder Read(string text, int dollar)
    {
        var next = dollar + 1;
        if (next < text.Length && text[next] == '$')
            return new Placeholder(dollar, 2, null, IsEscape: true);
        var isBraced = next < text.Length && text[next] == '{';
        var start = isBraced ? next + 1 : next;
        var end = start;
        while (end < text.Length && IsNameCharacter(text[end], isFirst: end == start))
            end++;
        if (end == start || (isBraced && (end == text.Length || text[end] != '}')))
            return new Placeholder(dollar, 1, null, IsEscape: false);
        return new Placeholder(dollar, end - dollar + (isBraced ? 1 : 0), text[start..end], IsEscape: false);
    }

    internal static bool IsNameCharacter(char c, bool isFirst) => c == '_' || char.IsAsciiLetter(c) || (!isFirst && char.IsAsciiDigit(c));

    /// <param name="Name">Null for an escape and for a bad placeholder.</param>
    internal readonly record struct Placeholder(int Index, int Length, string? Name, bool IsEscape);
}

/// <summary>The text after substitution, or what was wrong.</summary>
public sealed record SubstitutionResult(string? Text, IReadOnlyList<SubstitutionError> Errors)
{
    [MemberNotNullWhen(true, nameof(Text))]
    public bool IsSuccess => Text is not null;
}

/// <summary>One bad use of <c>$</c>.</summary>
/// <param name="Variable">The unknown name; null when the placeholder itself is bad.</param>
/// <param name="Index">Of the <c>$</c> in the text, from 0.</param>
public sealed record SubstitutionError(string? Variable, int Index, string Message);
