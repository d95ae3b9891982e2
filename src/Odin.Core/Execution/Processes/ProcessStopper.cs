namespace Odin.Execution.Processes;

/// <summary>Ends whole trees of processes: asks first, forces after the grace period, and looks until nothing is left.</summary>
internal sealed class ProcessStopper(TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Rounds of force until the shim itself and its group are killed (it normally ends by itself).</summary>
    private const int PatientRounds = 50;

    /// <summary>Rounds until what survives SIGKILL is left alone: the kernel holds it, in a broken file system perhaps.</summary>
    private const int SweepRounds = 250;

    /// <summary>Returns when the shim is dead. The stop must have been recorded before.</summary>
    public async Task StopAsync(Execution execution, CancellationToken cancellationToken)
    {
        // Cut off at both ends because the clock may have been set since an earlier process recorded the request.
        var asked = execution.Stop!.Requested;
        var left = TimeSpan.FromTicks(Math.Clamp((asked + execution.GracePeriod - time.GetUtcNow()).Ticks, 0, execution.GracePeriod.Ticks));
        if (left > TimeSpan.Zero)
        {
            var start = time.GetTimestamp();
            // The shim may not have started the program yet, hence until somebody was there to be asked.
            while (!execution.Gone.Task.IsCompleted && !Ask(execution) && time.GetElapsedTime(start) < left)
                await WaitAsync(execution, LookAgain, TimeProvider.System, cancellationToken);
            await WaitAsync(execution, left - time.GetElapsedTime(start), time, cancellationToken);
        }
        for (var round = 1; !execution.Gone.Task.IsCompleted; round++)
        {
            ProcessTree.Signal(See(execution, execution.Pid), Native.SignalKill);
            if (round > PatientRounds)
                _ = Native.Kill(-execution.Pid, Native.SignalKill);
            await WaitAsync(execution, LookAgain, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Kills what is left after the death of the shim. Returns when nothing is.</summary>
    public static async Task SweepAsync(Execution execution, CancellationToken cancellationToken)
    {
        for (var round = 0; round < SweepRounds; round++)
        {
            var left = See(execution, 0);
            left.AddRange(execution.Seen.Keys.Select(s => ProcessTable.Read(s.Pid)).OfType<ProcessRecord>()
                .Where(p => !p.IsZombie && execution.Seen.ContainsKey((p.Pid, p.Started))));
            if (left.Count == 0)
                return;
            ProcessTree.Signal(left, Native.SignalKill);
            await Task.Delay(LookAgain, cancellationToken);
        }
    }

    private static bool Ask(Execution execution)
    {
        var tree = See(execution, execution.Pid);
        ProcessTree.Signal(tree, Native.SignalTerminate);
        // One that is stopped could not hear it.
        ProcessTree.Signal(tree, Native.SignalContinue);
        return tree.Count > 0;
    }

    private static List<ProcessRecord> See(Execution execution, int shim)
    {
        var tree = ProcessTree.Find(execution.Directory, shim);
        foreach (var process in tree)
            execution.Seen[(process.Pid, process.Started)] = true;
        return tree;
    }

    private static async Task WaitAsync(Execution execution, TimeSpan time, TimeProvider provider, CancellationToken cancellationToken)
    {
        if (time <= TimeSpan.Zero)
            return;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(execution.Gone.Task, Task.Delay(time, provider, over.Token));
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
