using System.Text.Json.Nodes;
using Odin.Packagings;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Packagings;

/// <summary>Packaging integrations as the inherited API has them.</summary>
internal sealed class PackagingIntegrationNoun(IResourceStore store, TimeProvider time) : LifecycleNoun<PackagingIntegration>(store, time)
{
    protected override Task<PackagingIntegration> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var (id, wire) = (body.Text("id"), body.Object("spec") ?? WireObject.Empty);
        var schema = wire.Object("schema") ?? WireObject.Empty;
        var spec = new PackagingIntegrationSpec
        {
            Entrypoint = wire.Text("entrypoint"),
            DefaultImage = wire.Text("defaultImage"),
            IsPrivileged = wire.Flag("privileged"),
            Targets = [.. schema.Objects("targets").Select(t =>
                new PackagingTargetRule(t.Text("name"), t.Texts("connectionTypes"), t.Text("default"), t.Flag("required")))],
            Arguments = schema.Object("arguments") is not { } arguments ? null : new ArgumentRules(
                [.. arguments.Objects("properties").Select(p => new ArgumentRule(p.Text("name"), [.. p.Objects("parameters").Select(k => new ArgumentParameter(k.Text("name"), k.Value("value")))]))],
                arguments.Texts("required")),
        };
        var errors = new List<string>();
        PackagingIntegrationRules.Check(id, spec, errors);
        LifecycleException.ThrowIfAny("packaging integration", errors);
        return Task.FromResult(new PackagingIntegration(new ResourceMetadata { Id = id }, spec));
    }

    protected override string Deleted(string id) => $"Packaging integration {id} was deleted";

    protected override JsonNode Write(PackagingIntegration resource)
    {
        var spec = resource.Spec;
        var properties = (spec.Arguments?.Properties ?? []).Select(p => new JsonObject
        {
            ["name"] = p.Name,
            ["parameters"] = JsonParts.Of(p.Parameters.Select(k => new JsonObject { ["name"] = k.Name, ["value"] = k.Value?.DeepClone() })),
        });
        var targets = spec.Targets.Select(t => new JsonObject
        {
            ["name"] = t.Name,
            ["connectionTypes"] = JsonParts.Of(t.ConnectionTypes),
            ["default"] = t.Default,
            ["required"] = t.IsRequired,
        });
        var json = Envelope(resource.Metadata);
        json["spec"] = new JsonObject { ["entrypoint"] = spec.Entrypoint }
            .AddFilled("defaultImage", spec.DefaultImage)
            .AddTrue("privileged", spec.IsPrivileged);
        json["spec"]!["schema"] = new JsonObject
        {
            ["arguments"] = new JsonObject { ["properties"] = JsonParts.Of(properties) }.AddFilled("required", JsonParts.Of(spec.Arguments?.Required ?? [])),
        }.AddFilled("targets", JsonParts.Of(targets));
        json["status"] = new JsonObject();
        return json;
    }
}
