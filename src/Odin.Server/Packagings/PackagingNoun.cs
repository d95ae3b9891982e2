using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Packagings;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Steps;
using Odin.Storage;

namespace Odin.Server.Packagings;

/// <summary>Packagings as the inherited API has them.</summary>
internal sealed class PackagingNoun(IResourceStore store, PackagingOptions options, TimeProvider time) : LifecycleNoun<Packaging>(store, time)
{
    protected override IReadOnlyDictionary<string, Func<Packaging, string?>> Filters { get; } = new Dictionary<string, Func<Packaging, string?>>
    {
        ["type"] = p => p.Spec.Integration,
        ["integrationName"] = p => p.Spec.Integration,
    };

    protected override async Task<Packaging> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var id = body.Text("id");
        var wire = body.Object("spec") ?? WireObject.Empty;
        var targets = wire.Objects("targets");
        var spec = new PackagingSpec
        {
            ArtifactName = wire.Text("artifactName"),
            Integration = wire.Text("integrationName"),
            Image = wire.Text("image"),
            Arguments = wire.Json("arguments"),
            Targets = targets.Count == 0 ? null : [.. targets.Select(t => new PackagingTarget(t.Text("name"), t.Text("connectionName")))],
            Resources = ComputeWire.Read(wire.Object("resources")),
            OutputConnection = wire.Text("outputConnection"),
            NodeSelector = wire.Map("nodeSelector"),
        };
        var connections = await Store.FindManyAsync<Connection>([.. PackagingRules.ConnectionsOf(spec, options)], cancellationToken);
        var known = new PackagingReferences(
            connections.ToDictionary(c => c.Id, StringComparer.Ordinal),
            spec.Integration.Length > 0 ? await Store.FindAsync<PackagingIntegration>(spec.Integration, cancellationToken) : null);
        var errors = new List<string>();
        spec = PackagingRules.Check(id, spec, known, options, errors);
        LifecycleException.ThrowIfAny("model packaging", errors);
        return new Packaging(new ResourceMetadata { Id = id }, spec, new PackagingStatus());
    }

    protected override string Deleted(string id) => $"Model packaging {id} was deleted";

    protected override JsonNode Write(Packaging resource)
    {
        var spec = resource.Spec;
        var json = Envelope(resource.Metadata);
        json["spec"] = new JsonObject
        {
            ["artifactName"] = spec.ArtifactName,
            ["integrationName"] = spec.Integration,
            ["arguments"] = spec.Arguments?.DeepClone(),
            ["targets"] = spec.Targets is null ? null : JsonParts.Of(spec.Targets.Select(t => new JsonObject { ["name"] = t.Name, ["connectionName"] = t.Connection })),
        }
            .AddFilled("image", spec.Image)
            .AddFilled("resources", ComputeWire.Write(spec.Resources))
            .AddFilled("outputConnection", spec.OutputConnection)
            .AddFilled("nodeSelector", spec.NodeSelector);
        json["status"] = ProgressWire.Write(resource.Progress)
            .AddFilled("results", JsonParts.Of(ResultsOf(resource).Select(r => new JsonObject { ["name"] = r.Name, ["value"] = r.Value })))
            .AddFilled("createdAt", WireTime.Of(resource.Metadata.Created))
            .AddFilled("updatedAt", WireTime.Of(resource.Metadata.SpecUpdated ?? resource.Metadata.Created));
        return json;
    }

    // What a program has said over the API is its result only once it has ended well.
    private static IReadOnlyList<PackagingResult> ResultsOf(Packaging resource) =>
        resource.Status is { Results.Count: 0, Reported: { } reported, Progress.State: StepState.Succeeded } ? reported : resource.Status.Results;
}
