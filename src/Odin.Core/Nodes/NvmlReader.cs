using System.Globalization;

namespace Odin.Nodes;

/// <summary>Reads all GPUs through the driver's library. For one thread at a time.</summary>
internal sealed class NvmlReader(string library) : IDisposable
{
    private NvmlLibrary? nvml;
    private bool isInitialized;

    /// <summary>Null: there is no such library here. A report with <see cref="GpuSource.None"/>: it is there and does not work.</summary>
    public GpuReport? Read()
    {
        // Tried again each time: a driver may be installed, or its container's mount appear, while we run.
        nvml ??= NvmlLibrary.TryLoad(library);
        if (nvml is null)
            return null;
        if (!isInitialized)
        {
            // Once, and not for each reading: without another user of it the driver forgets the GPUs at the end, and
            // finding them again takes seconds.
            if (nvml.Initialize() is var status && status != NvmlStatus.Success)
                return Failed("nvmlInit", status);
            isInitialized = true;
        }
        if (nvml.Count(out var count) is var counted && counted != NvmlStatus.Success)
        {
            // Whatever happened to the driver (an update, for one): begin anew the next time.
            Shutdown();
            return Failed("nvmlDeviceGetCount", counted);
        }
        return ReadAll(nvml, (int)count);
    }

    public void Dispose()
    {
        Shutdown();
        nvml?.Dispose();
    }

    private static GpuReport ReadAll(NvmlLibrary nvml, int count)
    {
        var gpus = new List<Gpu>();
        var problems = new List<string>();
        for (var i = 0; i < count; i++)
        {
            if (nvml.Device((uint)i, out var handle) is var found && found != NvmlStatus.Success)
            {
                problems.Add($"{Name(i)} cannot be read: {nvml.Describe(found)}");
                continue;
            }
            var device = new NvmlDevice(nvml, handle);
            var gpu = device.Read(i);
            // Left out: without its processes a lost GPU would look free.
            if (device.IsLost)
                problems.Add($"{Name(i)}{(gpu.Uuid is { } uuid ? $" ({uuid})" : "")} was lost while it was read");
            else
                gpus.Add(gpu);
            problems.AddRange(device.Problems.Select(p => $"{Name(i)}: {p}"));
        }
        return new GpuReport(GpuSource.Nvml, gpus, problems);
    }

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"GPU {index}");

    private GpuReport Failed(string function, NvmlStatus status) =>
        new(GpuSource.None, [], [$"{library}: {function}: {nvml!.Describe(status)}"]);

    private void Shutdown()
    {
        if (isInitialized)
            nvml!.Shutdown();
        isInitialized = false;
    }
}
