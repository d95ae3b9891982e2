using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Odin.Server.Hosting;

namespace Odin.Server.Nodes;

/// <summary>
/// Asks for the agent's token, where one is set. The inherited agent has none: it is for the inside of a cluster. Whether
/// the agent lives may be asked by all.
/// </summary>
internal sealed class AgentAccess(RequestDelegate next, NodeOptions options)
{
    // Hashes, so that the comparison takes the same time whatever the length.
    private readonly byte[]? expected = options.Token is { } token ? Hash(token) : null;

    public Task InvokeAsync(HttpContext context)
    {
        if (expected is null || context.Request.Path.Value is "/health" or "/v1/ping" || IsGood(context.Request.Headers.Authorization.ToString()))
            return next(context);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "This agent wants its token (ODIN_AGENT_TOKEN) as 'Authorization: Bearer TOKEN'.");
    }

    private bool IsGood(string header) =>
        AuthenticationHeaderValue.TryParse(header, out var value)
        && value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
        && value.Parameter is { } token
        && CryptographicOperations.FixedTimeEquals(Hash(token), expected);

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
