using Odin.Deployments;
using Odin.Reconciliation;
using Odin.Resources;
using Odin.Storage;
using Route = Odin.Routes.Route;

namespace Odin.Server.Gateway;

/// <summary>Keeps the table in step with the store: filled before the server takes requests, then by every change.</summary>
internal sealed class RouteTableKeeper : BackgroundService
{
    private readonly Lock writing = new();
    private readonly Copy<Deployment> deployments;
    private readonly Copy<Route> routes;

    public RouteTableKeeper(RouteTable table, IResourceStore store, TimeProvider time, ILogger<RouteTableKeeper> logger)
    {
        deployments = new Copy<Deployment>(store, writing, table.Set, table.RemoveDeployment, time, logger);
        routes = new Copy<Route>(store, writing, table.Set, table.RemoveRoute, time, logger);
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);
        await Task.WhenAll(deployments.Listed, routes.Listed).WaitAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(deployments.FollowAsync(stoppingToken), routes.FollowAsync(stoppingToken));

    /// <summary>All resources of a kind, as the table has them.</summary>
    private sealed class Copy<T>(IResourceStore store, Lock writing, Action<T> set, Action<string> remove, TimeProvider time, ILogger logger)
        where T : class, IResource<T>
    {
        private readonly HashSet<string> known = new(StringComparer.Ordinal);
        private readonly TaskCompletionSource listed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when the table has had all of them once.</summary>
        public Task Listed => listed.Task;

        public Task FollowAsync(CancellationToken cancellationToken) => store.FollowAsync<T>(ListAsync, ReadAsync, time, logger, cancellationToken);

        private async Task ListAsync(CancellationToken cancellationToken)
        {
            var gone = new HashSet<string>(known, StringComparer.Ordinal);
            await foreach (var resource in store.EnumerateAsync<T>(new ResourceQuery(), cancellationToken))
            {
                gone.Remove(resource.Metadata.Id);
                Set(resource);
            }
            foreach (var id in gone)
                Remove(id);
            listed.TrySetResult();
        }

        private async Task ReadAsync(ResourceChange change, CancellationToken cancellationToken)
        {
            if (change.Kind != WriteKind.Delete && await store.FindAsync<T>(change.Id, cancellationToken) is { } resource)
                Set(resource);
            else
                Remove(change.Id);
        }

        private void Set(T resource)
        {
            known.Add(resource.Metadata.Id);
            lock (writing)
                set(resource);
        }

        private void Remove(string id)
        {
            if (!known.Remove(id))
                return;
            lock (writing)
                remove(id);
        }
    }
}
