using System.Security.Cryptography;
using Odin.Deployments;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Routes;

/// <summary>The routes that come and go with their deployments: <c>/model/ID</c>.</summary>
public sealed class DefaultRoutes(IResourceStore store, EventFeed feed)
{
    private const int SuffixLength = 5;

    /// <summary>A new one; its id is the deployment's with five random digits.</summary>
    public static Route Make(string deploymentId) => new(
        new ResourceMetadata { Id = $"{deploymentId}-{RandomNumberGenerator.GetHexString(SuffixLength, lowercase: true)}" },
        new RouteSpec { DefaultOf = deploymentId, UrlPrefix = $"/model/{deploymentId}", Targets = [new RouteTarget(deploymentId, 100)] },
        new RouteStatus());

    /// <summary>That of a deployment; null: there is none.</summary>
    public async Task<Route?> FindAsync(string deploymentId, CancellationToken cancellationToken) =>
        (await store.ListAsync<Route>(new ResourceQuery { Parent = deploymentId, Limit = 1 }, cancellationToken)).Items is [var route] ? route : null;

    /// <summary>
    /// Adds to the batch in which a deployment is removed that its default route goes too, and the events that say so of both.
    /// A conflict when the batch is applied means, as ever, to put it together again.
    /// </summary>
    public async Task AddRemovalAsync(string deploymentId, ResourceBatch batch, CancellationToken cancellationToken)
    {
        await feed.AppendAsync(batch, EventGroups.Deployment, deploymentId, EventTypes.DeploymentDeleted, cancellationToken);
        if (await FindAsync(deploymentId, cancellationToken) is not { } route)
            return;
        batch.Delete<Route>(route.Id);
        await feed.AppendAsync(batch, EventGroups.Route, route.Id, EventTypes.RouteDeleted, cancellationToken);
    }
}
