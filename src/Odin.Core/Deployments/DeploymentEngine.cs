using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Reconciliation;

namespace Odin.Deployments;

/// <summary>Keeps the reconciler of deployments fed with what the executor, the probes and the gateway report.</summary>
internal sealed partial class DeploymentEngine : BackgroundService
{
    private readonly Channel<bool> housekeeping = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ReconcilerHost<Deployment> host;
    private readonly DeploymentReconciler reconciler;
    private readonly IExecutor executor;
    private readonly RevisionPreparer preparer;
    private readonly ReplicaProbes probes;
    private readonly EventFeed events;
    private readonly ILogger<DeploymentEngine> logger;

    public DeploymentEngine(
        ReconcilerHost<Deployment> host, DeploymentReconciler reconciler, IExecutor executor, RevisionPreparer preparer, ReplicaProbes probes, DeploymentLoads loads, EventFeed events, ILogger<DeploymentEngine> logger)
    {
        (this.host, this.reconciler, this.executor, this.preparer, this.probes, this.events, this.logger) = (host, reconciler, executor, preparer, probes, events, logger);
        reconciler.Housekeeping = () => housekeeping.Writer.TryWrite(true);
        loads.Wake = preparer.Wake = probes.Wake = host.Wake;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The executor is watched before the first deployment is looked at, so that no end is missed.
        var pump = PumpAsync(stoppingToken);
        try
        {
            await GuardAsync(reconciler.CleanSocketsAsync, stoppingToken);
            await host.StartAsync(stoppingToken);
            await Task.WhenAll(pump, KeepHouseAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
            // The replicas run on: the next server finds them.
            if (probes.Count is > 0 and var left)
                LogLeft(left);
            await preparer.DisposeAsync();
            await probes.DisposeAsync();
        }
    }

    // Beside the reconciler: what fills a disk is removed slowly.
    private async Task KeepHouseAsync(CancellationToken cancellationToken)
    {
        housekeeping.Writer.TryWrite(true);
        await foreach (var _ in housekeeping.Reader.ReadAllAsync(cancellationToken))
        {
            await GuardAsync(reconciler.CleanImagesAsync, cancellationToken);
            await GuardAsync(events.PruneAsync, cancellationToken);
        }
    }

    // A file that cannot be removed is no reason not to serve.
    private async Task GuardAsync(Func<CancellationToken, Task> clean, CancellationToken cancellationToken)
    {
        try
        {
            await clean(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotClean(e.Message);
        }
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        await foreach (var status in executor.WatchAsync(cancellationToken))
        {
            if (DeploymentReconciler.DeploymentOf(status.Key.Group) is { } id)
                host.Wake(id);
        }
        LogWatchEnded(executor.Name);
    }

    [LoggerMessage(2, LogLevel.Warning, "What deployments have left could not be removed; it is tried again: {Reason}")]
    private partial void LogNotClean(string reason);

    [LoggerMessage(3, LogLevel.Information, "{Count} replicas of models run on without the server; the next one takes them over")]
    private partial void LogLeft(int count);

    [LoggerMessage(1, LogLevel.Error, "The executor '{Executor}' stopped reporting")]
    private partial void LogWatchEnded(string executor);
}
