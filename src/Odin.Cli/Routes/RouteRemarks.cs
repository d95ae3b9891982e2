using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Rest;

namespace Odin.Cli.Routes;

/// <summary>What people are told of routes when they change or delete one, or what one leads to.</summary>
internal static class RouteRemarks
{
    /// <summary>Why a route that goes with its deployment was neither changed nor deleted; null: that is not why.</summary>
    /// <param name="refusal">What the server has answered.</param>
    public static async Task<CliException?> OfDefaultAsync(OdinClient client, string id, ApiAnswer refusal, CancellationToken cancellationToken)
    {
        if (refusal.Status != HttpStatusCode.Forbidden)
            return null;
        var found = await client.GetAsync(LifecycleNoun.Route.PathOf(id), cancellationToken);
        if (!found.IsSuccess || LifecycleNoun.Find(found.Body, "default") != "true" || TargetsOf(found.Body) is not [var deployment, ..])
            return null;
        return new CliException(
            ExitCode.Unauthorised, $"the route '{id}' is the default one of the deployment '{deployment}': it stays as it is, and goes with the deployment",
            $"`odin deployment delete {deployment}` deletes both; `odin route create -f FILE` makes a route of your own.");
    }

    /// <summary>The routes of people's own that lead to a deployment; none where the server does not say.</summary>
    public static async Task<IReadOnlyList<string>> LeadingToAsync(OdinClient client, string deployment, CancellationToken cancellationToken)
    {
        try
        {
            var found = await client.GetAsync($"{LifecycleNoun.Route.Path}?size=10000", cancellationToken);
            return !found.IsSuccess || found.Body is not JsonArray routes
                ? []
                : [.. routes.Where(r => LifecycleNoun.Find(r, "default") != "true" && TargetsOf(r).Contains(deployment)).Select(r => LifecycleNoun.Find(r, "id")).OfType<string>()];
        }
        catch (CliException)
        {
            // It is a remark: what was asked for is done, or fails, without it.
            return [];
        }
    }

    /// <summary>What the deletion of a deployment means for the routes to it.</summary>
    public static string AfterDeletion(string deployment, IReadOnlyList<string> routes)
    {
        var names = string.Join(", ", routes.Select(r => $"'{r}'"));
        return routes.Count == 1
            ? $"The route {names} leads to the deployment '{deployment}': its requests to it fail now. `odin route edit -f FILE` leads it elsewhere."
            : $"The routes {names} lead to the deployment '{deployment}': their requests to it fail now. `odin route edit -f FILE` leads them elsewhere.";
    }

    private static List<string> TargetsOf(JsonNode? route) =>
        [.. (LifecycleNoun.At(route, "spec.modelDeployments") as JsonArray ?? []).Select(t => LifecycleNoun.Find(t, "mdName")).OfType<string>()];
}
