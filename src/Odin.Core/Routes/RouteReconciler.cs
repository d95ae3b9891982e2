using System.Collections.Concurrent;
using Odin.Deployments;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Routes;

/// <summary>Notes of each route whether it leads somewhere: whether all of its targets are there and can answer. What its mirror does is nobody's loss.</summary>
internal sealed class RouteReconciler(IResourceStore store, EventFeed feed, TimeProvider time) : IReconciler<Route>
{
    // Which routes hang on which deployments: of those that this server looks after, and learned anew with every pass.
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> targets = new(StringComparer.Ordinal);

    // Those that are ready too: a change of a deployment at a time when nobody looked would be missed for ever.
    public IReadOnlyCollection<string> UnfinishedPhases { get; } = [nameof(RouteState.Processing), nameof(RouteState.Ready)];

    /// <summary>The routes here that have the deployment among their targets.</summary>
    public IEnumerable<string> RoutesTo(string deploymentId) => targets.Where(r => r.Value.Contains(deploymentId)).Select(r => r.Key);

    /// <summary>All routes here.</summary>
    public IEnumerable<string> Routes() => targets.Keys;

    public async Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Route>(id, cancellationToken) is not { } route)
        {
            Disown(id);
            return ReconcileResult.Finished;
        }
        var wanted = route.Spec.Targets.Select(t => t.Deployment).Distinct().ToList();
        // Before the deployments are read, so that a change after that leads to another pass.
        targets[id] = wanted;
        var deployments = await store.FindManyAsync<Deployment>(wanted, cancellationToken);
        var troubles = wanted.Select(id => Trouble(id, deployments.FirstOrDefault(d => d.Id == id))).OfType<string>().ToList();
        var status = route.Status with { State = troubles.Count == 0 ? RouteState.Ready : RouteState.Processing, Message = troubles.Count == 0 ? null : string.Join(' ', troubles) };
        if (route.Status == status)
            return ReconcileResult.Waiting;
        var batch = new ResourceBatch(time) { Lease = lease.Token };
        batch.UpdateStatus(route with { Status = status });
        await feed.AppendAsync(batch, EventGroups.Route, id, EventTypes.RouteStatusUpdated, cancellationToken);
        try
        {
            await store.ApplyAsync(batch, cancellationToken);
        }
        catch (ResourceNotFoundException)
        {
            // Deleted meanwhile; its watch says so too.
            return ReconcileResult.After(TimeSpan.Zero);
        }
        return ReconcileResult.Waiting;
    }

    public void Disown(string id) => targets.TryRemove(id, out _);

    // Its own words change often, and are with the deployment.
    private static string? Trouble(string id, Deployment? deployment) => deployment switch
    {
        null => $"The deployment '{id}' does not exist: create it, or change the route.",
        { IsDeleting: true } => $"The deployment '{id}' is being deleted: change the route.",
        { Status.State: DeploymentState.Ready } => null,
        { Status.State: DeploymentState.Failed } => $"The deployment '{id}' has failed.",
        _ => $"The deployment '{id}' is not ready yet.",
    };
}
