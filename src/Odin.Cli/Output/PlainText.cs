using System.Globalization;

namespace Odin.Cli.Output;

/// <summary>
/// Texts that others have written, as a terminal may show them: names, payloads and answers of models can hold what it would obey, and
/// what turns the order of letters round.
/// </summary>
internal static class PlainText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text with what does not show replaced; line ends and tabs stay.</summary>
    public static string Of(string text)
    {
        var start = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (start < 0)
            return text;
        var lines = text.Contains('\r', StringComparison.Ordinal) ? text.Replace("\r\n", "\n", StringComparison.Ordinal) : text;
        return lines.Any(IsHidden) ? string.Concat(lines.Select(c => IsHidden(c) ? Replacement : c)) : lines;
    }

    // Beside control characters those that change the direction of what stands around them; others that only join letters are words' own.
    private static bool IsHidden(char character) => character switch
    {
        '\n' or '\t' => false,
        >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' => true,
        _ => char.GetUnicodeCategory(character) == UnicodeCategory.Control,
    };
}
