using System.Runtime.InteropServices;
using System.Text;

namespace Odin.Nodes;

/// <summary>
/// The driver's library, loaded at run time because most machines have none. Each function is looked up by name: older
/// drivers lack the newer versions. For one thread at a time.
/// </summary>
internal sealed unsafe class NvmlLibrary : IDisposable
{
    // The documentation names 96 bytes as the largest text.
    private const int TextSize = 128;

    private readonly nint handle;
    private readonly Dictionary<string, nint> functions = new(StringComparer.Ordinal);

    private NvmlLibrary(nint handle) => this.handle = handle;

    /// <summary>Null: there is no such library.</summary>
    public static NvmlLibrary? TryLoad(string name) => NativeLibrary.TryLoad(name, out var handle) ? new NvmlLibrary(handle) : null;

    public NvmlStatus Initialize()
    {
        var function = (delegate* unmanaged[Cdecl]<int>)Find("nvmlInit_v2", "nvmlInit");
        return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function();
    }

    public void Shutdown()
    {
        var function = (delegate* unmanaged[Cdecl]<int>)Find("nvmlShutdown");
        if (function is not null)
            _ = function();
    }

    public NvmlStatus Count(out uint count)
    {
        count = 0;
        var function = (delegate* unmanaged[Cdecl]<uint*, int>)Find("nvmlDeviceGetCount_v2", "nvmlDeviceGetCount");
        fixed (uint* result = &count)
            return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(result);
    }

    /// <summary>The handle of a GPU, by its place.</summary>
    public NvmlStatus Device(uint index, out nint device)
    {
        device = 0;
        var function = (delegate* unmanaged[Cdecl]<uint, nint*, int>)Find("nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex");
        fixed (nint* result = &device)
            return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(index, result);
    }

    /// <summary>Calls a function that writes a text.</summary>
    public NvmlStatus Text(string name, nint device, out string text)
    {
        var buffer = stackalloc byte[TextSize];
        var function = (delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)Find(name);
        var status = function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(device, buffer, TextSize);
        text = status == NvmlStatus.Success ? Decode(new ReadOnlySpan<byte>(buffer, TextSize)) : "";
        return status;
    }

    /// <summary>Calls a function that writes a number.</summary>
    public NvmlStatus Number(string name, nint device, out uint number)
    {
        number = 0;
        var function = (delegate* unmanaged[Cdecl]<nint, uint*, int>)Find(name);
        fixed (uint* result = &number)
            return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(device, result);
    }

    /// <summary>Calls a function that writes the number of one sensor, threshold or clock.</summary>
    public NvmlStatus Number(string name, nint device, uint which, out uint number)
    {
        number = 0;
        var function = (delegate* unmanaged[Cdecl]<nint, uint, uint*, int>)Find(name);
        fixed (uint* result = &number)
            return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(device, which, result);
    }

    /// <summary>Calls a function that writes two numbers.</summary>
    public NvmlStatus Pair(string name, nint device, out uint first, out uint second)
    {
        first = second = 0;
        var function = (delegate* unmanaged[Cdecl]<nint, uint*, uint*, int>)Find(name);
        fixed (uint* one = &first, two = &second)
            return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(device, one, two);
    }

    /// <summary>Percent of the time: computing, and memory in use.</summary>
    public NvmlStatus Utilization(nint device, out uint gpu, out uint memory)
    {
        // nvmlUtilization_t is two unsigned int.
        var result = stackalloc uint[2];
        var function = (delegate* unmanaged[Cdecl]<nint, uint*, int>)Find("nvmlDeviceGetUtilizationRates");
        var status = function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(device, result);
        (gpu, memory) = (result[0], result[1]);
        return status;
    }

    public NvmlStatus Pci(nint device, out NvmlPciInfo info)
    {
        info = default;
        var function = (delegate* unmanaged[Cdecl]<nint, NvmlPciInfo*, int>)Find("nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo");
        fixed (NvmlPciInfo* result = &info)
            return function is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)function(device, result);
    }

    /// <summary>In bytes; as the second version counts where the driver has it: then what is reserved is not used.</summary>
    public NvmlStatus Memory(nint device, out NvmlMemory memory)
    {
        memory = default;
        if ((delegate* unmanaged[Cdecl]<nint, NvmlMemoryV2*, int>)Find("nvmlDeviceGetMemoryInfo_v2") is var second && second is not null)
        {
            var info = new NvmlMemoryV2 { Version = NvmlMemoryV2.CurrentVersion };
            var status = (NvmlStatus)second(device, &info);
            memory = new NvmlMemory { Total = info.Total, Free = info.Free, Used = info.Used };
            if (status is not (NvmlStatus.FunctionNotFound or NvmlStatus.ArgumentVersionMismatch))
                return status;
        }
        var first = (delegate* unmanaged[Cdecl]<nint, NvmlMemory*, int>)Find("nvmlDeviceGetMemoryInfo");
        fixed (NvmlMemory* result = &memory)
            return first is null ? NvmlStatus.FunctionNotFound : (NvmlStatus)first(device, result);
    }

    /// <summary>The compute programs on a GPU, by the newest version that the driver has.</summary>
    public NvmlStatus Processes(nint device, out IReadOnlyList<NvmlProcess> processes)
    {
        processes = [];
        var function = (delegate* unmanaged[Cdecl]<nint, uint*, byte*, int>)Find(
            "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetComputeRunningProcesses");
        if (function is null)
            return NvmlStatus.FunctionNotFound;

        // Programs may start between the two calls; after a few rounds the answer would be as old as it is wrong.
        uint room = 0;
        for (var round = 0; ; round++)
        {
            var buffer = new NvmlProcessBuffer(room);
            var count = room;
            NvmlStatus status;
            fixed (byte* bytes = buffer.Bytes)
                status = (NvmlStatus)function(device, &count, bytes);
            if (status == NvmlStatus.Success)
                processes = buffer.Read(Math.Min(count, room));
            if (status != NvmlStatus.InsufficientSize || round == 4)
                return status;
            room = Math.Min(count, NvmlProcessBuffer.MaxProcesses) + 8;
        }
    }

    /// <summary>Null: there is no such process, or it cannot be seen from here.</summary>
    public string? ProcessName(uint pid)
    {
        const int size = 1024;
        var buffer = stackalloc byte[size];
        var function = (delegate* unmanaged[Cdecl]<uint, byte*, uint, int>)Find("nvmlSystemGetProcessName");
        return function is not null && function(pid, buffer, size) == (int)NvmlStatus.Success
            && Decode(new ReadOnlySpan<byte>(buffer, size)) is { Length: > 0 } name ? name : null;
    }

    /// <summary>The driver's own words for a status.</summary>
    public string Describe(NvmlStatus status)
    {
        var function = (delegate* unmanaged[Cdecl]<int, byte*>)Find("nvmlErrorString");
        var text = function is null ? null : Marshal.PtrToStringUTF8((nint)function((int)status));
        return string.IsNullOrEmpty(text) ? $"error {(int)status}" : $"{text} ({(int)status})";
    }

    public void Dispose() => NativeLibrary.Free(handle);

    /// <summary>A text that ends with a zero byte, or with its buffer.</summary>
    internal static string Decode(ReadOnlySpan<byte> bytes) =>
        Encoding.UTF8.GetString(bytes.IndexOf((byte)0) is var end && end >= 0 ? bytes[..end] : bytes);

    private void* Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (!functions.TryGetValue(name, out var function))
                functions[name] = function = NativeLibrary.TryGetExport(handle, name, out var found) ? found : 0;
            if (function != 0)
                return (void*)function;
        }
        return null;
    }
}
