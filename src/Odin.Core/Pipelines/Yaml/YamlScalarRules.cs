using System.Globalization;
using System.Text.RegularExpressions;

namespace Odin.Pipelines.Yaml;

/// <summary>What a plain scalar means: the rules of YAML 1.1 as PyYAML applies them, except that dates stay text.</summary>
internal static partial class YamlScalarRules
{
    public static YamlScalarKind Resolve(string text)
    {
        if (text.Length == 0)
            return YamlScalarKind.Null;
        var first = text[0];
        if (char.IsAsciiDigit(first) || first is '-' or '+' or '.')
        {
            // The longest number that anybody writes; the patterns below are then cheap on any text.
            if (text.Length > 400)
                return YamlScalarKind.Text;
            return IntegerPattern().IsMatch(text) ? YamlScalarKind.Integer
                : FloatPattern().IsMatch(text) ? YamlScalarKind.Float
                : YamlScalarKind.Text;
        }
        return text switch
        {
            "~" or "null" or "Null" or "NULL" => YamlScalarKind.Null,
            "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => YamlScalarKind.Boolean,
            "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => YamlScalarKind.Boolean,
            _ => YamlScalarKind.Text,
        };
    }

    /// <summary>The value of a boolean scalar.</summary>
    public static bool ToBoolean(string text) => text[0] is 'y' or 'Y' or 't' or 'T' || text.Equals("on", StringComparison.OrdinalIgnoreCase);

    /// <summary>The value of an integer scalar; false when it does not fit 64 bits.</summary>
    public static bool TryGetInteger(string text, out long value)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        var negative = digits.StartsWith('-');
        digits = digits.TrimStart('-', '+');
        try
        {
            value = checked((negative ? -1 : 1) * ToMagnitude(digits));
            return true;
        }
        catch (Exception e) when (e is OverflowException or FormatException)
        {
            value = 0;
            return false;
        }
    }

    /// <summary>The value of an integer or float scalar; infinite and not-a-number are possible.</summary>
    public static double ToDouble(string text, YamlScalarKind kind)
    {
        if (kind == YamlScalarKind.Integer)
            return TryGetInteger(text, out var integer) ? integer : double.Parse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);
        var digits = text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        if (digits.EndsWith(".nan", StringComparison.Ordinal))
            return double.NaN;
        if (digits.EndsWith(".inf", StringComparison.Ordinal))
            return digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        if (!digits.Contains(':', StringComparison.Ordinal))
            return double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        var sum = digits.TrimStart('-', '+').Split(':').Aggregate(0.0, (total, part) =>
            total * 60 + (part.Length == 0 ? 0 : double.Parse(part, NumberStyles.Float, CultureInfo.InvariantCulture)));
        return digits[0] == '-' ? -sum : sum;
    }

    private static long ToMagnitude(string digits)
    {
        if (digits.Contains(':', StringComparison.Ordinal))
            return digits.Split(':').Aggregate(0L, (total, part) => checked(total * 60 + long.Parse(part, CultureInfo.InvariantCulture)));
        if (digits.StartsWith("0x", StringComparison.Ordinal))
            return ToMagnitude(digits.AsSpan(2), 16);
        if (digits.StartsWith("0b", StringComparison.Ordinal))
            return ToMagnitude(digits.AsSpan(2), 2);
        return digits.Length > 1 && digits[0] == '0' ? ToMagnitude(digits.AsSpan(1), 8) : long.Parse(digits, CultureInfo.InvariantCulture);
    }

    private static long ToMagnitude(ReadOnlySpan<char> digits, int radix)
    {
        var value = 0L;
        foreach (var digit in digits)
            value = checked(value * radix + (char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10));
        return value;
    }

    [GeneratedRegex(@"^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)\z")]
    private static partial Regex IntegerPattern();

    [GeneratedRegex(@"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex FloatPattern();
}
