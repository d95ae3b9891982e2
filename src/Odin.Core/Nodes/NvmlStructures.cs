using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Odin.Nodes;

/// <summary><c>nvmlReturn_t</c>: the values that we look at.</summary>
internal enum NvmlStatus
{
    Success = 0,
    Uninitialized = 1,
    NotSupported = 3,
    NoPermission = 4,
    InsufficientSize = 7,

    /// <summary>The function is missing in the installed library. Our own answer too when a symbol is not there.</summary>
    FunctionNotFound = 13,

    /// <summary>The GPU has fallen off the bus or is otherwise gone.</summary>
    GpuIsLost = 15,

    NoData = 21,

    ArgumentVersionMismatch = 25,

    Deprecated = 26,
}

/// <summary><c>nvmlPciInfo_t</c> (68 bytes). The older layouts begin in the same way and are shorter.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlPciInfo
{
    /// <summary>Domain with four digits, which is what older drivers have.</summary>
    public Text16 BusIdLegacy;
    public uint Domain;
    public uint Bus;
    public uint Device;
    public uint PciDeviceId;
    public uint PciSubSystemId;
    public Text32 BusId;

    [InlineArray(16)]
    internal struct Text16
    {
        private byte first;
    }

    [InlineArray(32)]
    internal struct Text32
    {
        private byte first;
    }
}

/// <summary><c>nvmlMemory_t</c>, in bytes; what is reserved counts as used.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary><c>nvmlMemory_v2_t</c>, in bytes; the order differs from the first version.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    /// <summary>The size of the structure with its version in the highest byte.</summary>
    public const uint CurrentVersion = 40 | (2 << 24);

    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;
}

/// <summary>What all layouts of <c>nvmlProcessInfo_t</c> begin with.</summary>
/// <param name="UsedMemory">Bytes; all bits set: not known.</param>
internal readonly record struct NvmlProcess(uint Pid, ulong UsedMemory)
{
    public const ulong NotAvailable = ulong.MaxValue;
}
