using System.Globalization;
using System.Text;
using Odin.Nodes;
using Odin.Server.Metrics;

namespace Odin.Server.Nodes;

/// <summary>Writes the figures of a machine and its GPUs as Prometheus reads them. What is not known is left out.</summary>
internal static class NodeGauges
{
    public static void Write(StringBuilder text, Machine machine)
    {
        Gauge(text, "odin_node_cpus", "Processors of the machine.", [("", machine.Cores)]);
        Gauge(text, "odin_node_load1", "Processes that ran or waited, on average over a minute.", [("", machine.Load?.One)]);
        Gauge(text, "odin_node_memory_bytes", "Memory of the machine.", [("", machine.Memory?.Total)]);
        Gauge(text, "odin_node_memory_available_bytes", "Memory that programs can still get.", [("", machine.Memory?.Available)]);
        Gauge(text, "odin_node_disk_bytes", "Size of file systems.", machine.Disks.Select(d => (Label("path", d.Path), (double?)d.Total)));
        Gauge(text, "odin_node_disk_available_bytes", "What can still be written.", machine.Disks.Select(d => (Label("path", d.Path), (double?)d.Available)));
    }

    public static void Write(StringBuilder text, GpuReport report)
    {
        Gauge(text, "odin_gpus", "GPUs that can be read.", [("", report.Gpus.Count)]);
        Gauge(text, "odin_gpu_problems", "GPUs and sources that cannot be read.", [("", report.Problems.Count)]);
        Gauge(text, "odin_gpu_utilization_ratio", "Part of the time in which the GPU computed.", Of(report, g => g.Utilization / 100));
        Gauge(text, "odin_gpu_memory_bytes", "Memory of the GPU.", Of(report, g => g.Memory?.Total * (1 << 20)));
        Gauge(text, "odin_gpu_memory_used_bytes", "Memory that programs have.", Of(report, g => g.Memory?.Used * (1 << 20)));
        Gauge(text, "odin_gpu_temperature_celsius", "Temperature of the GPU.", Of(report, g => g.Temperature));
        Gauge(text, "odin_gpu_power_watts", "Power that the GPU draws.", Of(report, g => g.Power.Draw));
        Gauge(text, "odin_gpu_processes", "Programs that compute on the GPU.", Of(report, g => g.Processes?.Count));
    }

    private static IEnumerable<(string Labels, double? Value)> Of(GpuReport report, Func<Gpu, double?> figure) =>
        report.Gpus.Select(g => ($"{Label("uuid", g.Uuid ?? "")},{Label("name", g.Name ?? "")}", figure(g)));

    private static void Gauge(StringBuilder text, string name, string help, IEnumerable<(string Labels, double? Value)> values)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
        foreach (var (labels, value) in values.Where(v => v.Value is not null))
        {
            text.Append(name);
            if (labels.Length > 0)
                text.Append('{').Append(labels).Append('}');
            text.Append(CultureInfo.InvariantCulture, $" {value!.Value:R}\n");
        }
    }

    private static string Label(string name, string value)
    {
        var text = new StringBuilder(name).Append("=\"");
        PrometheusText.AppendEscaped(text, value);
        return text.Append('"').ToString();
    }
}
