using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Odin.Server.Metrics;

/// <summary>What one instrument has measured, by its tags.</summary>
internal sealed class InstrumentSeries(Instrument instrument)
{
    // Seconds; from a write to the database to a request that waits for a repository far away.
    private static readonly double[] DefaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly ConcurrentDictionary<string, Series> byTags = new(StringComparer.Ordinal);

    public Instrument Instrument { get; } = instrument;

    public bool IsHistogram { get; } = IsOf(instrument, typeof(Histogram<>));

    /// <summary>Grows only.</summary>
    public bool IsCounter { get; } = IsOf(instrument, typeof(Counter<>)) || IsOf(instrument, typeof(ObservableCounter<>));

    private bool IsObservable { get; } = instrument.IsObservable;

    /// <summary>The labels as they are in the text, and the values.</summary>
    public IEnumerable<KeyValuePair<string, Series>> All => byTags.OrderBy(s => s.Key, StringComparer.Ordinal);

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        if (!byTags.TryGetValue(labels, out var series))
        {
            if (byTags.Count >= MetricsRegistry.MaxSeriesOfInstrument)
                labels = "overflow=\"true\"";
            series = byTags.GetOrAdd(labels, _ => new Series(IsHistogram ? DefaultBounds : null));
        }
        // What an observable instrument reports is the whole, not what was added; so is a gauge.
        series.Record(value, replaces: IsObservable || IsOf(Instrument, typeof(Gauge<>)));
    }

    private static bool IsOf(Instrument instrument, Type generic) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == generic;

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
            return "";
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            if (text.Length > 0)
                text.Append(',');
            text.Append(PrometheusText.Name(key)).Append("=\"");
            PrometheusText.AppendEscaped(text, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            text.Append('"');
        }
        return text.ToString();
    }

    /// <summary>The values of one set of tags.</summary>
    internal sealed class Series(double[]? bounds)
    {
        private readonly Lock gate = new();
        private readonly long[] counts = new long[bounds?.Length ?? 0];
        private double sum;
        private long count;

        public IReadOnlyList<double> Bounds => bounds ?? [];

        public void Record(double value, bool replaces)
        {
            lock (gate)
            {
                sum = replaces ? value : sum + value;
                count++;
                for (var i = 0; i < counts.Length; i++)
                {
                    if (value <= bounds![i])
                        counts[i]++;
                }
            }
        }

        /// <summary>The sum, how many values, and how many were up to each bound.</summary>
        public (double Sum, long Count, long[] Counts) Read()
        {
            lock (gate)
                return (sum, count, [.. counts]);
        }
    }
}
