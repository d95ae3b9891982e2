using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Odin.Nodes;

/// <summary>Reads what <c>nvidia-smi -q -x</c> writes. Elements have come, gone and changed names over the years; a missing one is null.</summary>
internal static class NvidiaSmiLog
{
    private const string Lost = "GPU is lost";

    /// <exception cref="XmlException">It is not such a log.</exception>
    public static GpuReport Parse(TextReader text)
    {
        // The document names its DTD, which is nowhere to be had and not needed.
        using var reader = XmlReader.Create(text, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        var log = XDocument.Load(reader).Root;
        if (log?.Name.LocalName != "nvidia_smi_log")
            throw new XmlException("The root is not 'nvidia_smi_log'.");
        var gpus = new List<Gpu>();
        var problems = new List<string>();
        foreach (var (gpu, index) in log.Elements("gpu").Select((g, i) => (g, i)))
        {
            if (gpu.Descendants().Any(e => !e.HasElements && e.Value.Trim(' ', '[', ']').Equals(Lost, StringComparison.OrdinalIgnoreCase)))
                problems.Add($"GPU {index} ({(string?)gpu.Attribute("id")}) is lost");
            else
                gpus.Add(Read(gpu, index));
        }
        return new GpuReport(GpuSource.NvidiaSmi, gpus, problems);
    }

    private static Gpu Read(XElement gpu, int index) => new()
    {
        Index = index,
        BusId = (gpu.Attribute("id")?.Value ?? Text(gpu, "pci", "pci_bus_id")) is { } id ? BusIds.Short(id) : null,
        Uuid = Text(gpu, "uuid"),
        Serial = Text(gpu, "serial"),
        MinorNumber = Text(gpu, "minor_number"),
        Name = Text(gpu, "product_name"),
        Brand = Text(gpu, "product_brand"),
        PerformanceState = Text(gpu, "performance_state"),
        ComputeMode = Text(gpu, "compute_mode"),
        Memory = gpu.Element("fb_memory_usage") is { } memory && Number(memory, "total") is { } total
            ? new GpuMemory(total, Number(memory, "used"), Number(memory, "free"))
            : null,
        Utilization = Number(gpu, "utilization", "gpu_util"),
        MemoryUtilization = Number(gpu, "utilization", "memory_util"),
        CurrentEcc = Text(gpu, "ecc_mode", "current_ecc"),
        PendingEcc = Text(gpu, "ecc_mode", "pending_ecc"),
        Temperature = Number(gpu, "temperature", "gpu_temp"),
        ShutdownTemperature = Number(gpu, "temperature", "gpu_temp_max_threshold"),
        SlowdownTemperature = Number(gpu, "temperature", "gpu_temp_slow_threshold"),
        Power = Power(gpu.Element("gpu_power_readings") ?? gpu.Element("power_readings") ?? new XElement("none")),
        MemoryClock = Number(gpu, "clocks", "mem_clock"),
        ApplicationMemoryClock = Number(gpu, "applications_clocks", "mem_clock"),
        MaxSmClock = Number(gpu, "max_clocks", "sm_clock"),
        Processes = Processes(gpu.Element("processes")),
    };

    private static GpuPower Power(XElement power)
    {
        var draw = Number(power, "power_draw") ?? Number(power, "instant_power_draw") ?? Number(power, "average_power_draw");
        return new GpuPower
        {
            // Newer drivers have no such element; what can be measured is managed.
            Management = power.Element("power_management") is null ? draw is null ? null : "Supported" : Text(power, "power_management"),
            State = Text(power, "power_state"),
            Draw = draw,
            Limit = Number(power, "current_power_limit") ?? Number(power, "power_limit"),
            DefaultLimit = Number(power, "default_power_limit"),
            MinLimit = Number(power, "min_power_limit"),
            MaxLimit = Number(power, "max_power_limit"),
        };
    }

    // Type C computes, G draws, C+G does both; the library lists the same as computing.
    private static List<GpuProcess>? Processes(XElement? processes)
    {
        if (processes is null || (!processes.HasElements && !string.IsNullOrWhiteSpace(processes.Value)))
            return null;
        return
        [
            .. from process in processes.Elements("process_info")
               where (Text(process, "type") ?? "C").Contains('C', StringComparison.Ordinal)
               let pid = Number(process, "pid")
               where pid is not null
               select new GpuProcess((int)pid.Value, Text(process, "process_name"), Number(process, "used_memory")),
        ];
    }

    private static string? Text(XElement from, params ReadOnlySpan<string> path)
    {
        var element = from;
        foreach (var name in path)
            element = element?.Element(name);
        // "N/A", "[N/A]", "[Not Supported]", "[Not Found]", "Unknown Error", "ERR!", "Requested functionality has been deprecated"
        return element?.Value.Trim() is { Length: > 0 } text
            && !text.StartsWith('[') && text is not ("N/A" or "Unknown Error" or "ERR!" or "None" or "Requested functionality has been deprecated") ? text : null;
    }

    // "4783 MiB", "27.22 W", "87 %", "12"
    private static double? Number(XElement from, params ReadOnlySpan<string> path) =>
        Text(from, path) is { } text && double.TryParse(text.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
