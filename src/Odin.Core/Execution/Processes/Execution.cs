using System.Collections.Concurrent;

namespace Odin.Execution.Processes;

internal enum Stage
{
    /// <summary>Waits for a slot.</summary>
    Queued,

    /// <summary>Has a slot; a launcher thread starts it.</summary>
    Launching,

    Running,

    Ended,
}

/// <summary>What this process remembers of an execution, to be found again from its directory at any time.</summary>
internal sealed class Execution(ExecutionDirectory directory, TimeSpan gracePeriod)
{
    public ExecutionKey Key => Directory.Key;

    public ExecutionDirectory Directory { get; } = directory;

    public TimeSpan GracePeriod { get; } = gracePeriod;

    /// <summary>What to start; null once that is done, and for what an earlier process has started.</summary>
    public ExecutionSpec? Spec { get; set; }

    /// <summary>It takes no slot.</summary>
    public bool IsService { get; init; }

    /// <summary>Whether this process is in charge; from the specification, and for what is adopted: yes.</summary>
    public Func<bool> MayStart { get; init; } = static () => true;

    /// <summary>Another process is in charge; if it is our child, somebody must still wait for it.</summary>
    public bool IsDisowned { get; set; }

    /// <summary>Whether we may decide what becomes of it.</summary>
    public bool IsOurs => !IsDisowned && MayStart();

    public Stage Stage { get; set; }

    /// <summary>The shim.</summary>
    public int Pid { get; set; }

    public bool HoldsSlot { get; set; }

    public StopRequest? Stop { get; set; }

    public DateTimeOffset? Started { get; set; }

    public ExecutionUsage? Usage { get; set; }

    /// <summary>The figures that watchers have last been told.</summary>
    public ExecutionUsage? PublishedUsage { get; set; }

    /// <summary>The last status, once it has ended.</summary>
    public ExecutionStatus? End { get; set; }

    /// <summary>Completes when the shim is dead.</summary>
    public TaskCompletionSource Gone { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Processes of it that were seen while it was being stopped: pid and start.</summary>
    public ConcurrentDictionary<(int Pid, long Started), bool> Seen { get; } = new();

    /// <summary>Another shim than ours has won the race for the claim; watch that one.</summary>
    public void Follow(int pid)
    {
        Pid = pid;
        Gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
