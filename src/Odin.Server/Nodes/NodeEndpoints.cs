using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Nodes;
using Odin.Server.Hosting;

namespace Odin.Server.Nodes;

/// <summary>The machines that tasks can run on, over REST.</summary>
internal static class NodeEndpoints
{
    /// <summary>What <see cref="MapNodes"/> needs. A <see cref="FindAgents"/> that is registered already is used.</summary>
    public static void AddNodes(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options.Nodes).AddSingleton(options.Nodes.Gpus).AddSingleton<GpuReader>().AddSingleton<LocalNode>();
        if (!services.Any(s => s.ServiceType == typeof(FindAgents)) && options.Nodes.Agents.Count > 0)
            services.AddSingleton(AgentDirectory.Of(options.Nodes));
        if (services.Any(s => s.ServiceType == typeof(FindAgents)))
            services.AddSingleton<NodeGatherer>();
    }

    public static void MapNodes(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/nodes", ListAsync).WithTags("Nodes").WithName("ListNodes")
            .WithSummary("Lists the machines that tasks can run on, with their capacity and GPUs").Produces<NodeList>();

    private static async Task<IResult> ListAsync(IServiceProvider services, LocalNode local, CancellationToken cancellationToken) =>
        TypedResults.Ok(services.GetService<NodeGatherer>() is { } agents
            ? new NodeList(await agents.GatherAsync(cancellationToken))
            : new NodeList([await local.DescribeAsync(cancellationToken)]) { HasAgents = false });
}

/// <summary>
/// Machines. Each is a map of its capacity (<c>cpu</c>, <c>memory</c>, … as Kubernetes quantities) with <c>host</c>,
/// <c>internalIP</c>, the list <c>gpus</c>, and <c>error</c> when it could not be asked or something there is wrong.
/// </summary>
public sealed record NodeList(IReadOnlyList<JsonObject> Nodes)
{
    /// <summary>False: no agents are set, and the only node is the server's own machine.</summary>
    public bool HasAgents { get; init; } = true;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeList))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class NodeJson : JsonSerializerContext;
