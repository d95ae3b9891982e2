using System.Net.Mime;
using System.Text.Json.Nodes;
using Microsoft.Net.Http.Headers;
using Odin.Artifacts;
using Odin.Server.Hosting;
using Odin.Server.Lifecycle;
using Odin.Storage;
using Odin.Trainings;

namespace Odin.Server.Artifacts;

/// <summary>Artifacts over REST. The inherited API has none; this one is built like its others.</summary>
internal static class ArtifactEndpoints
{
    private static readonly Dictionary<string, Func<ModelArtifact, string?>> Filters = new()
    {
        ["modelName"] = a => a.Spec.ModelName,
        ["modelVersion"] = a => a.Spec.ModelVersion,
        ["trainingID"] = a => a.Spec.Training,
        ["connection"] = a => a.Spec.Connection,
    };

    public static void MapArtifacts(this RouteGroupBuilder api)
    {
        var artifacts = api.MapGroup("/artifact").WithTags("Model lifecycle");
        artifacts.MapGet("/", ListAsync).WithName("ListArtifact").WithSummary("Artifact: list").Produces<JsonArray>();
        artifacts.MapGet("/{name}", ShowAsync).WithName("ShowArtifact").WithSummary("Artifact: show one")
            .Produces<JsonObject>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        artifacts.MapGet("/{name}/content", ReadAsync).WithName("ReadArtifact").WithSummary("Artifact: its file")
            .Produces<Stream>(StatusCodes.Status200OK, MediaTypeNames.Application.Octet).Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
        artifacts.MapDelete("/{name}", DeleteAsync).WithName("DeleteArtifact").WithSummary("Artifact: delete one, and its file")
            .Produces<LifecycleMessage>().Produces<LifecycleMessage>(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(HttpContext context, IResourceStore store, CancellationToken cancellationToken)
    {
        // One without a digest is only a name that a training has claimed.
        var (page, total) = await LifecyclePage.SelectAsync(store, context.Request.Query, Filters, a => a.Spec.Digest is not null, cancellationToken);
        return LifecycleEndpoints.Answer(context, JsonParts.Of(page.Select(Write)), total);
    }

    private static async Task<IResult> ShowAsync(string name, ArtifactCatalog catalog, CancellationToken cancellationToken) =>
        LifecycleEndpoints.Answer(Write(await FindAsync(name, catalog, cancellationToken)));

    private static async Task<IResult> ReadAsync(string name, HttpContext context, ArtifactCatalog catalog, CancellationToken cancellationToken)
    {
        var artifact = await FindAsync(name, catalog, cancellationToken);
        var content = await catalog.OpenAsync(artifact, cancellationToken);
        // With its length a client sees that a download was cut off; with the digest, that it is the right file.
        context.Response.ContentLength = artifact.Spec.Length;
        return TypedResults.Stream(content, MediaTypeNames.Application.Octet, Path.GetFileName(artifact.Name), artifact.Metadata.Created, new EntityTagHeaderValue($"\"sha256:{artifact.Spec.Digest}\""));
    }

    private static async Task<IResult> DeleteAsync(string name, IResourceStore store, ArtifactCatalog catalog, CancellationToken cancellationToken)
    {
        var artifact = await store.FindAsync<ModelArtifact>(name, cancellationToken) ?? throw LifecycleException.NotFound(name);
        // A name alone, which nobody can finish any more, must not stay taken.
        if (artifact.Spec.Digest is null && await store.FindAsync<Training>(artifact.Spec.Training, cancellationToken) is { Progress.IsEnded: false })
            throw new LifecycleException(StatusCodes.Status409Conflict, $"the training \"{artifact.Spec.Training}\" is about to save the artifact \"{name}\": wait until it has ended, or delete it");
        await catalog.DeleteAsync(artifact, cancellationToken);
        return LifecycleEndpoints.Message($"Artifact {name} was deleted");
    }

    private static async Task<ModelArtifact> FindAsync(string name, ArtifactCatalog catalog, CancellationToken cancellationToken) =>
        await catalog.FindAsync(name, cancellationToken) ?? throw LifecycleException.NotFound(name);

    private static JsonObject Write(ModelArtifact artifact)
    {
        var spec = artifact.Spec;
        var json = new JsonObject
        {
            ["id"] = artifact.Name,
            ["createdAt"] = WireTime.Of(artifact.Metadata.Created),
            ["updatedAt"] = WireTime.Of(artifact.Metadata.SpecUpdated ?? artifact.Metadata.Created),
            ["spec"] = new JsonObject
            {
                ["model"] = new JsonObject { ["name"] = spec.ModelName, ["version"] = spec.ModelVersion },
                ["trainingID"] = spec.Training,
                ["connection"] = spec.Connection,
                ["key"] = spec.Key,
                ["length"] = spec.Length,
                ["digest"] = $"sha256:{spec.Digest}",
            }.AddFilled("runId", spec.RunId).AddFilled("commitID", spec.Commit),
        };
        if (spec.Metrics is { Count: > 0 } metrics)
            json["spec"]!["metrics"] = new JsonObject(metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
        return json;
    }
}
