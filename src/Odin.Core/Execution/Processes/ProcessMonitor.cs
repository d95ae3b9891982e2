namespace Odin.Execution.Processes;

/// <summary>
/// Looks after what runs, as long as anything does: ten times a second whether a log has grown over its limit, once a
/// second at processor time and memory.
/// </summary>
internal sealed class ProcessMonitor : IAsyncDisposable
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan UsageInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time;
    private readonly LogStore logs;
    private readonly Func<Execution[]> running;
    private readonly Action<Execution, ExecutionUsage> measured;
    private readonly Action<Execution> flooded;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private long lastUsage;
    private bool ticking;
    private int busy;

    /// <param name="running">What runs now.</param>
    /// <param name="measured">Receives new figures.</param>
    /// <param name="flooded">Called for one whose log cannot be kept within its limit.</param>
    public ProcessMonitor(
        TimeProvider time, LogStore logs, Func<Execution[]> running, Action<Execution, ExecutionUsage> measured, Action<Execution> flooded)
    {
        this.time = time;
        this.logs = logs;
        this.running = running;
        this.measured = measured;
        this.flooded = flooded;
        timer = time.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something runs.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref ticking))
            return;
        lock (gate)
        {
            if (ticking)
                return;
            ticking = true;
            lastUsage = time.GetTimestamp();
            timer.Change(LogInterval, LogInterval);
        }
    }

    public ValueTask DisposeAsync() => timer.DisposeAsync();

    private void Tick()
    {
        if (Interlocked.Exchange(ref busy, 1) == 1)
            return;
        try
        {
            var executions = running();
            if (executions.Length == 0)
            {
                Rest();
                return;
            }
            foreach (var execution in executions)
            {
                if (!TryTrim(execution.Key))
                    flooded(execution);
            }
            if (time.GetElapsedTime(lastUsage) >= UsageInterval)
            {
                lastUsage = time.GetTimestamp();
                Measure(executions);
            }
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    private bool TryTrim(ExecutionKey key)
    {
        try
        {
            return logs.Trim(key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Removed while we look, or a disk that is broken for the program too. The next look is soon.
            return true;
        }
    }

    private void Rest()
    {
        lock (gate)
        {
            ticking = false;
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        // One may have started between our look and our rest.
        if (running().Length > 0)
            Wake();
    }

    private void Measure(Execution[] executions)
    {
        Dictionary<int, (long Ticks, long Pages)> sums;
        try
        {
            sums = ProcessTree.Measure([.. executions.Select(e => e.Pid).Distinct()]);
        }
        catch (IOException)
        {
            // Too many open files, perhaps: there are figures again in a second.
            return;
        }
        foreach (var execution in executions)
        {
            // Another shim may have turned out to be the one that runs the program, since the list was made.
            if (!sums.TryGetValue(execution.Pid, out var sum))
                continue;
            var (ticks, pages) = sum;
            var memory = pages * Environment.SystemPageSize;
            if (memory == 0)
                continue;
            var before = execution.Usage;
            var peak = Math.Max(memory, before?.PeakMemoryBytes ?? 0);
            measured(execution, new ExecutionUsage(Math.Max(ticks / ProcessRecord.TicksPerSecond, before?.CpuSeconds ?? 0), memory, peak));
        }
    }
}
