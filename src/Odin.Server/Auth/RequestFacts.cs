using System.Net;

namespace Odin.Server.Auth;

/// <summary>Reads from a request what <see cref="AccessPolicy"/> decides upon.</summary>
internal static class RequestFacts
{
    private static readonly string[] ForwardingHeaders =
    [
        "Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Host", "X-Original-URL",
        "X-Envoy-External-Address", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP",
    ];

    public static AnonymousRequest Describe(HttpContext context, AccessKind kind, AccessOptions options) => new(
        kind,
        IsLoopback(context.Connection),
        IsForwarded(context.Request),
        IsKnownHost(context.Request.Host.Host, options),
        IsSameOrigin(context.Request, options));

    public static AccessKind KindOf(HttpContext context)
    {
        if (context.Features.Get<LegacySocketFeature>() is not null)
            return AccessKind.LegacySocket;
        var endpoint = context.GetEndpoint();
        // Nothing there: the answer is "not found", which tells nothing.
        if (endpoint is null)
            return AccessKind.Public;
        return endpoint.Metadata.GetMetadata<AccessKindMetadata>()?.Kind
            ?? (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) ? AccessKind.Read : AccessKind.Write);
    }

    // No address: a Unix socket, whose file rights say who may connect.
    private static bool IsLoopback(ConnectionInfo connection)
    {
        var peer = connection.RemoteIpAddress;
        return peer is not null && IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer);
    }

    // A proxy that was told nothing adds no header, but it may give itself away by the old version: nginx sent 1.0 up to
    // 1.29.6 unless configured. All clients that we know of speak 1.1, those of the inherited system too.
    private static bool IsForwarded(HttpRequest request) =>
        HttpProtocol.IsHttp10(request.Protocol)
        || ForwardingHeaders.Any(request.Headers.ContainsKey)
        || request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded", StringComparison.OrdinalIgnoreCase));

    // RFC 6761: every name below "localhost" is loopback too.
    private static bool IsKnownHost(string host, AccessOptions options) =>
        host.Length == 0
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
        || options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static bool IsSameOrigin(HttpRequest request, AccessOptions options)
    {
        var origins = request.Headers.Origin;
        if (origins.Count == 0)
            return true;
        if (origins.Count > 1 || origins[0] is not { } origin)
            return false;
        return options.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase)
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>Marks a connection to the WebSocket port of the inherited protocol.</summary>
internal sealed class LegacySocketFeature;

/// <summary>Says of an endpoint what it wants, where the verb does not say it.</summary>
internal sealed record AccessKindMetadata(AccessKind Kind);

internal static class AccessKindExtensions
{
    public static TBuilder WithAccess<TBuilder>(this TBuilder builder, AccessKind kind)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AccessKindMetadata(kind));
}
