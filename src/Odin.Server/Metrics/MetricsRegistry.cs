using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Odin.Server.Metrics;

/// <summary>
/// Adds up what every meter named <c>Odin.…</c> in this process measures, for <see cref="PrometheusText"/>. An instrument
/// whose tags take too many values stops making new series, and says so once in the text.
/// </summary>
internal sealed class MetricsRegistry : IDisposable
{
    internal const int MaxSeriesOfInstrument = 1000;

    private readonly ConcurrentDictionary<Instrument, InstrumentSeries> instruments = new();
    private readonly MeterListener listener = new();

    public MetricsRegistry()
    {
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (!instrument.Meter.Name.StartsWith("Odin.", StringComparison.Ordinal))
                return;
            instruments.TryAdd(instrument, new InstrumentSeries(instrument));
            l.EnableMeasurementEvents(instrument);
        };
        listener.MeasurementsCompleted = (instrument, _) => instruments.TryRemove(instrument, out InstrumentSeries? _);
        listener.SetMeasurementEventCallback<byte>((i, value, tags, _) => Record(i, value, tags));
        listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Record(i, value, tags));
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Record(i, value, tags));
        listener.SetMeasurementEventCallback<float>((i, value, tags, _) => Record(i, value, tags));
        listener.SetMeasurementEventCallback<double>(Record0);
        listener.Start();

        void Record0(Instrument i, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) => Record(i, value, tags);
    }

    /// <summary>Everything as it is now; observable instruments are asked.</summary>
    public IReadOnlyList<InstrumentSeries> Collect()
    {
        listener.RecordObservableInstruments();
        return [.. instruments.Values.OrderBy(i => i.Instrument.Name, StringComparer.Ordinal)];
    }

    public void Dispose() => listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instruments.TryGetValue(instrument, out var series))
            series.Record(value, tags);
    }
}
