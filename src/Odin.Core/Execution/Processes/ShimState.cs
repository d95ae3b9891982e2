using System.Text;

namespace Odin.Execution.Processes;

internal enum ShimPhase
{
    /// <summary>Nobody has started the program; a shim may be about to.</summary>
    Unclaimed,

    /// <summary>The server has seen to it that it never starts.</summary>
    Refused,

    Running,

    Ended,

    /// <summary>The shim is dead and has left no exit code.</summary>
    Vanished,

    /// <summary>A shim died, or its disk was full, after the claim and before the program.</summary>
    NeverRan,
}

/// <summary>What the files of an execution and the processes of the machine say together.</summary>
/// <param name="Descriptor">With <see cref="ShimPhase.Running"/>: an open descriptor of the process, or -1 if the system
/// gives none. The caller owns it.</param>
internal readonly record struct ShimState(ShimPhase Phase, int Pid = 0, int Descriptor = -1, int? ExitCode = null)
{
    public static async Task<ShimState> InspectAsync(ExecutionDirectory directory, CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (directory.ReadClaim())
            {
                case null:
                    return new ShimState(ShimPhase.Unclaimed);
                case 0:
                    return new ShimState(ShimPhase.Refused);
                case > 0 and var pid:
                    return InspectClaimed(directory, pid);
                default:
                    // Between making the claim and writing its pid into it, which is soon over, one way or the other.
                    if (ProcessTree.Find(directory, 0).Count == 0 && directory.ReadClaim() is < 0)
                        return new ShimState(ShimPhase.NeverRan);
                    await Task.Delay(10, cancellationToken);
                    break;
            }
        }
    }

    private static ShimState InspectClaimed(ExecutionDirectory directory, int pid)
    {
        if (directory.ReadExitCode() is { } code)
            return new ShimState(ShimPhase.Ended, pid, ExitCode: code);
        // First the descriptor, then the look whose it is: after this it cannot come to mean another process.
        var descriptor = Native.OpenProcess(pid);
        var isHanded = false;
        try
        {
            if (IsShim(directory, pid))
            {
                isHanded = true;
                return new ShimState(ShimPhase.Running, pid, descriptor);
            }
        }
        finally
        {
            // Also when there is no telling, for want of another descriptor perhaps.
            if (descriptor >= 0 && !isHanded)
                _ = Native.Close(descriptor);
        }
        // Dead now; it may have written its last word since the first look.
        return directory.ReadExitCode() is { } last
            ? new ShimState(ShimPhase.Ended, pid, ExitCode: last)
            : new ShimState(ShimPhase.Vanished, pid);
    }

    /// <summary>
    /// Pids are used again, also by other executions; the arguments of a shim name its directory. A dead child that
    /// nobody has waited for has none.
    /// </summary>
    private static bool IsShim(ExecutionDirectory directory, int pid)
    {
        var arguments = Encoding.UTF8.GetString(Native.ReadProcessFile($"/proc/{pid}/cmdline") ?? []).Split('\0', 4);
        return arguments.Length == 4 && Path.GetFileName(arguments[1]).StartsWith(Shim.NamePrefix, StringComparison.Ordinal)
            && arguments[2] == directory.Path;
    }
}
