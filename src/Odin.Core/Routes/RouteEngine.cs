using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Deployments;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Routes;

/// <summary>Has routes looked at when their deployments change.</summary>
internal sealed class RouteEngine(
    ReconcilerHost<Route> host, RouteReconciler reconciler, IResourceStore store, TimeProvider time, ILogger<RouteEngine> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await host.StartAsync(stoppingToken);
        await store.FollowAsync<Deployment>(_ => WakeAsync(reconciler.Routes()), (change, _) => WakeAsync(reconciler.RoutesTo(change.Id)), time, logger, stoppingToken);
        await host.StopAsync(CancellationToken.None);
    }

    private Task WakeAsync(IEnumerable<string> routes)
    {
        foreach (var id in routes)
            host.Wake(id);
        return Task.CompletedTask;
    }
}
