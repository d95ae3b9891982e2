using System.Collections.Immutable;
using Odin.Deployments;
using Odin.Routes;
using Route = Odin.Routes.Route;

namespace Odin.Server.Gateway;

/// <summary>A route that a request fits.</summary>
/// <param name="Rest">The path behind the prefix: empty, or beginning with a slash.</param>
internal readonly record struct RouteMatch(Route Route, string Rest);

/// <summary>
/// All routes and deployments as they are at this moment. Readers take one snapshot each and never wait; the one writer is
/// <see cref="RouteTableKeeper"/>.
/// </summary>
internal sealed class RouteTable(DeploymentLoads loads, TimeProvider time)
{
    private volatile Snapshot snapshot = new(
        ImmutableDictionary.Create<string, Route>(StringComparer.Ordinal), ImmutableDictionary.Create<string, Route>(StringComparer.Ordinal), ImmutableDictionary.Create<string, GatewayTarget>(StringComparer.Ordinal));

    /// <summary>The route with the longest prefix that the path begins with, whole parts of the path alone.</summary>
    public RouteMatch? Find(string path)
    {
        var routes = snapshot.Prefixes;
        for (var end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
        {
            if (routes.TryGetValue(end == path.Length ? path : path[..end], out var route))
                return new RouteMatch(route, path[end..]);
        }
        return null;
    }

    /// <summary>Null: there is no such deployment.</summary>
    public GatewayTarget? FindTarget(string deployment) => snapshot.Targets.GetValueOrDefault(deployment);

    public IEnumerable<GatewayTarget> Targets => snapshot.Targets.Values;

    internal void Set(Deployment deployment)
    {
        var now = snapshot;
        if (!now.Targets.TryGetValue(deployment.Id, out var target))
        {
            target = new GatewayTarget(deployment, loads.Of(deployment.Id), time);
            snapshot = now with { Targets = now.Targets.SetItem(deployment.Id, target) };
        }
        target.Update(deployment);
    }

    internal void RemoveDeployment(string id)
    {
        var now = snapshot;
        if (!now.Targets.TryGetValue(id, out var target))
            return;
        snapshot = now with { Targets = now.Targets.Remove(id) };
        target.Close();
    }

    internal void Set(Route route)
    {
        var now = snapshot;
        var routes = now.Routes.SetItem(route.Id, route);
        snapshot = now with { Routes = routes, Prefixes = Change(now, routes, [now.Routes.GetValueOrDefault(route.Id)?.Spec.UrlPrefix, route.Spec.UrlPrefix]) };
    }

    internal void RemoveRoute(string id)
    {
        var now = snapshot;
        if (!now.Routes.TryGetValue(id, out var old))
            return;
        var routes = now.Routes.Remove(id);
        snapshot = now with { Routes = routes, Prefixes = Change(now, routes, [old.Spec.UrlPrefix]) };
    }

    // Where several routes have one prefix, the first one made has it.
    private static ImmutableDictionary<string, Route> Change(Snapshot now, ImmutableDictionary<string, Route> routes, IEnumerable<string?> prefixes)
    {
        var result = now.Prefixes;
        foreach (var prefix in prefixes.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var key = prefix.TrimEnd('/');
            // A route without a prefix would take everything; none can be made.
            if (key.Length == 0)
                continue;
            var first = routes.Values.Where(r => r.Spec.UrlPrefix.TrimEnd('/') == key).OrderBy(r => r.Metadata.Created).ThenBy(r => r.Id, StringComparer.Ordinal).FirstOrDefault();
            result = first is null ? result.Remove(key) : result.SetItem(key, first);
        }
        return result;
    }

    private sealed record Snapshot(ImmutableDictionary<string, Route> Prefixes, ImmutableDictionary<string, Route> Routes, ImmutableDictionary<string, GatewayTarget> Targets);
}
