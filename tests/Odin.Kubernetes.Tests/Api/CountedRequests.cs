using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>Counts what is sent to the API about one namespace, as the program's own counter has it.</summary>
internal sealed class CountedRequests : IDisposable
{
    private readonly ConcurrentDictionary<(string Verb, string Resource), long> counts = [];
    private readonly MeterListener listener = new();

    public CountedRequests(string @namespace)
    {
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == "odin.kubernetes.requests")
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(t => t.Key, t => (string)t.Value!);
            if (all["namespace"] == @namespace)
                counts.AddOrUpdate((all["verb"], all["resource"]), value, (_, sum) => sum + value);
        });
        listener.Start();
    }

    public long Total => counts.Values.Sum();

    /// <summary>All but watches.</summary>
    public long TotalWithoutWatches => counts.Where(c => c.Key.Verb != "watch").Sum(c => c.Value);

    public long Count(string verb, string resource) => counts.GetValueOrDefault((verb, resource));

    public IReadOnlyList<string> Lines =>
        [.. counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key.Verb} {c.Key.Resource} {c.Value}")).Order(StringComparer.Ordinal)];

    public void Dispose() => listener.Dispose();
}
