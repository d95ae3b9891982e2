namespace Odin.Nodes;

/// <summary>One GPU as its driver describes it at one moment. Null: the driver does not say.</summary>
public sealed record Gpu
{
    /// <summary>The place among the GPUs of its machine, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Domain, bus, device and function: <c>0000:01:00.0</c>; eight digits of domain only where four do not do.</summary>
    public string? BusId { get; init; }

    public string? Uuid { get; init; }

    public string? Serial { get; init; }

    /// <summary>The number N of <c>/dev/nvidiaN</c>.</summary>
    public string? MinorNumber { get; init; }

    public string? Name { get; init; }

    public string? Brand { get; init; }

    /// <summary><c>P0</c> (fastest) to <c>P15</c>.</summary>
    public string? PerformanceState { get; init; }

    /// <summary><c>Default</c>, <c>Exclusive_Thread</c>, <c>Prohibited</c> or <c>Exclusive_Process</c>.</summary>
    public string? ComputeMode { get; init; }

    public GpuMemory? Memory { get; init; }

    /// <summary>Percent.</summary>
    public double? Utilization { get; init; }

    /// <summary>Percent of the time in which memory was read or written.</summary>
    public double? MemoryUtilization { get; init; }

    /// <summary><c>Enabled</c> or <c>Disabled</c>.</summary>
    public string? CurrentEcc { get; init; }

    /// <summary>What <see cref="CurrentEcc"/> will be after a restart.</summary>
    public string? PendingEcc { get; init; }

    /// <summary>Degrees Celsius.</summary>
    public double? Temperature { get; init; }

    /// <summary>Degrees Celsius at which the GPU switches itself off.</summary>
    public double? ShutdownTemperature { get; init; }

    /// <summary>Degrees Celsius at which the GPU slows down.</summary>
    public double? SlowdownTemperature { get; init; }

    public GpuPower Power { get; init; } = new();

    /// <summary>MHz.</summary>
    public double? MemoryClock { get; init; }

    /// <summary>MHz, as an administrator has set it for programs.</summary>
    public double? ApplicationMemoryClock { get; init; }

    /// <summary>MHz.</summary>
    public double? MaxSmClock { get; init; }

    /// <summary>The compute programs on it. Null: the driver does not say; empty: none.</summary>
    public IReadOnlyList<GpuProcess>? Processes { get; init; }
}

/// <summary>Memory of a GPU in MiB; the rest of the total is the driver's own.</summary>
public sealed record GpuMemory(double? Total, double? Used, double? Free);

/// <summary>Power in watts.</summary>
public sealed record GpuPower
{
    /// <summary><c>Supported</c>, or null.</summary>
    public string? Management { get; init; }

    /// <summary>The performance state under another, older name.</summary>
    public string? State { get; init; }

    public double? Draw { get; init; }

    public double? Limit { get; init; }

    public double? DefaultLimit { get; init; }

    public double? MinLimit { get; init; }

    public double? MaxLimit { get; init; }
}

/// <summary>A program that computes on a GPU.</summary>
/// <param name="Name">Null when it cannot be seen from here, as from a container with process ids of its own.</param>
/// <param name="UsedMemory">MiB; null: the driver does not say.</param>
public sealed record GpuProcess(int Pid, string? Name, double? UsedMemory);

/// <summary>The GPUs of this machine at one moment.</summary>
/// <param name="Problems">Sentences on GPUs that could not be read and are left out, and on sources that failed.</param>
public sealed record GpuReport(GpuSource Source, IReadOnlyList<Gpu> Gpus, IReadOnlyList<string> Problems)
{
    /// <summary>There is no driver: no GPUs, and nothing wrong.</summary>
    public static GpuReport None { get; } = new(GpuSource.None, [], []);
}

/// <summary>Where the figures come from.</summary>
public enum GpuSource
{
    /// <summary>Nowhere: there is no driver that can be asked.</summary>
    None,

    /// <summary>The driver's library.</summary>
    Nvml,

    /// <summary>The driver's program.</summary>
    NvidiaSmi,
}
