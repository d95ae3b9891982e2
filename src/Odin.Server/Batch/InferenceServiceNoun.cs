using System.Text.Json.Nodes;
using Odin.Batch;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Batch;

/// <summary>Batch services as the inherited API has them.</summary>
internal sealed class InferenceServiceNoun(IResourceStore store, BatchOptions options, TimeProvider time) : LifecycleNoun<InferenceService>(store, time)
{
    protected override Task<InferenceService> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var (id, errors) = (body.Text("id"), new List<string>());
        var spec = ReadSpec(body.Object("spec") ?? WireObject.Empty, errors);
        InferenceRules.Check(id, spec, options, errors);
        BatchWire.ThrowIfAny(id, errors);
        return Task.FromResult(new InferenceService(new ResourceMetadata { Id = id }, spec));
    }

    // Only a new one gets the default.
    protected override Task<InferenceService> StoreAsync(InferenceService wish, CancellationToken cancellationToken) =>
        base.StoreAsync(wish with { Spec = wish.Spec with { TakesJobs = wish.Spec.TakesJobs ?? true } }, cancellationToken);

    protected override async Task RemoveAsync(InferenceService resource, CancellationToken cancellationToken)
    {
        while (true)
        {
            if ((await Store.ListAsync<InferenceJob>(new ResourceQuery { Parent = resource.Id, Limit = 1 }, cancellationToken)).Items.Count > 0)
                throw LifecycleException.BadRequest($"Unable to delete service: \"{resource.Id}\". Cause: there are child jobs");
            var batch = new ResourceBatch(Time);
            // Removal asks for no version; this does, and a job that is being made changes it.
            batch.UpdateStatus(resource);
            batch.Delete<InferenceService>(resource.Id);
            try
            {
                await Store.ApplyAsync(batch, cancellationToken);
                return;
            }
            catch (Exception e) when (e is ResourceConflictException or ResourceNotFoundException)
            {
                resource = await FindAsync(resource.Id, cancellationToken);
            }
        }
    }

    protected override string Deleted(string id) => $"Inference Service {id} was deleted";

    protected override JsonNode Write(InferenceService resource)
    {
        var (spec, program) = (resource.Spec, resource.Spec.Program);
        var json = Envelope(resource.Metadata);
        json["spec"] = new JsonObject
        {
            ["image"] = program.Image,
            ["command"] = JsonParts.Of(program.Command),
            ["args"] = JsonParts.Of(program.Args),
            ["modelRegistry"] = WriteModel(program),
            ["triggers"] = spec.TakesJobs is { } enabled ? new JsonObject { ["webhook"] = new JsonObject { ["enabled"] = enabled } } : new JsonObject(),
        }
            .AddFilled("dataSource", BatchWire.Write(spec.DataSource))
            .AddFilled("outputDestination", BatchWire.Write(spec.OutputDestination))
            .AddFilled("invalidFiles", program.InvalidFiles == InvalidFiles.Fail ? "fail" : "skip")
            .AddFilled("nodeSelector", spec.NodeSelector)
            .AddFilled("resources", ComputeWire.Write(spec.Resources));
        json["status"] = new JsonObject();
        return json;
    }

    private static InferenceServiceSpec ReadSpec(WireObject wire, List<string> errors)
    {
        // What the documentation of the inherited system calls it stands second.
        var (registry, source) = (wire.Object("modelRegistry"), wire.Object("modelSource"));
        var model = registry ?? source ?? WireObject.Empty;
        var (remote, local) = (model.Object("remote"), model.Object("local"));
        var meta = local?.Object("meta") ?? WireObject.Empty;
        var webhook = (wire.Object("triggers") ?? WireObject.Empty).Object("webhook");
        return new InferenceServiceSpec
        {
            Program = new InferenceProgram
            {
                Image = wire.Text("image"),
                Command = wire.Texts("command"),
                Args = wire.Texts("args"),
                Remote = remote is null ? null : new RemoteModel(remote.Text("modelConnection"), remote.Text("modelPath")),
                Local = local is null ? null : new EmbeddedModel(meta.Text("name"), meta.Text("version"), local.Text("modelPath")),
                InvalidFiles = ReadInvalid(wire.Text("invalidFiles"), errors),
            },
            DataSource = BatchWire.ReadPlace(wire.Object("dataSource")),
            OutputDestination = BatchWire.ReadPlace(wire.Object("outputDestination")),
            TakesJobs = webhook?.Flag("enabled"),
            NodeSelector = wire.Map("nodeSelector"),
            Resources = ComputeWire.Read(wire.Object("resources")),
        };
    }

    private static InvalidFiles ReadInvalid(string text, List<string> errors)
    {
        if (text is not ("" or "skip" or "fail"))
            errors.Add($"invalidFiles must be \"skip\" or \"fail\", not \"{text}\"");
        return text == "fail" ? InvalidFiles.Fail : InvalidFiles.Skip;
    }

    private static JsonObject WriteModel(InferenceProgram program)
    {
        var json = new JsonObject();
        if (program.Remote is { } remote)
            json["remote"] = new JsonObject { ["modelConnection"] = remote.Connection, ["modelPath"] = remote.Path };
        if (program.Local is { } local)
            json["local"] = new JsonObject { ["meta"] = new JsonObject { ["name"] = local.Name, ["version"] = local.Version }, ["modelPath"] = local.Path };
        return json;
    }
}
