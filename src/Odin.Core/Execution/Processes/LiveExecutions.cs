using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Odin.Execution.Processes;

/// <summary>
/// The executions in the care of this process: those that wait for a slot, run, or have lately ended. All of it can be
/// found again from the files of <see cref="ExecutionDirectory"/>.
/// </summary>
internal sealed partial class LiveExecutions : IAsyncDisposable
{
    /// <summary>Ended ones that are remembered with their last figures; others are read from disk when asked for.</summary>
    private const int EndedKept = 4096;

    private readonly ILogger logger;
    private readonly LogStore logs;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<ExecutionKey, Execution> executions = [];
    private readonly HashSet<Execution> running = [];
    private readonly Queue<Execution> ended = new();
    private readonly SlotQueue<Execution> slots;
    private readonly ProcessWatcher watcher;
    private readonly ProcessLauncher launcher;
    private readonly ProcessMonitor monitor;
    private readonly ProcessStopper stopper;
    private readonly BackgroundWork work;

    public LiveExecutions(ProcessExecutorOptions options, LogStore logs, TimeProvider time, ILogger logger)
    {
        this.logger = logger;
        this.logs = logs;
        this.time = time;
        slots = new SlotQueue<Execution>(options.MaxParallelTasks);
        work = new BackgroundWork(logger);
        stopper = new ProcessStopper(time);
        watcher = new ProcessWatcher(OnEnded);
        monitor = new ProcessMonitor(time, logs, ListRunning, OnMeasured, OnFlooded);
        launcher = new ProcessLauncher(options, logs, OnStarted, OnNotStarted, Abandon);
    }

    /// <summary>Where changes are published, in order, while the gate is held.</summary>
    public StatusFeed Feed { get; } = new();

    public ExecutionStatus? Find(ExecutionKey key)
    {
        lock (gate)
            return executions.TryGetValue(key, out var execution) ? StatusOf(execution) : null;
    }

    public ExecutionStatus Enqueue(Execution execution)
    {
        lock (gate)
        {
            executions[execution.Key] = execution;
            if (execution.IsService)
            {
                execution.Stage = Stage.Launching;
                launcher.Add(execution);
            }
            else
            {
                slots.Enqueue(execution.Key.Group, execution);
                Dispatch();
            }
            return StatusOf(execution);
        }
    }

    /// <summary>Watches what runs already; if its end was asked for, sees to that.</summary>
    public ExecutionStatus Adopt(Execution execution, ShimState state)
    {
        lock (gate)
            executions[execution.Key] = execution;
        Follow(execution, state);
        return Find(execution.Key)!;
    }

    /// <summary>Ends it; the reason must have been recorded on disk. False if it is not in our care.</summary>
    public bool Stop(ExecutionKey key, StopRequest request)
    {
        Execution? execution;
        bool waits;
        lock (gate)
        {
            if (!executions.TryGetValue(key, out execution))
                return false;
            if (execution.Stage is Stage.Ended || execution.Stop is not null)
                return true;
            execution.Stop = request;
            waits = slots.Remove(execution);
            // One that a launcher has at hand is stopped as soon as it is started.
            if (!waits && execution.Stage is not Stage.Running)
                return true;
        }
        if (waits)
            Settle(execution, null);
        else
            work.Start(token => stopper.StopAsync(execution, token));
        return true;
    }

    /// <summary>Takes one that waits for a slot out of our care. False if it does not wait (any more).</summary>
    public bool Withdraw(ExecutionKey key)
    {
        lock (gate)
        {
            return executions.TryGetValue(key, out var execution) && execution is { Stage: Stage.Queued, Stop: null }
                && slots.Remove(execution) && executions.Remove(key);
        }
    }

    public void Forget(ExecutionKey key)
    {
        lock (gate)
            executions.Remove(key);
    }

    public async ValueTask DisposeAsync()
    {
        await launcher.DisposeAsync();
        await watcher.DisposeAsync();
        await monitor.DisposeAsync();
        await work.DisposeAsync();
        Feed.Complete();
    }

    private ExecutionStatus StatusOf(Execution execution) => execution.Stage switch
    {
        Stage.Ended => execution.End!,
        Stage.Queued => new ExecutionStatus
        {
            Key = execution.Key,
            Phase = ExecutionPhase.Queued,
            Reason = ExecutionReasons.WaitingForSlot,
            Message = string.Create(CultureInfo.InvariantCulture, $"{slots.Busy} of {slots.Slots} slots are busy; {slots.Waiting} wait"),
        },
        Stage.Launching => new ExecutionStatus { Key = execution.Key, Phase = ExecutionPhase.Queued, Message = "is being started" },
        _ => new ExecutionStatus
        {
            Key = execution.Key,
            Phase = ExecutionPhase.Running,
            Reason = execution.Stop?.Reason,
            Message = execution.Stop is null ? null : "is being stopped",
            Started = execution.Started,
            ResourceId = $"pid:{execution.Pid}",
            Usage = execution.Usage,
        },
    };

    private Execution[] ListRunning()
    {
        lock (gate)
            return [.. running];
    }

    private void Dispatch()
    {
        while (slots.TryTake() is { } execution)
        {
            execution.Stage = Stage.Launching;
            execution.HoldsSlot = true;
            launcher.Add(execution);
        }
    }

    private void OnStarted(Execution execution, int pid)
    {
        execution.Spec = null;
        Follow(execution, new ShimState(ShimPhase.Running, pid, Native.OpenProcess(pid)));
    }

    // The claim comes first: after a crash at this moment the next process must not start what was reported as failed.
    private void OnNotStarted(Execution execution, ExecutionOutcome outcome) => work.Start(
        _ =>
        {
            // One that was stopped meanwhile has been stopped: that it would not have started does not matter any more.
            if (!execution.IsOurs)
                Abandon(execution);
            else if (execution.Stop is null && TryRefuse(execution.Directory, outcome))
                Finish(execution, outcome);
            else
                Settle(execution, null);
            return Task.CompletedTask;
        },
        _ => Finish(execution, outcome));

    private void Follow(Execution execution, ShimState state)
    {
        bool stop;
        lock (gate)
        {
            if (execution.Pid != 0)
                execution.Started = null;
            execution.Follow(state.Pid);
            if (execution.IsDisowned)
            {
                watcher.Watch(execution, state.Pid, state.Descriptor);
                return;
            }
            execution.Started ??= execution.Stage is Stage.Launching ? time.GetUtcNow() : execution.Directory.Started;
            execution.Stage = Stage.Running;
            running.Add(execution);
            if (execution is { HoldsSlot: false, IsService: false })
            {
                slots.Occupy();
                execution.HoldsSlot = true;
            }
            stop = execution.Stop is not null;
            Feed.Publish(StatusOf(execution));
        }
        watcher.Watch(execution, state.Pid, state.Descriptor);
        monitor.Wake();
        if (stop)
            work.Start(token => stopper.StopAsync(execution, token));
    }

    private void OnEnded(Execution execution)
    {
        // Only our own children can be waited for, and must be; they leave exact figures.
        var child = ChildEnd.WaitFor(execution.Pid);
        if (child is { } end)
            execution.Usage = end.MergeInto(execution.Usage);
        execution.Gone.TrySetResult();
        if (execution.IsDisowned)
            return;
        if (execution.Stop is null && TryReadExitCode(execution) is { } code)
            Finish(execution, ExecutionOutcome.Exited(code));
        else
            Settle(execution, child?.ExitCode);
    }

    private static int? TryReadExitCode(Execution execution)
    {
        try
        {
            return execution.Directory.ReadExitCode();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left to those who may try again: this is the thread that sees all ends.
            return null;
        }
    }

    // An end that nobody can find out is an end too: the task and its run would wait for it for ever.
    private void Settle(Execution execution, int? shimCode) =>
        work.Start(token => SettleAsync(execution, shimCode, token), e => Finish(execution, ProcessOutcome.Unknown(e.Message)));

    /// <summary>Finds out what has become of an execution whose shim is dead, or that must not be started any more.</summary>
    private async Task SettleAsync(Execution execution, int? shimCode, CancellationToken cancellationToken)
    {
        var files = execution.Directory;
        ShimState state;
        while (true)
        {
            state = await ShimState.InspectAsync(files, cancellationToken);
            if (state.Phase is ShimPhase.Running)
            {
                // Another shim, started by an earlier process, was first.
                Follow(execution, state);
                return;
            }
            if (state.Phase is ShimPhase.Unclaimed && !execution.IsOurs)
            {
                Abandon(execution);
                return;
            }
            if (state.Phase is not ShimPhase.Unclaimed || TryRefuse(files))
                break;
        }
        if (state.Phase is ShimPhase.Vanished || (state.Phase is ShimPhase.Ended && execution.Stop is not null))
            await ProcessStopper.SweepAsync(execution, cancellationToken);
        var unstarted = state.Phase is ShimPhase.Unclaimed && execution.Stop is null;
        Finish(execution, unstarted && shimCode == Shim.NoWorkingDirectory
            ? ExecutionOutcome.StartFailed("the working directory cannot be entered: its permissions do not allow it, or it was removed")
            : ProcessOutcome.Of(state, execution));
    }

    /// <summary>False if a shim was faster, of this process or of another one.</summary>
    public static bool TryRefuse(ExecutionDirectory files, ExecutionOutcome? why = null)
    {
        try
        {
            return files.Refuse(why);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !Native.IsShortage(e))
        {
            // Where we cannot make the claim, no shim can.
            return true;
        }
    }

    private void Finish(Execution execution, ExecutionOutcome outcome)
    {
        TrimLog(execution.Key);
        lock (gate)
        {
            if (execution.Stage is Stage.Ended || execution.IsDisowned)
                return;
            execution.End = outcome.ToStatus(execution.Key) with
            {
                Started = execution.Started,
                Finished = time.GetUtcNow(),
                ResourceId = execution.Pid > 0 ? $"pid:{execution.Pid}" : null,
                Usage = execution.Usage is { } usage ? usage with { MemoryBytes = 0 } : null,
            };
            execution.Stage = Stage.Ended;
            execution.Spec = null;
            running.Remove(execution);
            if (execution.HoldsSlot)
                slots.Release();
            Dispatch();
            Keep(execution);
            Feed.Publish(execution.End);
        }
    }

    private void Keep(Execution execution)
    {
        ended.Enqueue(execution);
        if (ended.Count <= EndedKept)
            return;
        var oldest = ended.Dequeue();
        if (executions.TryGetValue(oldest.Key, out var current) && ReferenceEquals(current, oldest))
            executions.Remove(oldest.Key);
    }

    private void TrimLog(ExecutionKey key)
    {
        try
        {
            logs.Trim(key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotTrimmed(key, e);
        }
    }

    private void OnMeasured(Execution execution, ExecutionUsage usage)
    {
        lock (gate)
        {
            if (execution.Stage is not Stage.Running)
                return;
            execution.Usage = usage;
            if (!usage.DiffersNoticeablyFrom(execution.PublishedUsage))
                return;
            execution.PublishedUsage = usage;
            Feed.Publish(StatusOf(execution));
        }
    }

    private void OnFlooded(Execution execution)
    {
        if (execution.Stop is not null)
            return;
        var request = new StopRequest(ExecutionReasons.LogLimitExceeded, time.GetUtcNow());
        try
        {
            execution.Directory.WriteStop(request);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotTrimmed(execution.Key, e);
        }
        Stop(execution.Key, request);
    }

    [LoggerMessage(LogLevel.Warning, "The log of {Execution} could not be kept within its limit")]
    private partial void LogNotTrimmed(ExecutionKey execution, Exception exception);
}
