using System.Runtime.InteropServices;

namespace Odin.Execution.Processes;

/// <summary>How a child of ours ended, and what it and all that it waited for has used.</summary>
/// <param name="ExitCode">Null if it ended by a signal, as a shim normally does.</param>
/// <param name="PeakBytes">0 if it is not known.</param>
internal readonly record struct ChildEnd(int? ExitCode, double CpuSeconds, long PeakBytes)
{
    private const int OurselvesOnly = 0;

    /// <summary>Null if it is not a child of ours (it was adopted), or if somebody else has waited for it.</summary>
    public static unsafe ChildEnd? WaitFor(int pid)
    {
        int status;
        Native.ResourceUsage usage;
        int found;
        do
            found = Native.Wait(pid, &status, Native.WithoutHang, &usage);
        while (found < 0 && Marshal.GetLastPInvokeError() == Native.Interrupted);
        if (found != pid)
            return null;
        // Linux counts the memory of the spawning process, which a child shares until it loads its program, as the
        // child's own. So a peak is the child's only where it is above ours.
        Native.ResourceUsage own;
        _ = Native.GetUsage(OurselvesOnly, &own);
        var peak = usage.MaximumResidentKilobytes > own.MaximumResidentKilobytes ? usage.MaximumResidentKilobytes * 1024 : 0;
        return new ChildEnd((status & 0x7f) == 0 ? (status >> 8) & 0xff : null, usage.CpuSeconds, peak);
    }

    public ExecutionUsage MergeInto(ExecutionUsage? seen) =>
        new(Math.Max(CpuSeconds, seen?.CpuSeconds ?? 0), 0, Math.Max(PeakBytes, seen?.PeakMemoryBytes ?? 0));
}
