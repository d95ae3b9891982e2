using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Routes;

/// <summary>A prefix of addresses under which the gateway answers with one or several deployments.</summary>
public sealed record Route(ResourceMetadata Metadata, RouteSpec Spec, RouteStatus Status) : IResource<Route>
{
    public static string Kind => "Route";

    public static JsonTypeInfo<Route> JsonType => RouteJson.Default.Route;

    public static Route WithMetadata(Route resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    /// <summary>The deployment whose default route this is; null: it is nobody's.</summary>
    public string? Parent => Spec.DefaultOf;

    public string? Phase => Status.State?.ToString() ?? nameof(RouteState.Processing);

    [JsonIgnore]
    public string Id => Metadata.Id;
}

/// <summary>What a route is to do.</summary>
public sealed record RouteSpec
{
    /// <summary>The deployment that it was made for, and goes with; null: a user has made it.</summary>
    public string? DefaultOf { get; init; }

    /// <summary>Starts with a slash, does not end with one: <c>/custom/wine</c>.</summary>
    public required string UrlPrefix { get; init; }

    /// <summary>A deployment that gets a copy of every request; its answers are thrown away. Null: none.</summary>
    public string? Mirror { get; init; }

    /// <summary>At least one; the weights add up to 100.</summary>
    public required IReadOnlyList<RouteTarget> Targets { get; init; }

    /// <summary>By what a client is sent to the same target again; null: each request is split by itself.</summary>
    public StickyKey? Sticky { get; init; }
}

/// <summary>A share of a route.</summary>
/// <param name="Weight">0 to 100.</param>
public sealed record RouteTarget(string Deployment, int Weight);

/// <summary>What tells clients apart: exactly one of the two.</summary>
/// <param name="Header">The name of a request header, such as <c>X-User</c>; requests without it are split one by one.</param>
/// <param name="Cookie">The name of a cookie that the gateway sets where a request has none.</param>
public sealed record StickyKey(string? Header, string? Cookie);

/// <summary>Whether a route leads somewhere.</summary>
public sealed record RouteStatus
{
    /// <summary>Null: nothing has looked at it yet.</summary>
    public RouteState? State { get; init; }

    /// <summary>A sentence for people that says which targets cannot answer; null: all can.</summary>
    public string? Message { get; init; }
}

public enum RouteState
{
    /// <summary>A target does not exist or is not ready.</summary>
    Processing,

    Ready,
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Route))]
internal sealed partial class RouteJson : JsonSerializerContext;
