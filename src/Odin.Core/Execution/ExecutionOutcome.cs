using System.Globalization;

namespace Odin.Execution;

/// <summary>How an execution ended, in the words of its status; the same words for every executor.</summary>
public readonly record struct ExecutionOutcome(ExecutionPhase Phase, string? Reason, string? Message, int? ExitCode = null)
{
    private const int SignalKill = 9;

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

    public static ExecutionOutcome StartFailed(string message) => new(ExecutionPhase.Failed, ExecutionReasons.StartFailed, message);

    public static ExecutionOutcome Lost(string message) => new(ExecutionPhase.Lost, ExecutionReasons.Lost, message);

    /// <summary>The end of a program that nobody has asked to end.</summary>
    public static ExecutionOutcome Exited(int code) => code switch
    {
        0 => new ExecutionOutcome(ExecutionPhase.Succeeded, null, null, 0),
        126 => new ExecutionOutcome(ExecutionPhase.Failed, ExecutionReasons.CommandNotExecutable,
            "exit code 126: a command could not be executed; its log says which. Is it a program for this machine, and allowed to run?", code),
        127 => new ExecutionOutcome(ExecutionPhase.Failed, ExecutionReasons.CommandNotFound,
            "exit code 127: a command, or the interpreter in its first line, was not found; its log says which", code),
        > 128 and <= 192 => new ExecutionOutcome(ExecutionPhase.Failed, ExecutionReasons.Killed, DescribeSignal(code - 128), code),
        _ => new ExecutionOutcome(ExecutionPhase.Failed, ExecutionReasons.NonZeroExit, $"exit code {code.ToString(CultureInfo.InvariantCulture)}", code),
    };

    /// <summary>
    /// The end after <see cref="IExecutor.StopAsync"/>, however the program took it: one that answers SIGTERM with exit
    /// code 0 has been stopped all the same, its work is not done.
    /// </summary>
    /// <param name="reason">A <see cref="StopReason"/>, or a reason of the executor's own.</param>
    public static ExecutionOutcome Stopped(string reason, int? code) => new(ExecutionPhase.Failed, reason, reason switch
    {
        ExecutionReasons.Timeout => "stopped: it ran longer than its timeout",
        ExecutionReasons.PendingTimeout => "stopped: it waited longer than its pending timeout",
        ExecutionReasons.FailFast => "stopped because another task failed",
        ExecutionReasons.LogLimitExceeded => "stopped: its log grew over the limit and this file system cannot give back the middle of a file",
        _ => "cancelled",
    }, code);

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
        var hint = signal == SignalKill ? ": often the kernel's out-of-memory killer" : "";
        return string.Create(CultureInfo.InvariantCulture, $"ended by signal {signal}{name}{hint}");
    }
}
