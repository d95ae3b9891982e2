using System.Diagnostics.Metrics;
using Odin.Server.Metrics;

namespace Odin.Server.Tests.Metrics;

public sealed class MetricsTests
{
    [Fact]
    public void Write_Instruments_IsTheTextThatPrometheusReads()
    {
        using var registry = new MetricsRegistry();
        using var meter = new Meter("Odin.Tests." + Guid.NewGuid().ToString("n"));
        var name = "odin.t" + Guid.NewGuid().ToString("n")[..8];
        var counter = meter.CreateCounter<int>(name + ".c", null, "Counts\nthings.");
        counter.Add(2, new KeyValuePair<string, object?>("k.x", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("k.x", "a\"b\\c\nd"));
        meter.CreateHistogram<double>(name + ".h", "s").Record(0.3);
        meter.CreateObservableGauge(name + ".g", () => 7, "By");
        var changing = meter.CreateUpDownCounter<int>(name + ".u");
        changing.Add(5);
        changing.Add(-2);

        var prefix = name.Replace('.', '_');
        var lines = PrometheusText.Write([.. registry.Collect().Where(i => i.Instrument.Meter == meter)]).Split('\n');
        Assert.Contains($"# HELP {prefix}_c_total Counts\\nthings.", lines);
        Assert.Contains($"# TYPE {prefix}_c_total counter", lines);
        Assert.Contains($"{prefix}_c_total{{k_x=\"a\\\"b\\\\c\\nd\"}} 5", lines);
        Assert.Contains($"{prefix}_h_seconds_bucket{{le=\"0.25\"}} 0", lines);
        Assert.Contains($"{prefix}_h_seconds_bucket{{le=\"0.5\"}} 1", lines);
        Assert.Contains($"{prefix}_h_seconds_bucket{{le=\"+Inf\"}} 1", lines);
        Assert.Contains($"{prefix}_h_seconds_sum 0.3", lines);
        Assert.Contains($"{prefix}_h_seconds_count 1", lines);
        Assert.Contains($"{prefix}_g_bytes 7", lines);
        Assert.Contains($"{prefix}_u 3", lines);
    }

    [Fact]
    public void Record_TooManyTags_EndsInOneSeries()
    {
        using var registry = new MetricsRegistry();
        using var meter = new Meter("Odin.Tests." + Guid.NewGuid().ToString("n"));
        var counter = meter.CreateCounter<int>("odin.many");
        for (var i = 0; i < 3 * MetricsRegistry.MaxSeriesOfInstrument; i++)
            counter.Add(1, new KeyValuePair<string, object?>("i", i));
        var series = registry.Collect().Single(i => i.Instrument.Meter == meter).All.ToList();
        Assert.Equal(MetricsRegistry.MaxSeriesOfInstrument + 1, series.Count);
        Assert.Equal(2 * MetricsRegistry.MaxSeriesOfInstrument, series.Single(s => s.Key.StartsWith("overflow", StringComparison.Ordinal)).Value.Read().Sum);
    }

    [Fact]
    public async Task Metrics_OfAServer_HaveRequestsByRouteAndRuns()
    {
        await using var server = await TestServer.StartAsync();
        await server.RunAsync("measured", "tasks: [{name: a, image: i, command: 'true'}]\n");
        var text = await server.Client.GetStringAsync("/metrics");
        Assert.Contains("odin_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/pipelines/{id}\",status=\"200\"}", text, StringComparison.Ordinal);
        Assert.Contains("odin_store_duration_seconds_count{operation=\"find\",kind=\"Run\"}", text, StringComparison.Ordinal);
        Assert.Contains("odin_runs{phase=\"Running\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("odin_task_ends_total{phase=\"Succeeded\"}", text, StringComparison.Ordinal);
        Assert.Contains("odin_run_ends_total{phase=\"Succeeded\"}", text, StringComparison.Ordinal);
        Assert.Contains("process_resident_memory_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("process_cpu_seconds_total ", text, StringComparison.Ordinal);
    }
}
