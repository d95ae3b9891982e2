using System.Globalization;
using System.Text.Json;

namespace Odin.Cli.Output;

/// <summary>What is wrong with a text that should be JSON.</summary>
internal static class JsonMistake
{
    /// <summary>Where, as people count, and why: <c>line 1, column 1: 'h' is an invalid start of a value</c>.</summary>
    public static string Describe(JsonException mistake) =>
        string.Create(CultureInfo.InvariantCulture, $"line {mistake.LineNumber + 1}, column {mistake.BytePositionInLine + 1}: {Reason(mistake.Message)}");

    // The framework's text ends with the place in its own words, and some of it speaks of the framework.
    private static string Reason(string text)
    {
        if (text.Contains("isFinalBlock", StringComparison.Ordinal))
            return "there is nothing";
        if (text.Contains("depth to be zero", StringComparison.Ordinal))
            return "an object or a list is not closed";
        foreach (var tail in new[] { " Path:", " LineNumber:" })
        {
            var end = text.IndexOf(tail, StringComparison.Ordinal);
            text = end < 0 ? text : text[..end];
        }
        return text.TrimEnd('.', ' ');
    }
}
