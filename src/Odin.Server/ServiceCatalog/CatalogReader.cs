using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Server.Lifecycle;
using Odin.Storage;
using Route = Odin.Routes.Route;

namespace Odin.Server.ServiceCatalog;

/// <summary>What the catalog says, read from the store whenever somebody asks: it is never behind.</summary>
internal sealed partial class CatalogReader(IResourceStore store, ILogger<CatalogReader> logger)
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>All models that can be called, in the order of their routes, as one Swagger 2.0 document. A description that cannot be read is left out.</summary>
    /// <param name="scheme">Of the address under which models are called.</param>
    public async Task<JsonObject> CombineAsync(string scheme, CancellationToken cancellationToken)
    {
        var deployments = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var deployment in store.EnumerateAsync<Deployment>(new ResourceQuery(), cancellationToken))
        {
            if (IsLive(deployment))
                deployments.Add(deployment.Id);
        }
        var models = new Dictionary<string, ServedModel>(StringComparer.Ordinal);
        await foreach (var model in store.EnumerateAsync<ServedModel>(new ResourceQuery(), cancellationToken))
            models.Add(model.Id, model);
        var entries = new List<CatalogEntry>();
        await foreach (var route in store.EnumerateAsync<Route>(new ResourceQuery(), cancellationToken))
        {
            if (route.Spec.DefaultOf is { } id && deployments.Contains(id) && models.TryGetValue(id, out var model) && Parse(model, route.Spec.UrlPrefix) is { } swagger)
                entries.Add(new CatalogEntry(route.Id, route.Spec.UrlPrefix, model.ModelName, model.ModelVersion, swagger));
        }
        return CatalogDocument.Combine(entries.OrderBy(e => e.RouteId, StringComparer.Ordinal), scheme, (entry, why) => LogLeftOut(entry.UrlPrefix, why));
    }

    /// <summary>One model, as the inherited catalog shows it.</summary>
    /// <exception cref="LifecycleException">There is none, or it has not said anything yet.</exception>
    public async Task<JsonObject> ShowAsync(string deploymentId, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Deployment>(deploymentId, cancellationToken) is not { IsDeleting: false } || await store.FindAsync<ServedModel>(deploymentId, cancellationToken) is not { } model)
            throw LifecycleException.NotFound(deploymentId);
        return new JsonObject
        {
            ["deploymentID"] = deploymentId,
            ["servedModel"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["modelName"] = model.ModelName, ["modelVersion"] = model.ModelVersion },
                ["swagger2"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(model.Swagger)),
            },
        };
    }

    // What was kept by a version that looked less closely must not take the others' place away.
    private JsonObject? Parse(ServedModel model, string prefix)
    {
        try
        {
            return JsonNode.Parse(model.Swagger, documentOptions: Strict) as JsonObject;
        }
        catch (JsonException e)
        {
            LogLeftOut(prefix, e.Message);
            return null;
        }
    }

    // One that sleeps is woken by a call; one that has failed answers only if replicas of before are left.
    private static bool IsLive(Deployment deployment) =>
        !deployment.IsDeleting && (deployment.Status.State != DeploymentState.Failed || deployment.Status.Replicas.Any(r => r.State == ReplicaState.Ready));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model at '{Prefix}' is not in the service catalog: its description cannot be read: {Why}")]
    private partial void LogLeftOut(string prefix, string why);
}
