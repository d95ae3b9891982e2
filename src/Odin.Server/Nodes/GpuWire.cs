using System.Text.Json.Nodes;
using Odin.Nodes;

namespace Odin.Server.Nodes;

/// <summary>
/// A GPU as the inherited agent describes it. Figures and texts that the driver does not know are <c>"N/A"</c>; without
/// processes the member is missing.
/// </summary>
internal static class GpuWire
{
    private const string Unknown = "N/A";

    public static JsonObject From(Gpu gpu)
    {
        var result = new JsonObject
        {
            ["id"] = Text(gpu.BusId),
            ["uuid"] = Text(gpu.Uuid),
            ["serial"] = Text(gpu.Serial),
            ["minorNumber"] = Text(gpu.MinorNumber),
            ["productName"] = Text(gpu.Name),
            ["productBrand"] = Text(gpu.Brand),
            ["pci"] = new JsonObject { ["pciBusId"] = Text(gpu.BusId) },
            ["performanceState"] = Text(gpu.PerformanceState),
            ["computeMode"] = Text(gpu.ComputeMode),
            ["fbMemoryUsage"] = new JsonObject
            {
                ["total"] = Number(gpu.Memory?.Total),
                ["used"] = Number(gpu.Memory?.Used),
                ["free"] = Number(gpu.Memory?.Free),
                ["unit"] = "MiB",
            },
            ["utilization"] = new JsonObject { ["gpuUtil"] = Number(gpu.Utilization), ["memoryUtil"] = Number(gpu.MemoryUtilization), ["unit"] = "%" },
            ["eccMode"] = new JsonObject { ["currentEcc"] = Text(gpu.CurrentEcc), ["pendingEcc"] = Text(gpu.PendingEcc) },
            ["temperature"] = new JsonObject
            {
                ["gpuTemp"] = Number(gpu.Temperature),
                ["gpuTempMaxThreshold"] = Number(gpu.ShutdownTemperature),
                ["gpuTempSlowThreshold"] = Number(gpu.SlowdownTemperature),
                ["unit"] = "C",
            },
            ["powerReadings"] = Power(gpu.Power),
            ["clocks"] = new JsonObject { ["memClock"] = Number(gpu.MemoryClock), ["unit"] = "MHz" },
            ["applicationsClocks"] = new JsonObject { ["memClock"] = Number(gpu.ApplicationMemoryClock), ["unit"] = "MHz" },
            ["maxClocks"] = new JsonObject { ["smClock"] = Number(gpu.MaxSmClock), ["unit"] = "MHz" },
        };
        if (gpu.Processes is null)
            result["processes"] = Unknown;
        else if (gpu.Processes.Count > 0)
            result["processes"] = new JsonArray([.. gpu.Processes.Select(Process)]);
        return result;
    }

    private static JsonObject Power(GpuPower power) => new()
    {
        ["powerManagement"] = Text(power.Management),
        ["powerDraw"] = Number(power.Draw),
        ["powerLimit"] = Number(power.Limit),
        ["defaultPowerLimit"] = Number(power.DefaultLimit),
        ["minPowerLimit"] = Number(power.MinLimit),
        ["maxPowerLimit"] = Number(power.MaxLimit),
        ["powerState"] = Text(power.State),
        ["unit"] = "W",
    };

    // In snake_case, unlike all around it; so the inherited client reads it.
    private static JsonNode Process(GpuProcess process) => new JsonObject
    {
        ["pid"] = process.Pid,
        ["process_name"] = Text(process.Name),
        ["used_memory"] = Number(process.UsedMemory),
        ["unit"] = "MiB",
    };

    private static JsonValue Text(string? text) => JsonValue.Create(text ?? Unknown)!;

    private static JsonValue Number(double? number) => number is { } some ? JsonValue.Create(some) : JsonValue.Create(Unknown)!;
}
