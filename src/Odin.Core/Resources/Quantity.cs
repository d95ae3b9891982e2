using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Odin.Resources;

/// <summary>An amount as Kubernetes writes it: <c>250m</c>, <c>1.5</c>, <c>4Gi</c>, <c>1e3</c>. Exact to a billionth.</summary>
public readonly partial record struct Quantity(BigInteger Billionths) : IComparable<Quantity>
{
    private const int Scale = 9, LargestExponent = 18;

    private static readonly Dictionary<string, (int Power10, int Power2)> Suffixes = new(StringComparer.Ordinal)
    {
        [""] = (0, 0),
        ["n"] = (-9, 0),
        ["u"] = (-6, 0),
        ["m"] = (-3, 0),
        ["k"] = (3, 0),
        ["M"] = (6, 0),
        ["G"] = (9, 0),
        ["T"] = (12, 0),
        ["P"] = (15, 0),
        ["E"] = (18, 0),
        ["Ki"] = (0, 10),
        ["Mi"] = (0, 20),
        ["Gi"] = (0, 30),
        ["Ti"] = (0, 40),
        ["Pi"] = (0, 50),
        ["Ei"] = (0, 60),
    };

    public bool IsNegative => Billionths.Sign < 0;

    /// <summary>Reads a quantity.</summary>
    /// <param name="error">The words of Kubernetes' own parser; null if it is one.</param>
    public static Quantity Parse(string text, out string? error)
    {
        error = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        if (text.Length > 64 || Pattern().Match(text) is not { Success: true } match
            || !decimal.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
        {
            return default;
        }
        error = null;
        var number = match.Groups[1].Value;
        var suffix = match.Groups[2].Value;
        if (!Suffixes.TryGetValue(suffix, out var scale))
        {
            if (suffix.Length < 2 || suffix[0] is not ('e' or 'E')
                || !int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) || Math.Abs(exponent) > LargestExponent)
            {
                error = "unable to parse quantity's suffix";
                return default;
            }
            scale = (exponent, 0);
        }
        var digits = number.Replace(".", "", StringComparison.Ordinal);
        var point = number.IndexOf('.', StringComparison.Ordinal);
        var power = Scale + scale.Power10 - (point < 0 ? 0 : number.Length - point - 1);
        var value = BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) << scale.Power2;
        return new Quantity(power >= 0 ? value * BigInteger.Pow(10, power) : value / BigInteger.Pow(10, -power));
    }

    public int CompareTo(Quantity other) => Billionths.CompareTo(other.Billionths);

    public static bool operator <(Quantity left, Quantity right) => left.CompareTo(right) < 0;

    public static bool operator >(Quantity left, Quantity right) => left.CompareTo(right) > 0;

    public static bool operator <=(Quantity left, Quantity right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Quantity left, Quantity right) => left.CompareTo(right) >= 0;

    [GeneratedRegex(@"\A([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)\z")]
    private static partial Regex Pattern();
}
