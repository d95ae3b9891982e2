using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Deployments;

/// <summary>Has models asked what they are when their deployments change.</summary>
internal sealed class ServedModelEngine(
    ReconcilerHost<ServedModel> host, ServedModelReconciler reconciler, IResourceStore store, TimeProvider time, ILogger<ServedModelEngine> logger) : BackgroundService
{
    /// <summary>Models that are asked at a time.</summary>
    public const int Workers = 2;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await host.StartAsync(stoppingToken);
        await store.FollowAsync<Deployment>(LookAtAllAsync, (change, token) => LookAtAsync(change.Id, token), time, logger, stoppingToken);
        await host.StopAsync(CancellationToken.None);
    }

    private async Task LookAtAllAsync(CancellationToken cancellationToken)
    {
        await foreach (var deployment in store.EnumerateAsync<Deployment>(new ResourceQuery(), cancellationToken))
            await LookAtAsync(deployment.Id, cancellationToken);
        await foreach (var known in store.EnumerateAsync<ServedModel>(new ResourceQuery(), cancellationToken))
            await LookAtAsync(known.Id, cancellationToken);
    }

    private async Task LookAtAsync(string id, CancellationToken cancellationToken)
    {
        if (await reconciler.IsDueAsync(id, cancellationToken))
            host.Wake(id);
    }
}
