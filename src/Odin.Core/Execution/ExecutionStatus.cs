namespace Odin.Execution;

/// <summary>Where an execution is in its life.</summary>
public enum ExecutionPhase
{
    /// <summary>Accepted, not started: waits for a slot (or for a node, an image). The reason says for what.</summary>
    Queued,

    Running,

    /// <summary>Ended with exit code 0.</summary>
    Succeeded,

    /// <summary>Ended in any other way, also by our own hand; the reason says how.</summary>
    Failed,

    /// <summary>Vanished without an exit code: killed with its shim, or the machine went down.</summary>
    Lost,
}

/// <summary>Why <see cref="IExecutor.StopAsync"/> was called; becomes the reason of the status.</summary>
public enum StopReason
{
    Cancelled,
    Timeout,
    PendingTimeout,

    /// <summary>Another task failed and the run's policy is <c>fail_fast</c>.</summary>
    FailFast,
}

/// <summary>What is known of an execution.</summary>
public sealed record ExecutionStatus
{
    public required ExecutionKey Key { get; init; }

    public required ExecutionPhase Phase { get; init; }

    /// <summary>One of <see cref="ExecutionReasons"/>; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people, with the place and the remedy.</summary>
    public string? Message { get; init; }

    public int? ExitCode { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    /// <summary>What the back end calls it: <c>pid:1234</c>, the name of a pod.</summary>
    public string? ResourceId { get; init; }

    public ExecutionUsage? Usage { get; init; }

    public bool IsEnded => Phase is ExecutionPhase.Succeeded or ExecutionPhase.Failed or ExecutionPhase.Lost;
}

/// <summary>Figures of the whole process tree, as last seen.</summary>
/// <param name="CpuSeconds">Processor time so far, user and system.</param>
/// <param name="MemoryBytes">Resident memory now.</param>
/// <param name="PeakMemoryBytes">The highest resident memory seen.</param>
public sealed record ExecutionUsage(double CpuSeconds, long MemoryBytes, long PeakMemoryBytes)
{
    /// <summary>A second of processor time, or a tenth of the memory (at least a mebibyte): worth telling somebody.</summary>
    public bool DiffersNoticeablyFrom(ExecutionUsage? other) =>
        other is null
        || CpuSeconds - other.CpuSeconds >= 1
        || Math.Abs(MemoryBytes - other.MemoryBytes) > Math.Max(1 << 20, other.MemoryBytes / 10);
}

/// <summary>Reasons that executors give. They are part of the API: never rename one.</summary>
public static class ExecutionReasons
{
    public const string WaitingForSlot = nameof(WaitingForSlot);
    public const string CommandNotFound = nameof(CommandNotFound);
    public const string CommandNotExecutable = nameof(CommandNotExecutable);
    public const string NonZeroExit = nameof(NonZeroExit);

    /// <summary>Ended by a signal; 137 is the kernel's or the administrator's SIGKILL.</summary>
    public const string Killed = nameof(Killed);
    public const string Lost = nameof(Lost);
    public const string Cancelled = nameof(Cancelled);
    public const string Timeout = nameof(Timeout);
    public const string PendingTimeout = nameof(PendingTimeout);
    public const string FailFast = nameof(FailFast);

    /// <summary>The program could not be started at all: disk full, no permission.</summary>
    public const string StartFailed = nameof(StartFailed);

    /// <summary>Stopped because its log could not be kept within its limit on this file system.</summary>
    public const string LogLimitExceeded = nameof(LogLimitExceeded);
}
