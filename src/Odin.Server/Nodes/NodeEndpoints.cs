using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Odin.Server.Nodes;

/// <summary>The machines that tasks can run on, over REST.</summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/nodes", List).WithTags("Nodes").WithName("ListNodes")
            .WithSummary("Lists the machines that tasks can run on, with their capacity and GPUs").Produces<NodeList>();

    private static Microsoft.AspNetCore.Http.HttpResults.Ok<NodeList> List(LocalNode node) => TypedResults.Ok(new NodeList([node.Describe()]));
}

/// <summary>
/// Machines. Each is a map of its capacity (<c>cpu</c>, <c>memory</c>, … as Kubernetes quantities) with <c>host</c>,
/// <c>internalIP</c> and the list <c>gpus</c>.
/// </summary>
public sealed record NodeList(IReadOnlyList<JsonObject> Nodes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeList))]
internal sealed partial class NodeJson : JsonSerializerContext;
