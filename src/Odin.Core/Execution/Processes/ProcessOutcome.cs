using System.Globalization;

namespace Odin.Execution.Processes;

/// <summary>The ends that only processes have.</summary>
internal static class ProcessOutcome
{
    /// <summary>The outcome of an execution whose shim is no more, or that never had one.</summary>
    public static ExecutionOutcome Of(ShimState state, Execution execution) => state.Phase switch
    {
        _ when execution.Stop is { } stop => ExecutionOutcome.Stopped(stop.Reason, state.ExitCode),
        ShimPhase.Ended => ExecutionOutcome.Exited(state.ExitCode!.Value),
        ShimPhase.Vanished => Vanished(state.Pid),
        _ => execution.Directory.ReadRefusal() ?? NeverRan(execution.Directory.Path),
    };

    public static ExecutionOutcome Vanished(int pid) => ExecutionOutcome.Lost(string.Create(CultureInfo.InvariantCulture,
        $"process {pid} vanished without an exit code: it was killed together with all of its group, or the machine went down"));

    public static ExecutionOutcome OutOfSight(int pid, Machine machine) => ExecutionOutcome.Lost(string.Create(CultureInfo.InvariantCulture,
        $"process {pid} ran on the machine \"{machine.Name}\", whose server is gone, and cannot be seen from \"{Machine.Current.Name}\": it may still run there"));

    public static ExecutionOutcome NeverRan(string directory) =>
        ExecutionOutcome.StartFailed($"the program was not started: its start could not be recorded in \"{directory}\". Is the disk full or read-only?");

    public static ExecutionOutcome Unknown(string why) => ExecutionOutcome.Lost($"what became of it could not be found out: {why}");
}
