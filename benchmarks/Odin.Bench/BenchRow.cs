using System.Globalization;

namespace Odin.Bench;

/// <summary>One figure.</summary>
/// <param name="Target">As written in the performance page; for people.</param>
/// <param name="IsOk">Whether the target holds.</param>
internal sealed record BenchRow(string Name, string Target, string Measured, bool IsOk)
{
    /// <summary>A row whose figure must not be above a limit.</summary>
    public static BenchRow AtMost(string name, double measured, double limit, string unit, string? note = null) =>
        new(name, $"<= {Text(limit)} {unit}", $"{Text(measured)} {unit}{Note(note)}", measured <= limit);

    /// <summary>A row whose figure must not be below a limit.</summary>
    public static BenchRow AtLeast(string name, double measured, double limit, string unit, string? note = null) =>
        new(name, $">= {Text(limit)} {unit}", $"{Text(measured)} {unit}{Note(note)}", measured >= limit);

    private static string Note(string? note) => note is null ? "" : $" ({note})";

    private static string Text(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}

/// <summary>Percentiles of a sample.</summary>
internal static class Percentile
{
    /// <summary>The smallest value that at least the fraction <paramref name="p"/> of the sample does not exceed.</summary>
    public static double Of(IEnumerable<double> sample, double p)
    {
        var sorted = sample.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(p * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
