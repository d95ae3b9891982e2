using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Resources;
using Odin.Routes;
using Odin.Server.Deployments;
using Odin.Server.Lifecycle;
using Odin.Storage;
using Route = Odin.Routes.Route;

namespace Odin.Server.Routes;

/// <summary>A checked wish for a route.</summary>
/// <param name="IsDefault">It is to be the default one of a deployment, which nobody can wish for.</param>
internal sealed record CheckedRoute(string Id, RouteSpec Spec, bool IsDefault);

/// <summary>Routes as the inherited API has them.</summary>
internal sealed class RouteNoun(
    IResourceStore store, EventFeed feed, DefaultRoutes defaults, DeploymentOptions options, EdgeAddress edge, TimeProvider time)
    : LifecycleNoun<Route, CheckedRoute>(store, time)
{
    private static readonly Route Nothing = new(new ResourceMetadata { Id = "" }, new RouteSpec { UrlPrefix = "", Targets = [] }, new RouteStatus());

    /// <summary>The route that came with a deployment.</summary>
    /// <exception cref="LifecycleException">There is none.</exception>
    public async Task<JsonNode> ShowDefaultAsync(string deploymentId, CancellationToken cancellationToken) =>
        await defaults.FindAsync(deploymentId, cancellationToken) is { } route ? Write(route) : throw LifecycleException.NotFound(deploymentId);

    /// <summary>What is new of routes.</summary>
    public Task<JsonNode> ReadEventsAsync(string? cursor, CancellationToken cancellationToken) =>
        EventFeedEndpoints.ReadAsync<Route>(feed, EventGroups.Route, cursor, Store, r => r is null ? WriteNothing() : Write(r), cancellationToken);

    // Older clients know the default route of a deployment by the deployment's own id.
    public override async Task<JsonNode> ShowAsync(string id, CancellationToken cancellationToken) =>
        await Store.FindAsync<Route>(id, cancellationToken) is { } route ? Write(route) : await ShowDefaultAsync(id, cancellationToken);

    // Before it is checked: the prefix of a default route is none that users may choose, which is not what is wrong then.
    public override async Task<JsonNode> ReplaceAsync(WireObject body, bool isStrict, CancellationToken cancellationToken)
    {
        if (body.Text("id") is { Length: > 0 } id && await Store.FindAsync<Route>(id, cancellationToken) is { } old)
            RefuseDefault(old, "update");
        return await base.ReplaceAsync(body, isStrict, cancellationToken);
    }

    protected override async Task<CheckedRoute> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var (id, wire) = (body.Text("id"), body.Object("spec") ?? WireObject.Empty);
        var isDefault = body.Flag("default");
        var wish = new RouteWish(
            wire.Text("urlPrefix"),
            wire.FilledText("mirror"),
            [.. wire.Objects("modelDeployments").Select(t => new TargetWish(t.Text("mdName"), t.Integer("weight")))],
            wire.Object("sticky") is { } sticky ? new StickyKey(sticky.FilledText("header"), sticky.FilledText("cookie")) : null);
        var deployments = await Store.FindManyAsync<Deployment>([.. RouteRules.DeploymentsOf(wish)], cancellationToken);
        var known = new RouteReferences(
            deployments.Select(d => d.Id).ToHashSet(StringComparer.Ordinal), await FindHolderAsync(id, RouteRules.PrefixOf(wish), cancellationToken));
        var errors = new List<string>();
        var spec = RouteRules.Check(id, wish, known, options, errors);
        return errors.Count == 0 ? new CheckedRoute(id, spec, isDefault) : throw LifecycleException.BadRequest(string.Join("; ", errors));
    }

    protected override string IdOf(CheckedRoute wish) => wish.Id;

    protected override Task<Route> StoreAsync(CheckedRoute wish, CancellationToken cancellationToken) => wish.IsDefault
        ? throw LifecycleException.BadRequest("unable to create default route")
        : EventFeedWrites.ApplyAsync(
            Store,
            Time,
            async batch =>
            {
                var stored = batch.Create(new Route(new ResourceMetadata { Id = wish.Id }, wish.Spec, new RouteStatus()));
                await AppendAsync(batch, stored, EventTypes.RouteCreated, cancellationToken);
                return stored;
            },
            cancellationToken);

    protected override async Task<Route> ReplaceAsync(Route old, CheckedRoute wish, CancellationToken cancellationToken)
    {
        RefuseDefault(old, "update");
        var batch = new ResourceBatch(Time);
        var stored = batch.UpdateSpec(new Route(old.Metadata, wish.Spec, new RouteStatus()));
        await AppendAsync(batch, stored, EventTypes.RouteUpdated, cancellationToken);
        await Store.ApplyAsync(batch, cancellationToken);
        return stored;
    }

    protected override Task RemoveAsync(Route resource, CancellationToken cancellationToken)
    {
        RefuseDefault(resource, "delete");
        return EventFeedWrites.ApplyAsync(
            Store,
            Time,
            async batch =>
            {
                batch.Delete<Route>(resource.Id);
                await feed.AppendAsync(batch, EventGroups.Route, resource.Id, EventTypes.RouteDeleted, cancellationToken);
                return resource;
            },
            cancellationToken);
    }

    protected override string Deleted(string id) => $"Model route {id} was deleted";

    protected override JsonNode Write(Route resource) => Write(resource, edge.Of(resource.Spec.UrlPrefix));

    private static JsonObject WriteNothing() => Write(Nothing, "");

    private static JsonObject Write(Route route, string edgeUrl)
    {
        var json = Envelope(route.Metadata);
        json.Insert(1, "default", route.Spec.DefaultOf is not null);
        var sticky = new JsonObject().AddFilled("header", route.Spec.Sticky?.Header).AddFilled("cookie", route.Spec.Sticky?.Cookie);
        json["spec"] = new JsonObject { ["urlPrefix"] = route.Spec.UrlPrefix }.AddFilled("mirror", route.Spec.Mirror);
        json["spec"]!["modelDeployments"] = JsonParts.Of(route.Spec.Targets.Select(t => new JsonObject { ["mdName"] = t.Deployment, ["weight"] = t.Weight }));
        json["spec"]!.AsObject().AddFilled("sticky", sticky);
        json["status"] = new JsonObject { ["edgeUrl"] = edgeUrl, ["state"] = route.Status.State?.ToString() ?? "", ["createdAt"] = (string?)json["createdAt"], ["updatedAt"] = (string?)json["updatedAt"] }
            .AddFilled("message", route.Status.Message);
        return json;
    }

    private static void RefuseDefault(Route route, string verb)
    {
        if (route.Spec.DefaultOf is not null)
            throw new LifecycleException(StatusCodes.Status403Forbidden, $"access forbidden: unable to {verb} default route with ID \"{route.Id}\"");
    }

    // The number of the event is taken before the prefixes are read: if another route gets this one meanwhile, so does the number.
    private async Task AppendAsync(ResourceBatch batch, Route route, string type, CancellationToken cancellationToken)
    {
        await feed.AppendAsync(batch, EventGroups.Route, route.Id, type, cancellationToken);
        if (await FindHolderAsync(route.Id, route.Spec.UrlPrefix, cancellationToken) is { } holder)
            throw LifecycleException.BadRequest(RouteRules.Taken(route.Spec.UrlPrefix, holder));
    }

    private async Task<string?> FindHolderAsync(string id, string prefix, CancellationToken cancellationToken)
    {
        await foreach (var route in Store.EnumerateAsync<Route>(new ResourceQuery(), cancellationToken))
        {
            if (route.Id != id && route.Spec.UrlPrefix == prefix)
                return route.Id;
        }
        return null;
    }
}
