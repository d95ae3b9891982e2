namespace Odin.Nodes;

/// <summary>
/// Room for <c>nvmlProcessInfo_t</c> of any layout. The same function has written 16, 24 and 32 bytes for each process in
/// drivers that claim the same version of it (535.43 to 535.86 are the known ones), so neither its name nor the driver's
/// version tells: what was written does.
/// </summary>
internal sealed class NvmlProcessBuffer
{
    public const uint MaxProcesses = 4096;

    private const int LargestLayout = 32;

    // No field ends in this byte unless by chance: the ends are the high bytes of a size, or an instance id.
    private const byte Untouched = 0xA5;

    private static readonly int[] Layouts = [16, 24, LargestLayout];

    public NvmlProcessBuffer(uint room)
    {
        Bytes = new byte[room * LargestLayout];
        Bytes.AsSpan().Fill(Untouched);
    }

    /// <summary>For the driver to write to.</summary>
    public byte[] Bytes { get; }

    /// <summary>What the driver has written.</summary>
    public IReadOnlyList<NvmlProcess> Read(uint count)
    {
        var written = Bytes.AsSpan().LastIndexOfAnyExcept(Untouched) + 1;
        if (count == 0 || written == 0)
            return [];
        var layout = Layouts.FirstOrDefault(size => size * count >= written, LargestLayout);
        var processes = new NvmlProcess[count];
        for (var i = 0; i < processes.Length; i++)
        {
            var entry = Bytes.AsSpan(i * layout);
            processes[i] = new NvmlProcess(
                BitConverter.ToUInt32(entry), BitConverter.ToUInt64(entry[8..]));
        }
        return processes;
    }
}
