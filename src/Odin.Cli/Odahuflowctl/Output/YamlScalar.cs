using System.Text.RegularExpressions;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>How a text is written in YAML.</summary>
internal enum YamlScalarStyle
{
    Plain,
    SingleQuoted,
    DoubleQuoted,
}

/// <summary>Decides by PyYAML's rules how a text is written.</summary>
internal static partial class YamlScalar
{
    /// <param name="isKey">Whether it is the key of a map, on one line.</param>
    public static YamlScalarStyle StyleOf(string value, bool isKey)
    {
        if (value.Length == 0)
            return YamlScalarStyle.SingleQuoted;
        if (IsSpecial(value) || SpaceThenBreak().IsMatch(value))
            return YamlScalarStyle.DoubleQuoted;
        var isMultiline = value.Contains('\n', StringComparison.Ordinal);
        var isPlain = !isMultiline && value[0] != ' ' && value[^1] != ' ' && !HasIndicator(value) && !OtherType().IsMatch(value);
        if (isPlain)
            return YamlScalarStyle.Plain;
        return BreakThenSpace().IsMatch(value) || (isKey && isMultiline) ? YamlScalarStyle.DoubleQuoted : YamlScalarStyle.SingleQuoted;
    }

    private static bool IsSpecial(string value) => value.Any(c => c != '\n' && c is < ' ' or > '~');

    private static bool HasIndicator(string value)
    {
        if (value.StartsWith("---", StringComparison.Ordinal) || value.StartsWith("...", StringComparison.Ordinal))
            return true;
        for (var i = 0; i < value.Length; i++)
        {
            var isFollowedBySpace = i + 1 >= value.Length || value[i + 1] is ' ' or '\t';
            var isIndicator = i == 0
                ? "#,[]{}&*!|>'\"%@`".Contains(value[0], StringComparison.Ordinal) || (value[0] is '?' or ':' or '-' && isFollowedBySpace)
                : value[i] == ':' && isFollowedBySpace || value[i] == '#' && value[i - 1] is ' ' or '\t';
            if (isIndicator)
                return true;
        }
        return false;
    }

    [GeneratedRegex(" \n")]
    private static partial Regex SpaceThenBreak();

    [GeneratedRegex("\n ")]
    private static partial Regex BreakThenSpace();

    // What a reader of YAML 1.1 takes for something else than a text.
    [GeneratedRegex(
        @"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|~|null|Null|NULL|=|<<"
        + @"|[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        + @"|[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+"
        + @"|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)\z")]
    private static partial Regex OtherType();
}
