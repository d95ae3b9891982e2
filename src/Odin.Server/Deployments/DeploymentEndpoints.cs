using System.Text.Json.Nodes;
using Odin.Server.Lifecycle;
using Odin.Server.Routes;

namespace Odin.Server.Deployments;

/// <summary>Deployments and routes over REST.</summary>
internal static class DeploymentEndpoints
{
    public static void MapDeployments(this RouteGroupBuilder api, LifecycleOptions options)
    {
        var deployments = api.MapNoun<DeploymentNoun>("/model/deployment", "Deployment", options.Deployments);
        deployments.MapDeploymentLog();
        deployments.MapGet("/{id}/default-route", ShowDefaultRouteAsync).WithTags("Model lifecycle").WithName("ShowDefaultRoute").WithSummary("Deployment: the route that came with it")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        api.MapNoun<RouteNoun>("/model/route", "Route", options.Deployments);
        api.MapGet("/model/deployment-events", ReadDeploymentEventsAsync).WithTags("Model lifecycle").WithName("ReadDeploymentEvents").WithSummary("Deployments: what has happened since a cursor")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status400BadRequest);
        api.MapGet("/model/route-events", ReadRouteEventsAsync).WithTags("Model lifecycle").WithName("ReadRouteEvents").WithSummary("Routes: what has happened since a cursor")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status400BadRequest);
    }

    private static async Task<IResult> ShowDefaultRouteAsync(string id, RouteNoun routes, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(await routes.ShowDefaultAsync(id, cancellationToken));

    private static async Task<IResult> ReadDeploymentEventsAsync(string? cursor, DeploymentNoun deployments, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(await deployments.ReadEventsAsync(cursor, cancellationToken));

    private static async Task<IResult> ReadRouteEventsAsync(string? cursor, RouteNoun routes, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(await routes.ReadEventsAsync(cursor, cancellationToken));
}
