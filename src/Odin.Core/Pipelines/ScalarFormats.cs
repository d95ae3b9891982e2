using System.Globalization;
using System.Text.RegularExpressions;
using Odin.Execution;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>Durations and Kubernetes quantities as they stand in a definition.</summary>
internal static partial class ScalarFormats
{
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(366);

    /// <summary>Reads <c>90s</c>, <c>1h30m</c>, <c>1.5h</c> or a number of seconds; a problem is reported.</summary>
    public static TimeSpan? Duration(this MapReader reader, string key, TimeSpan least)
    {
        if (reader.Node(key) is not { } node)
            return null;
        var value = node is YamlScalar scalar ? ParseDuration(scalar) : null;
        if (value is { } duration && duration >= least && duration <= LongestDuration)
            return duration;
        var range = value is null ? "" : $" between {Format(least)} and {Format(LongestDuration)}";
        reader.Bag.Error(node.Position, DiagnosticCodes.InvalidDuration,
            $"{MapReader.Capital(reader.Label(key))} must be a duration{range}, but it is {node.Description}; write one like 90s, 10m, 1h30m, or a number of seconds.");
        return null;
    }

    /// <summary>Reads the limits and requests of one resource; a problem is reported.</summary>
    public static ResourceAmounts? Amounts(this MapReader reader, string key)
    {
        if (reader.MapOf(key) is not { } amounts)
            return null;
        amounts.RefuseUnknown(["limits", "requests"]);
        return new ResourceAmounts(amounts.Quantity("limits"), amounts.Quantity("requests"));
    }

    /// <summary>Reads <c>4.5</c>, <c>500m</c>, <c>2Gi</c>; a problem is reported.</summary>
    public static string? Quantity(this MapReader reader, string key)
    {
        if (reader.Node(key) is not { } node)
            return null;
        if (node is YamlScalar scalar && QuantityText(scalar) is { } text)
            return text;
        reader.Bag.Error(node.Position, DiagnosticCodes.InvalidQuantity,
            $"{MapReader.Capital(reader.Label(key))} must be a Kubernetes quantity, but it is {node.Description}; write one like 2, 0.5, 500m, 512Mi or 2Gi.");
        return null;
    }

    /// <summary>The shortest text that <see cref="Duration"/> reads as the same value.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
            return "0s";
        var hours = (long)duration.TotalHours;
        var text = hours > 0 ? $"{hours}h" : "";
        if (duration.Minutes > 0)
            text += $"{duration.Minutes}m";
        var seconds = (duration - TimeSpan.FromHours(hours) - TimeSpan.FromMinutes(duration.Minutes)).TotalSeconds;
        return seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{text}{seconds:0.#######}s") : text;
    }

    private static TimeSpan? ParseDuration(YamlScalar scalar)
    {
        if (scalar.Kind is YamlScalarKind.Integer or YamlScalarKind.Float)
        {
            var seconds = YamlScalarRules.ToDouble(scalar.Text, scalar.Kind);
            return double.IsFinite(seconds) && Math.Abs(seconds) < 1e10 ? TimeSpan.FromSeconds(seconds) : null;
        }
        if (scalar.Kind != YamlScalarKind.Text || scalar.Text.Length is 0 or > 50)
            return null;
        if (double.TryParse(scalar.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var plain))
            return plain < 1e10 ? TimeSpan.FromSeconds(plain) : null;
        var match = DurationPattern().Match(scalar.Text);
        if (!match.Success)
            return null;
        var total = Part(match, "d") * 86_400 + Part(match, "h") * 3_600 + Part(match, "m") * 60 + Part(match, "s") + Part(match, "ms") / 1_000;
        return total < 1e10 ? TimeSpan.FromSeconds(total) : null;
    }

    private static double Part(Match match, string unit) =>
        match.Groups[unit] is { Success: true } group ? double.Parse(group.ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : 0;

    private static string? QuantityText(YamlScalar scalar)
    {
        var text = scalar.Kind == YamlScalarKind.Integer && YamlScalarRules.TryGetInteger(scalar.Text, out var value)
            ? value.ToString(CultureInfo.InvariantCulture)
            : scalar.Text;
        return scalar.Kind is not (YamlScalarKind.Null or YamlScalarKind.Boolean) && text.Length < 40 && QuantityPattern().IsMatch(text) ? text : null;
    }

    [GeneratedRegex(@"^(?:(?<d>[0-9]+(?:\.[0-9]+)?)d)?(?:(?<h>[0-9]+(?:\.[0-9]+)?)h)?(?:(?<m>[0-9]+(?:\.[0-9]+)?)m(?!s))?(?:(?<s>[0-9]+(?:\.[0-9]+)?)s)?(?:(?<ms>[0-9]+(?:\.[0-9]+)?)ms)?\z")]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3}|[KMGTPE]i|[numkMGTPE])?\z")]
    private static partial Regex QuantityPattern();
}
