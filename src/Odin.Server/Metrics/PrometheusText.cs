using System.Globalization;
using System.Text;

namespace Odin.Server.Metrics;

/// <summary>Writes the text exposition format 0.0.4 of Prometheus.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IReadOnlyList<InstrumentSeries> instruments)
    {
        var text = new StringBuilder();
        foreach (var instrument in instruments)
            Append(text, instrument);
        return text.ToString();
    }

    /// <summary>Dots become underscores: <c>odin.http.requests</c> is <c>odin_http_requests</c>.</summary>
    public static string Name(string name) =>
        string.Concat(name.Select((c, i) => char.IsAsciiLetter(c) || c == '_' || (i > 0 && char.IsAsciiDigit(c)) ? c : '_'));

    public static void AppendEscaped(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append("\\\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append("\\n"),
                _ => text.Append(c),
            };
        }
    }

    private static void Append(StringBuilder text, InstrumentSeries instrument)
    {
        var name = FullName(instrument);
        var type = instrument.IsHistogram ? "histogram" : instrument.IsCounter ? "counter" : "gauge";
        if (instrument.Instrument.Description is { Length: > 0 } description)
            text.Append("# HELP ").Append(name).Append(' ').Append(description.Replace("\\", "\\\\", StringComparison.Ordinal).ReplaceLineEndings("\\n")).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var (labels, series) in instrument.All)
        {
            var (sum, count, counts) = series.Read();
            if (!instrument.IsHistogram)
            {
                Line(text, name, labels, sum);
                continue;
            }
            for (var i = 0; i < counts.Length; i++)
                Line(text, name + "_bucket", Join(labels, $"le=\"{Number(series.Bounds[i])}\""), counts[i]);
            Line(text, name + "_bucket", Join(labels, "le=\"+Inf\""), count);
            Line(text, name + "_sum", labels, sum);
            Line(text, name + "_count", labels, count);
        }
    }

    private static string FullName(InstrumentSeries instrument)
    {
        var name = Name(instrument.Instrument.Name);
        var unit = instrument.Instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (!name.EndsWith(unit, StringComparison.Ordinal))
            name += unit;
        // Names of the inherited system have it in front.
        var saysTotal = name.EndsWith("_total", StringComparison.Ordinal) || name.StartsWith("total_", StringComparison.Ordinal);
        return instrument.IsCounter && !saysTotal ? name + "_total" : name;
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Join(string labels, string last) => labels.Length == 0 ? last : labels + "," + last;

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
