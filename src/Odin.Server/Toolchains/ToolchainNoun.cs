using System.Text.Json.Nodes;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Storage;
using Odin.Toolchains;

namespace Odin.Server.Toolchains;

/// <summary>Toolchain integrations as the inherited API has them.</summary>
internal class ToolchainNoun(IResourceStore store, TimeProvider time) : LifecycleNoun<Toolchain>(store, time)
{
    protected virtual string Name => "toolchain integration";

    protected override Task<Toolchain> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var (id, wire) = (body.Text("id"), body.Object("spec") ?? WireObject.Empty);
        var spec = new ToolchainSpec(wire.Text("entrypoint"), wire.Text("defaultImage"), wire.Map("additionalEnvironments"));
        var errors = new List<string>();
        ToolchainRules.Check(id, spec, errors);
        LifecycleException.ThrowIfAny(Name, errors);
        return Task.FromResult(new Toolchain(new ResourceMetadata { Id = id }, spec));
    }

    protected override string Deleted(string id) => $"ToolchainIntegration {id} was deleted";

    protected override JsonNode Write(Toolchain resource)
    {
        var json = Envelope(resource.Metadata);
        json["spec"] = new JsonObject { ["entrypoint"] = resource.Spec.Entrypoint, ["defaultImage"] = resource.Spec.DefaultImage }
            .AddFilled("additionalEnvironments", resource.Spec.Environment);
        json["status"] = new JsonObject();
        return json;
    }
}

/// <summary>The same under the name that a later branch of the inherited system gave them.</summary>
internal sealed class TrainingIntegrationNoun(IResourceStore store, TimeProvider time) : ToolchainNoun(store, time)
{
    protected override string Name => "training integration";

    protected override string Deleted(string id) => $"TrainingIntegration {id} was deleted";
}
