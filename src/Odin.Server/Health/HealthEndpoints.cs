using System.Text.Json.Serialization;
using Odin.Pipelines;
using Odin.Runs;
using Odin.Server.Auth;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Health;

/// <summary>
/// Whether the server and what it stands on work: <c>/healthz</c> for probes, open to all, and <c>/health</c>, which is read
/// like anything else: clients of the inherited system log in by asking it, and expect 401 for a token that is not good.
/// </summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        Describe(app.MapGet("/health", CheckAsync), "Health", "Says whether the server works, to who may read");
        Describe(app.MapGet("/healthz", CheckAsync), "HealthProbe", "The same for everybody, as probes ask it").WithAccess(AccessKind.Public);
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder builder, string name, string summary) => builder.WithTags("Server").WithName(name).WithSummary(summary)
        .Produces<HealthAnswer>().Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> CheckAsync(
        IResourceStore store, IServiceProvider services, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var log = loggers.CreateLogger(typeof(HealthEndpoints));
        // The server answers without its repository (runs go on), not without its store.
        var parts = new Dictionary<string, HealthPart>
        {
            ["store"] = await AskAsync(
                "store", async token => { await store.FindAsync<User>("-", token); return null; }, log, time, cancellationToken),
        };
        if (services.GetService<PipelineCatalog>() is { } catalog)
        {
            parts["pipelines"] = await AskAsync(
                "pipelines", async token => (await catalog.GetStatusAsync(token)).Warning is null ? null : "The repository cannot be reached.", log, time, cancellationToken);
        }
        if (services.GetService<ExecutorHealth>() is { } executors)
        {
            parts["executors"] = await AskAsync(
                "executors",
                async token => await executors.FindTroublesAsync(token) is { Count: > 0 } troubles
                    ? $"Tasks wait for: {string.Join(", ", troubles.Keys.Order(StringComparer.Ordinal))}. The log says why."
                    : null,
                log, time, cancellationToken);
        }
        var isUp = parts["store"].Status == HealthPart.Ok;
        var status = !isUp ? "failing" : parts.Values.All(p => p.Status == HealthPart.Ok) ? "ok" : "degraded";
        return TypedResults.Json(
            new HealthAnswer(status, parts),
            (System.Text.Json.JsonSerializerOptions?)null,
            statusCode: isUp ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<HealthPart> AskAsync(
        string part, Func<CancellationToken, Task<string?>> ask, ILogger log, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var problem = await ask(both.Token);
            return new HealthPart(problem is null ? HealthPart.Ok : "degraded", time.GetElapsedTime(start).TotalMilliseconds, problem);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Everybody may ask; what exactly is wrong is for the log.
            HealthLog.PartFails(log, part, e.Message);
            return new HealthPart("failing", time.GetElapsedTime(start).TotalMilliseconds, $"The {part} does not answer. The log says why.");
        }
    }
}

/// <summary>Whether the server works.</summary>
/// <param name="Status"><c>ok</c>, <c>degraded</c> (something waits or is old) or <c>failing</c>.</param>
public sealed record HealthAnswer(string Status, IReadOnlyDictionary<string, HealthPart> Parts);

/// <summary>Something that the server stands on.</summary>
public sealed record HealthPart(string Status, double Milliseconds, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message)
{
    internal const string Ok = "ok";
}

internal static partial class HealthLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Health: the {Part} fails: {Problem}")]
    public static partial void PartFails(ILogger logger, string part, string problem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;
