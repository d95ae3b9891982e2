using Microsoft.Extensions.Logging;

namespace Odin.Nodes;

/// <summary>How the GPUs of this machine are read.</summary>
public sealed record GpuReaderOptions
{
    /// <summary>The driver's library: a name that the system looks up, or a path.</summary>
    public string NvmlLibrary { get; init; } = "libnvidia-ml.so.1";

    /// <summary>The driver's program, for where the library cannot be loaded: a name in PATH, or a path.</summary>
    public string NvidiaSmi { get; init; } = "nvidia-smi";

    /// <summary>How long the program may take.</summary>
    public TimeSpan NvidiaSmiLimit { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>
/// Reads the GPUs of this machine: by NVML, else by nvidia-smi; where there is neither, there are none. Nothing is kept,
/// but whoever asks during a reading gets the result of that one.
/// </summary>
public sealed partial class GpuReader : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private readonly NvmlReader nvml;
    private readonly NvidiaSmi smi;
    private readonly TimeProvider time;
    private readonly ILogger<GpuReader> logger;
    private Task<GpuReport>? current;
    private long started;
    private string said = "";

    public GpuReader(GpuReaderOptions options, TimeProvider time, ILogger<GpuReader> logger)
    {
        (this.time, this.logger) = (time, logger);
        nvml = new NvmlReader(options.NvmlLibrary);
        smi = new NvidiaSmi(options.NvidiaSmi, options.NvidiaSmiLimit, time);
    }

    /// <summary>The last reading that ended; null: none yet.</summary>
    public GpuReport? Last { get; private set; }

    /// <summary>For how long a reading has been under way; null: none is. A driver that hangs never answers.</summary>
    public TimeSpan? Reading
    {
        get
        {
            lock (gate)
                return current is { IsCompleted: false } ? time.GetElapsedTime(started) : null;
        }
    }

    /// <summary>Reads all GPUs. Cancelling ends the waiting, not the reading, which others may wait for too.</summary>
    public Task<GpuReport> ReadAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stop.IsCancellationRequested, this);
            if (current is null or { IsCompleted: true })
            {
                started = time.GetTimestamp();
                current = ReadNowAsync();
            }
            return current.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends the use of the driver, unless it is still being asked: then it goes with the process.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stop.IsCancellationRequested)
                return;
            stop.Cancel();
            if (current is null or { IsCompleted: true })
                nvml.Dispose();
        }
    }

    private async Task<GpuReport> ReadNowAsync()
    {
        // The library blocks, for seconds when a GPU sleeps and for ever when it is broken: not on a thread of the pool.
        var report = await Task.Factory.StartNew(
            nvml.Read, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        if (report is null or { Source: GpuSource.None })
        {
            var second = await smi.ReadAsync(stop.Token);
            report = second is { Source: not GpuSource.None } ? second
                : new GpuReport(GpuSource.None, [], [.. report?.Problems ?? [], .. second?.Problems ?? []]);
        }
        // The same every few seconds would fill the log.
        var problems = string.Join("; ", report.Problems);
        if (problems != said)
        {
            if (problems.Length > 0)
                LogProblems(problems);
            else
                LogRecovered(report.Gpus.Count);
            said = problems;
        }
        Last = report;
        return report;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "GPUs: {Problems}")]
    private partial void LogProblems(string problems);

    [LoggerMessage(Level = LogLevel.Information, Message = "GPUs: {Count} can be read again, without problems")]
    private partial void LogRecovered(int count);
}
