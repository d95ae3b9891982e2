using System.Globalization;

namespace Odin.Execution.Processes;

/// <summary>How an execution ended, in the words of its status.</summary>
internal readonly record struct Outcome(ExecutionPhase Phase, string? Reason, string? Message, int? ExitCode = null)
{
    private static readonly Dictionary<int, string> SignalNames = new()
    {
        [1] = "SIGHUP",
        [2] = "SIGINT",
        [3] = "SIGQUIT",
        [4] = "SIGILL",
        [6] = "SIGABRT",
        [7] = "SIGBUS",
        [8] = "SIGFPE",
        [9] = "SIGKILL",
        [11] = "SIGSEGV",
        [13] = "SIGPIPE",
        [14] = "SIGALRM",
        [15] = "SIGTERM",
        [24] = "SIGXCPU",
        [25] = "SIGXFSZ",
    };

    /// <summary>The outcome of an execution whose shim is no more, or that never had one.</summary>
    public static Outcome Of(ShimState state, Execution execution) => state.Phase switch
    {
        _ when execution.Stop is { } stop => Stopped(stop, state.ExitCode),
        ShimPhase.Ended => Exited(state.ExitCode!.Value),
        ShimPhase.Vanished => Vanished(state.Pid),
        _ => execution.Directory.ReadRefusal() ?? NeverRan(execution.Directory.Path),
    };

    public static Outcome StartFailed(string message) => new(ExecutionPhase.Failed, ExecutionReasons.StartFailed, message);

    /// <summary>The end of a program that nobody has asked to end.</summary>
    public static Outcome Exited(int code) => code switch
    {
        0 => new Outcome(ExecutionPhase.Succeeded, null, null, 0),
        126 => new Outcome(ExecutionPhase.Failed, ExecutionReasons.CommandNotExecutable,
            "exit code 126: a command could not be executed; its log says which. Is it a program for this machine, and allowed to run?", code),
        127 => new Outcome(ExecutionPhase.Failed, ExecutionReasons.CommandNotFound,
            "exit code 127: a command, or the interpreter in its first line, was not found; its log says which", code),
        > 128 and <= 192 => new Outcome(ExecutionPhase.Failed, ExecutionReasons.Killed, DescribeSignal(code - 128), code),
        _ => new Outcome(ExecutionPhase.Failed, ExecutionReasons.NonZeroExit, $"exit code {code.ToString(CultureInfo.InvariantCulture)}", code),
    };

    /// <summary>
    /// The end after <see cref="IExecutor.StopAsync"/>, however the program took it: one that answers SIGTERM with exit
    /// code 0 has been stopped all the same, its work is not done.
    /// </summary>
    public static Outcome Stopped(StopRequest stop, int? code) => new(ExecutionPhase.Failed, stop.Reason, stop.Reason switch
    {
        ExecutionReasons.Timeout => "stopped: it ran longer than its timeout",
        ExecutionReasons.PendingTimeout => "stopped: it waited longer than its pending timeout",
        ExecutionReasons.FailFast => "stopped because another task failed",
        ExecutionReasons.LogLimitExceeded => "stopped: its log grew over the limit and this file system cannot give back the middle of a file",
        _ => "cancelled",
    }, code);

    public static Outcome Vanished(int pid) => new(ExecutionPhase.Lost, ExecutionReasons.Lost, string.Create(CultureInfo.InvariantCulture,
        $"process {pid} vanished without an exit code: it was killed together with all of its group, or the machine went down"));

    public static Outcome Unknown(string why) =>
        new(ExecutionPhase.Lost, ExecutionReasons.Lost, $"what became of it could not be found out: {why}");

    public static Outcome NeverRan(string directory) =>
        StartFailed($"the program was not started: its start could not be recorded in \"{directory}\". Is the disk full or read-only?");

    public ExecutionStatus ToStatus(ExecutionKey key) => new()
    {
        Key = key,
        Phase = Phase,
        Reason = Reason,
        Message = Message,
        ExitCode = ExitCode,
    };

    private static string DescribeSignal(int signal)
    {
        var name = SignalNames.TryGetValue(signal, out var known) ? $" ({known})" : "";
        var hint = signal == Native.SignalKill ? ": often the kernel's out-of-memory killer" : "";
        return string.Create(CultureInfo.InvariantCulture, $"ended by signal {signal}{name}{hint}");
    }
}
