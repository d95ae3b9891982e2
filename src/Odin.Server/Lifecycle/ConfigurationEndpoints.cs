using System.Text.Json.Nodes;
using Odin.Batch;
using Odin.Deployments;
using Odin.Packagings;
using Odin.Server.Auth;
using Odin.Server.Health;
using Odin.Trainings;

namespace Odin.Server.Lifecycle;

/// <summary>What the clients of the inherited API ask of the server itself: its configuration, and who they are.</summary>
internal static class ConfigurationEndpoints
{
    public static void MapConfiguration(this RouteGroupBuilder api)
    {
        api.MapGet("/configuration", ShowConfiguration).WithTags("Model lifecycle").WithName("ShowConfiguration").WithSummary("The settings that clients want to know; never a secret")
            .Produces<JsonObject>();
        api.MapGet("/user/info", ShowUser).WithTags("Model lifecycle").WithName("ShowCurrentUser").WithSummary("Who sends the request").Produces<JsonObject>();
    }

    private static IResult ShowConfiguration(LifecycleOptions options, TrainingOptions trainings, PackagingOptions packagings, DeploymentOptions deployments, BatchOptions batch) => LifecycleEndpoints.Answer(new JsonObject
    {
        ["common"] = new JsonObject { ["version"] = AppEndpoints.Version, ["externalUrls"] = new JsonArray(), ["resourceGpuName"] = "nvidia.com/gpu" },
        ["connection"] = new JsonObject { ["enabled"] = options.Connections },
        ["training"] = new JsonObject
        {
            ["enabled"] = options.Trainings,
            ["outputConnectionID"] = trainings.OutputConnection,
            ["defaultResources"] = ComputeWire.Write(trainings.DefaultResources),
            ["timeout"] = Nanoseconds(trainings.Timeout),
            ["metricUrl"] = "",
            ["nodePools"] = Pools(trainings.NodePools),
            ["gpuNodePools"] = Pools(trainings.GpuNodePools),
        },
        ["packaging"] = new JsonObject
        {
            ["enabled"] = options.Packagings,
            ["outputConnectionID"] = packagings.OutputConnection,
            ["defaultResources"] = ComputeWire.Write(packagings.DefaultResources),
            ["timeout"] = Nanoseconds(packagings.Timeout),
            ["nodePools"] = Pools(packagings.NodePools),
        },
        ["batch"] = new JsonObject { ["enabled"] = options.Batch, ["timeout"] = Nanoseconds(batch.Timeout), ["nodePools"] = Pools(batch.NodePools) },
        ["deployment"] = new JsonObject
        {
            ["enabled"] = options.Deployments,
            ["defaultDockerPullConnName"] = deployments.PullConnection ?? "",
            ["defaultResources"] = ComputeWire.Write(deployments.DefaultResources),
            ["customRoutePrefix"] = deployments.CustomRoutePrefix,
            ["edge"] = new JsonObject { ["host"] = options.EdgeUrl ?? "" },
            ["nodePools"] = Pools(deployments.NodePools),
        },
        ["users"] = new JsonObject { ["signOutUrl"] = "", ["claims"] = new JsonObject { ["name"] = "name", ["email"] = "email" } },
        ["trainer"] = Empty(),
        ["packager"] = Empty(),
        ["operator"] = Empty(),
    });

    private static IResult ShowUser(HttpContext context) => LifecycleEndpoints.Answer(context.UserName() is { } name
        ? new JsonObject { ["username"] = name, ["email"] = "" }
        : new JsonObject { ["username"] = "anonymous", ["email"] = "anonymous@email.org" });

    // Blank where the inherited server has secrets.
    private static JsonObject Empty() => new()
    {
        ["auth"] = new JsonObject { ["apiUrl"] = "", ["apiToken"] = "", ["clientId"] = "", ["clientSecret"] = "", ["oauthOidcTokenEndpoint"] = "" },
    };

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    private static JsonArray Pools(IEnumerable<IReadOnlyDictionary<string, string>> pools) =>
        JsonParts.Of(pools.Select(p => new JsonObject { ["nodeSelector"] = JsonParts.Of(p) }));
}
