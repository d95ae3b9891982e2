using System.Reflection;
using System.Text.Json.Serialization;
using Odin.Pipelines;
using Odin.Runs;
using Odin.Server.Auth;
using Odin.Server.Hosting;

namespace Odin.Server.Health;

/// <summary>What the inherited client's <c>odin-ping</c> asks.</summary>
internal static class AppEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The version of this program.</summary>
    public static string Version { get; } =
        typeof(AppEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static void MapApp(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/ping", () => TypedResults.Ok("pong")).WithTags("Server").WithName("Ping").WithSummary("Answers 'pong'")
            .WithAccess(AccessKind.Public);
        v1.MapGet("/app", ShowAsync).WithTags("Server").WithName("ShowApp").WithSummary("Says what the server stands on").Produces<AppAnswer>();
    }

    // A remote that hangs must not keep a ping waiting: then what was known before is the answer.
    private static async Task<PipelineCatalogStatus> StatusAsync(PipelineCatalog catalog, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await catalog.RefreshAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return await catalog.GetStatusAsync(cancellationToken);
        }
    }

    private static string? Join(string? repository, IReadOnlyDictionary<string, string> executors)
    {
        List<string> warnings = [.. executors.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"The executor '{e.Key}' cannot work at the moment: {e.Value}")];
        if (repository is not null)
            warnings.Insert(0, repository);
        return warnings.Count == 0 ? null : string.Join(' ', warnings);
    }

    private static async Task<IResult> ShowAsync(
        PipelineCatalog catalog, ExecutorHealth executors, Listeners listeners, TimeProvider time, CancellationToken cancellationToken)
    {
        var status = await StatusAsync(catalog, time, cancellationToken);
        var socket = listeners.WebSocket is null ? "off" : $"responsive ({InheritedStatus.Time(time.GetUtcNow())})";
        return TypedResults.Ok(new AppAnswer(status.Root, status.Commit, status.IsDirty, socket, Version, Join(status.Warning, await executors.FindTroublesAsync(cancellationToken))));
    }
}

/// <summary>What the server stands on; unlike all else in snake_case.</summary>
/// <param name="PipelinesVersion">The commit of the jobs.</param>
/// <param name="Warning">What is wrong with the repository or an executor; null: nothing.</param>
public sealed record AppAnswer(
    [property: JsonPropertyName("pipelines_root")] string PipelinesRoot,
    [property: JsonPropertyName("pipelines_version")] string? PipelinesVersion,
    [property: JsonPropertyName("pipelines_repo_dirty")] bool PipelinesRepoDirty,
    [property: JsonPropertyName("ws_server_status")] string WsServerStatus,
    string Version,
    string? Warning);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AppAnswer))]
[JsonSerializable(typeof(string))]
internal sealed partial class AppJson : JsonSerializerContext;
