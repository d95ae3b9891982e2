using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Server.Auth;
using Odin.Server.Lifecycle;

namespace Odin.Server.Connections;

/// <summary>Connections over REST.</summary>
internal static class ConnectionEndpoints
{
    public static void MapConnections(this RouteGroupBuilder api, LifecycleOptions options)
    {
        var connections = api.MapNoun<ConnectionNoun>("/connection", "Connection", options.Connections);
        // Reading secrets is no reading: it needs a token on every machine. The token in the query is an inherited left-over.
        connections.MapGet("/{id}/decrypted", RevealAsync)
            .WithAccess(AccessKind.Write).WithTags("Model lifecycle").WithName("RevealConnection").WithSummary("Connection: show one with its secrets")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        connections.MapPost("/rotate", RotateAsync).WithTags("Model lifecycle").WithName("RotateConnectionKey").WithSummary("Connections: seal all secrets with a new key")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status409Conflict);
        connections.MapPost("/{id}/test", TestAsync).WithTags("Model lifecycle").WithName("TestConnection").WithSummary("Connection: try whether it leads anywhere and lets us in")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> TestAsync(string id, ConnectionNoun noun, ConnectionTester tester, CancellationToken cancellationToken)
    {
        var finding = await tester.TestAsync(await noun.FindAsync(id, cancellationToken), cancellationToken);
        return LifecycleEndpoints.Answer(new JsonObject { ["works"] = finding.Works, ["message"] = finding.Message });
    }

    private static async Task<IResult> RotateAsync(SecretRotation rotation, CancellationToken cancellationToken)
    {
        try
        {
            return LifecycleEndpoints.Answer(new JsonObject { ["sealed"] = await rotation.RotateAsync(cancellationToken) });
        }
        catch (InvalidOperationException e)
        {
            throw new LifecycleException(StatusCodes.Status409Conflict, e.Message);
        }
    }

    private static async Task<IResult> RevealAsync(string id, ConnectionNoun noun, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(await noun.RevealAsync(id, cancellationToken));
}
