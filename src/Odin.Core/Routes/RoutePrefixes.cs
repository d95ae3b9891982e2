using System.Collections.Frozen;

namespace Odin.Routes;

/// <summary>Which addresses routes may have; the gateway and the rules of routes agree on it.</summary>
public static class RoutePrefixes
{
    // Where routes may begin with anything, they still do not take the server's own addresses.
    private static readonly FrozenSet<string> Servers = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "api", "v1", "v2", "ws", "docs", "swagger", "openapi", "openapi.json", "redoc", "health", "healthz", "ping", "metrics", "feedback", "service-catalog");

    /// <summary>Whether a path is one of the server's own.</summary>
    public static bool IsServers(string path)
    {
        if (path.Length < 2)
            return true;
        var end = path.IndexOf('/', 1);
        return Servers.Contains(path[1..(end < 0 ? path.Length : end)]);
    }

    /// <summary>Whether a path begins with a prefix, by whole parts: <c>/customers</c> does not begin with <c>/custom</c>.</summary>
    public static bool Begins(string path, string prefix) =>
        path.StartsWith(prefix.TrimEnd('/'), StringComparison.Ordinal) && (path.Length == prefix.TrimEnd('/').Length || path[prefix.TrimEnd('/').Length] == '/');
}
