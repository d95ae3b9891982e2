using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;
using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>What has answered a request.</summary>
/// <param name="Version">Empty: it says none.</param>
internal readonly record struct ServedName(string Model, string Version);

/// <summary>Which headers go through the gateway, and which it writes itself.</summary>
internal static class GatewayHeaders
{
    public const string RequestId = "Request-Id", ModelName = "Model-Name", ModelVersion = "Model-Version";

    private const string OtherRequestId = "X-Request-Id";

    // Of one connection alone (RFC 9110, 7.6.1).
    private static readonly FrozenSet<string> HopByHop = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info", "TE", "Trailer", "Transfer-Encoding", "Upgrade");

    // What says who asks: the gateway has found that out, and nobody else may say it. The token is not the model's business.
    private static readonly FrozenSet<string> Own = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Host", "Content-Length", "Expect", "Authorization", "Cookie", "X-Jwt", "X-User", "X-Email", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Access-Token",
        "X-Remote-User", "Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Access-Token", "X-Forwarded-Preferred-Username",
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Real-IP", "Forwarded", RequestId, OtherRequestId);

    // What lets somebody in, here or elsewhere: it is never recorded, whatever the settings say.
    private static readonly FrozenSet<string> Secrets = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Jwt", "X-Auth-Request-Access-Token", "X-Forwarded-Access-Token");

    /// <summary>Whether a header may be recorded.</summary>
    public static bool MayBeRecorded(string name) => !Secrets.Contains(name);

    /// <summary>The id of a request: its own, if it can be one, else a new one.</summary>
    public static string IdOf(HttpRequest request)
    {
        foreach (var name in (ReadOnlySpan<string>)[RequestId, OtherRequestId])
        {
            if (request.Headers.TryGetValue(name, out var values) && values is [{ Length: > 0 } id] && Resources.RequestId.IsValid(id))
                return id;
        }
        return Guid.NewGuid().ToString();
    }

    /// <summary>Copies what the model is to see.</summary>
    /// <param name="user">Who asks; null: nobody knows.</param>
    /// <param name="prefix">What was taken from the front of the path.</param>
    public static void CopyRequest(HttpContext context, HttpRequestMessage to, string id, string? user, string prefix)
    {
        var named = NamedByConnection(context.Request.Headers.Connection);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name.StartsWith(':') || HopByHop.Contains(name) || Own.Contains(name) || named?.Contains(name) == true)
                continue;
            Add(to, name, values);
        }
        var headers = to.Headers;
        headers.TryAddWithoutValidation(RequestId, id);
        headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString() ?? "unix");
        headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
        headers.TryAddWithoutValidation("X-Forwarded-Prefix", prefix);
        if (context.Request.Host.Value is { Length: > 0 } host)
            headers.TryAddWithoutValidation("X-Forwarded-Host", host);
        if (user is not null)
            headers.TryAddWithoutValidation("X-User", user);
    }

    /// <summary>Copies what the client is to see.</summary>
    public static void CopyResponse(HttpResponseMessage from, HttpResponse to)
    {
        var named = from.Headers.NonValidated.TryGetValues("Connection", out var connection) ? NamedByConnection(connection.ToString()) : null;
        foreach (var (name, values) in from.Headers.NonValidated)
        {
            if (!HopByHop.Contains(name) && named?.Contains(name) != true)
                Append(to, name, values);
        }
        foreach (var (name, values) in from.Content.Headers.NonValidated)
            Append(to, name, values);
    }

    // What cannot be sent in a header is left out: it would cost the client the whole answer.
    private static void Append(HttpResponse to, string name, System.Net.Http.Headers.HeaderStringValues values)
    {
        foreach (var value in values)
        {
            if (value.All(c => c is >= ' ' and <= '~' or '\t'))
                to.Headers.Append(name, value);
        }
    }

    /// <summary>Says what has answered, where the answer itself does not: as the replica has named itself, else by the deployment.</summary>
    /// <returns>What the client is told, as records have it.</returns>
    public static ServedName Name(HttpResponse response, string id, Replica replica, string deployment)
    {
        response.Headers[RequestId] = id;
        return new ServedName(
            Name(response.Headers, ModelName, replica.ModelName ?? deployment),
            Name(response.Headers, ModelVersion, replica.ModelVersion ?? (replica.ModelName is null ? replica.Revision : "")));
    }

    private static string Name(IHeaderDictionary headers, string header, string otherwise)
    {
        if (headers[header].ToString() is { Length: > 0 } said)
            return Uri.UnescapeDataString(said);
        if (otherwise.Length > 0)
            headers[header] = Uri.EscapeDataString(otherwise);
        return otherwise;
    }

    private static void Add(HttpRequestMessage to, string name, StringValues values)
    {
        if (!to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values) && to.Content is { } content)
            content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
    }

    private static HashSet<string>? NamedByConnection(string? connection) =>
        string.IsNullOrEmpty(connection) || connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || connection.Equals("close", StringComparison.OrdinalIgnoreCase)
            ? null
            : new HashSet<string>(connection.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);
}
