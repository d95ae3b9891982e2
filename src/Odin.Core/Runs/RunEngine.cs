using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Reconciliation;

namespace Odin.Runs;

/// <summary>Keeps the reconciler of runs fed with what the executors report.</summary>
internal sealed partial class RunEngine : BackgroundService
{
    private readonly ReconcilerHost<Run> host;
    private readonly RunReconciler reconciler;
    private readonly ExecutorSet executors;
    private readonly ILogger<RunEngine> logger;

    public RunEngine(ReconcilerHost<Run> host, RunReconciler reconciler, ExecutorSet executors, ILogger<RunEngine> logger)
    {
        (this.host, this.reconciler, this.executors, this.logger) = (host, reconciler, executors, logger);
        reconciler.Wake = host.Wake;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The executors are watched before the first run is looked at, so that no end is missed.
        var pumps = executors.All.Select(executor => PumpAsync(executor, stoppingToken)).ToList();
        await host.StartAsync(stoppingToken);
        try
        {
            await Task.WhenAll(pumps);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private async Task PumpAsync(IExecutor executor, CancellationToken cancellationToken)
    {
        await foreach (var status in executor.WatchAsync(cancellationToken))
            reconciler.Report(status);
        LogWatchEnded(executor.Name);
    }

    [LoggerMessage(1, LogLevel.Error, "The executor '{Executor}' stopped reporting")]
    private partial void LogWatchEnded(string executor);
}
