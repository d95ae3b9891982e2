using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Reconciliation;

namespace Odin.Steps;

/// <summary>Keeps a reconciler of work in steps fed with what its executor reports.</summary>
internal sealed partial class StepEngine<T> : BackgroundService
    where T : class, IStepResource<T>
{
    private readonly ReconcilerHost<T> host;
    private readonly StepReconciler<T> reconciler;
    private readonly IExecutor executor;
    private readonly ILogger<StepEngine<T>> logger;

    public StepEngine(ReconcilerHost<T> host, StepReconciler<T> reconciler, IStepWork<T> work, ILogger<StepEngine<T>> logger)
    {
        (this.host, this.reconciler, executor, this.logger) = (host, reconciler, work.Executor, logger);
        reconciler.Wake = host.Wake;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The executor is watched before the first resource is looked at, so that no end is missed.
        var pump = PumpAsync(stoppingToken);
        await host.StartAsync(stoppingToken);
        foreach (var id in reconciler.Leftovers())
            host.Wake(id);
        try
        {
            await pump;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            reconciler.Stop();
            await host.StopAsync(CancellationToken.None);
        }
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        await foreach (var status in executor.WatchAsync(cancellationToken))
            reconciler.Report(status);
        LogWatchEnded(executor.Name);
    }

    [LoggerMessage(1, LogLevel.Error, "The executor '{Executor}' stopped reporting")]
    private partial void LogWatchEnded(string executor);
}
