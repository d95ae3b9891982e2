using System.Globalization;

namespace Odin.Nodes;

/// <summary>Reads one GPU through <see cref="NvmlLibrary"/>: what is not supported is null, and a lost GPU is noticed.</summary>
internal sealed class NvmlDevice(NvmlLibrary nvml, nint device)
{
    private const uint TemperatureOfGpu = 0, ShutdownThreshold = 0, SlowdownThreshold = 1, SmClock = 1, MemoryClock = 2;
    private const uint UnknownState = 32;

    private static readonly string[] Brands =
    [
        "Unknown", "Quadro", "Tesla", "NVS", "Grid", "GeForce", "Titan", "NVIDIA Virtual Applications", "NVIDIA Virtual PC",
        "NVIDIA Virtual Compute Server", "NVIDIA RTX Virtual Workstation", "NVIDIA Cloud Gaming", "Quadro RTX", "NVIDIA RTX",
        "NVIDIA", "GeForce RTX", "Titan RTX",
    ];

    private static readonly string[] ComputeModes = ["Default", "Exclusive_Thread", "Prohibited", "Exclusive_Process"];

    private readonly List<string> problems = [];

    /// <summary>It fell off the bus while it was read: its figures are worth nothing.</summary>
    public bool IsLost { get; private set; }

    /// <summary>What failed in another way than by not being supported.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Everything; asks no further once the GPU is lost.</summary>
    public Gpu Read(int index) => new()
    {
        Index = index,
        // First, for the sentence on a GPU that is lost during the rest.
        Uuid = Text("nvmlDeviceGetUUID"),
        BusId = BusId(),
        Serial = Text("nvmlDeviceGetSerial"),
        MinorNumber = Number("nvmlDeviceGetMinorNumber")?.ToString(CultureInfo.InvariantCulture),
        Name = Text("nvmlDeviceGetName"),
        Brand = Named(Number("nvmlDeviceGetBrand"), Brands),
        PerformanceState = State(Number("nvmlDeviceGetPerformanceState")),
        ComputeMode = Named(Number("nvmlDeviceGetComputeMode"), ComputeModes),
        Memory = Memory(),
        Utilization = Utilization(out var memoryUtilization),
        MemoryUtilization = memoryUtilization,
        CurrentEcc = Pair("nvmlDeviceGetEccMode", out var pendingEcc) is { } ecc ? Switch(ecc) : null,
        PendingEcc = pendingEcc is { } pending ? Switch(pending) : null,
        Temperature = Number("nvmlDeviceGetTemperature", TemperatureOfGpu),
        ShutdownTemperature = Number("nvmlDeviceGetTemperatureThreshold", ShutdownThreshold),
        SlowdownTemperature = Number("nvmlDeviceGetTemperatureThreshold", SlowdownThreshold),
        Power = Power(),
        MemoryClock = Number("nvmlDeviceGetClockInfo", MemoryClock),
        ApplicationMemoryClock = Number("nvmlDeviceGetApplicationsClock", MemoryClock),
        MaxSmClock = Number("nvmlDeviceGetMaxClockInfo", SmClock),
        Processes = Processes(),
    };

    private GpuPower Power()
    {
        var least = Pair("nvmlDeviceGetPowerManagementLimitConstraints", out var most);
        return new GpuPower
        {
            Management = Number("nvmlDeviceGetPowerManagementMode") == 1 ? "Supported" : null,
            State = State(Number("nvmlDeviceGetPowerState")),
            Draw = Watts(Number("nvmlDeviceGetPowerUsage")),
            Limit = Watts(Number("nvmlDeviceGetPowerManagementLimit")),
            DefaultLimit = Watts(Number("nvmlDeviceGetPowerManagementDefaultLimit")),
            MinLimit = Watts(least),
            MaxLimit = Watts(most),
        };
    }

    private string? BusId()
    {
        if (IsLost || !Has(nvml.Pci(device, out var info), "nvmlDeviceGetPciInfo"))
            return null;
        var id = NvmlLibrary.Decode(info.BusId);
        return BusIds.Short(id.Length > 0 ? id : NvmlLibrary.Decode(info.BusIdLegacy));
    }

    private GpuMemory? Memory() => !IsLost && Has(nvml.Memory(device, out var memory), "nvmlDeviceGetMemoryInfo")
        ? new GpuMemory(Mebibytes(memory.Total), Mebibytes(memory.Used), Mebibytes(memory.Free))
        : null;

    private double? Utilization(out double? memory)
    {
        memory = null;
        if (IsLost || !Has(nvml.Utilization(device, out var gpu, out var ofMemory), "nvmlDeviceGetUtilizationRates"))
            return null;
        memory = ofMemory;
        return gpu;
    }

    private List<GpuProcess>? Processes()
    {
        if (IsLost || !Has(nvml.Processes(device, out var found), "nvmlDeviceGetComputeRunningProcesses"))
            return null;
        return [.. found.Select(p => new GpuProcess(
            (int)p.Pid, nvml.ProcessName(p.Pid), p.UsedMemory == NvmlProcess.NotAvailable ? null : Mebibytes(p.UsedMemory)))];
    }

    private string? Text(string function) =>
        !IsLost && Has(nvml.Text(function, device, out var text), function) ? text : null;

    private uint? Number(string function) =>
        !IsLost && Has(nvml.Number(function, device, out var number), function) ? number : null;

    private uint? Number(string function, uint which) =>
        !IsLost && Has(nvml.Number(function, device, which, out var number), function) ? number : null;

    private uint? Pair(string function, out uint? second)
    {
        second = null;
        if (IsLost || !Has(nvml.Pair(function, device, out var one, out var two), function))
            return null;
        second = two;
        return one;
    }

    private bool Has(NvmlStatus status, string function)
    {
        switch (status)
        {
            case NvmlStatus.Success:
                return true;
            case NvmlStatus.GpuIsLost:
                IsLost = true;
                return false;
            // Each kind of GPU, and each mode (as MIG), lacks some of the readings: that is how they say so.
            case NvmlStatus.NotSupported or NvmlStatus.FunctionNotFound or NvmlStatus.NoPermission or NvmlStatus.NoData or NvmlStatus.Deprecated:
                return false;
            default:
                problems.Add($"{function}: {nvml.Describe(status)}");
                return false;
        }
    }

    private static string? Named(uint? value, string[] names) => value < names.Length ? names[value.Value] : null;

    private static string? State(uint? state) => state is null or UnknownState ? null : string.Create(CultureInfo.InvariantCulture, $"P{state}");

    private static string Switch(uint value) => value == 0 ? "Disabled" : "Enabled";

    private static double? Watts(uint? milliwatts) => milliwatts is { } some ? Math.Round(some / 1000.0, 2) : null;

    private static double Mebibytes(ulong bytes) => bytes >> 20;
}

/// <summary>Bus ids as the inherited interface writes them.</summary>
internal static class BusIds
{
    /// <summary>Newer drivers write the domain with eight digits, of which the first four are zero on nearly every machine.</summary>
    public static string Short(string id) =>
        id.StartsWith("0000", StringComparison.Ordinal) && id.IndexOf(':', StringComparison.Ordinal) == 8 ? id[4..] : id;
}
