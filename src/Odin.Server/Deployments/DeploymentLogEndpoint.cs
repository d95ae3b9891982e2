using System.ComponentModel;
using Odin.Deployments;
using Odin.Execution;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Deployments;

/// <summary>What the replicas of deployments have written.</summary>
internal static class DeploymentLogEndpoint
{
    /// <param name="deployments">The group of the noun.</param>
    public static void MapDeploymentLog(this RouteGroupBuilder deployments) =>
        deployments.MapGet("/{id}/log", ReadAsync).WithTags("Model lifecycle").WithName("ReadDeploymentLog").WithSummary("Deployment: the log of a replica, as text")
            .Produces<string>(StatusCodes.Status200OK, "text/plain").Produces<LifecycleMessage>(StatusCodes.Status404NotFound);

    private static async Task<IResult> ReadAsync(
        string id,
        [Description("Left out: the replica that has written last")] string? replica,
        [Description("true: go on until the replica has ended")] string? follow,
        HttpContext context,
        IResourceStore store,
        DeploymentLogs names,
        LogStore logs,
        CancellationToken cancellationToken)
    {
        var goesOn = LogStream.ReadFlag(follow);
        if (await store.FindAsync<Deployment>(id, cancellationToken) is null)
            throw LifecycleException.NotFound(id);
        var known = names.ReplicasOf(id);
        if (known.Count == 0)
            throw new LifecycleException(StatusCodes.Status404NotFound, $"deployment \"{id}\" has no log: no replica of it has been started yet");
        var chosen = replica ?? known[0];
        if (!known.Contains(chosen))
            throw new LifecycleException(StatusCodes.Status404NotFound, $"deployment \"{id}\" has no log of a replica \"{chosen}\"; it has those of {string.Join(", ", known)}");
        context.Response.Headers["Replica"] = chosen;
        return new LogStream(token => logs.ReadAsync(DeploymentLogs.KeyOf(id, chosen), new LogReadOptions { Follow = goesOn }, end => WaitAsync(store, id, chosen, end), token));
    }

    private static Task<bool> WaitAsync(IResourceStore store, string id, string replica, CancellationToken cancellationToken) =>
        store.WaitUntilAsync<Deployment>(id, found => found is null || !found.Status.Replicas.Any(r => r.Id == replica), cancellationToken);
}
