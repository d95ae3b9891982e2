using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Reconciliation;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Storage;
using Odin.Toolchains;
using Odin.Trainings;

namespace Odin.Server.Trainings;

/// <summary>Trainings as the inherited API has them, in the words of both its generations.</summary>
internal sealed class TrainingNoun(IResourceStore store, ReconcilerHost<Training> host, TrainingOptions options, TimeProvider time) : LifecycleNoun<Training>(store, time)
{
    protected override IReadOnlyDictionary<string, Func<Training, string?>> Filters { get; } = new Dictionary<string, Func<Training, string?>>
    {
        ["toolchain"] = t => t.Spec.Toolchain,
        ["model_name"] = t => t.Spec.ModelName,
        ["model_version"] = t => t.Spec.ModelVersion,
    };

    protected override async Task<Training> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var id = body.Text("id");
        var spec = ReadSpec(body.Object("spec") ?? WireObject.Empty);
        var connections = await Store.FindManyAsync<Connection>([.. TrainingRules.ConnectionsOf(spec, options)], cancellationToken);
        var known = new TrainingReferences(
            connections.ToDictionary(c => c.Id, StringComparer.Ordinal),
            spec.Toolchain.Length > 0 ? await Store.FindAsync<Toolchain>(spec.Toolchain, cancellationToken) : null);
        var errors = new List<string>();
        spec = TrainingRules.Check(id, spec, known, options, errors);
        LifecycleException.ThrowIfAny("model training", errors);
        return new Training(new ResourceMetadata { Id = id }, spec, new TrainingStatus());
    }

    protected override async Task RemoveAsync(Training resource, CancellationToken cancellationToken)
    {
        await base.RemoveAsync(resource, cancellationToken);
        // What it was doing is ended by who does it; this is for what has ended, which nobody has in hand.
        host.Wake(resource.Id);
    }

    protected override string Deleted(string id) => $"Model training {id} was deleted";

    protected override JsonNode Write(Training resource)
    {
        var json = Envelope(resource.Metadata);
        json["spec"] = WriteSpec(resource.Spec);
        json["status"] = WriteStatus(resource);
        return json;
    }

    private static TrainingSpec ReadSpec(WireObject wire)
    {
        var model = wire.Object("model") ?? WireObject.Empty;
        var source = wire.Object("algorithmSource") ?? WireObject.Empty;
        var (vcs, objects) = (source.Object("vcs") ?? WireObject.Empty, source.Object("objectStorage") ?? WireObject.Empty);
        // What stands at the second place of each is the older name.
        var (repository, olderRepository) = (vcs.FilledText("connection"), wire.FilledText("vcsName"));
        var (reference, olderReference) = (vcs.FilledText("reference"), wire.Text("reference"));
        var (bucket, path) = (objects.FilledText("connection"), objects.Text("path"));
        return new TrainingSpec
        {
            ModelName = model.Text("name"),
            ModelVersion = model.Text("version"),
            ArtifactName = model.Text("artifactNameTemplate"),
            Toolchain = wire.Text("toolchain", "trainingIntegration"),
            Git = (repository ?? olderRepository) is { } git ? new GitSource(git, reference ?? olderReference) : null,
            Objects = bucket is null ? null : new ObjectSource(bucket, path),
            WorkDir = wire.Text("workDir"),
            Entrypoint = wire.Text("entrypoint"),
            Args = wire.Texts("args"),
            HyperParameters = wire.Map("hyperParameters") ?? new Dictionary<string, string>(),
            Environment = [.. wire.Objects("envs").Select(e => new EnvironmentVariable(e.Text("name"), e.Text("value")))],
            Data = [.. wire.Objects("data").Select(d => new DataBinding(d.Text("connection", "connName"), d.Text("localPath"), d.Text("remotePath")))],
            OutputConnection = wire.Text("outputConnection"),
            Image = wire.Text("image"),
            Resources = ComputeWire.Read(wire.Object("resources")),
            NodeSelector = wire.Map("nodeSelector"),
        };
    }

    private static JsonObject WriteSpec(TrainingSpec spec)
    {
        var json = new JsonObject
        {
            ["model"] = new JsonObject { ["name"] = spec.ModelName, ["version"] = spec.ModelVersion, ["artifactNameTemplate"] = spec.ArtifactName },
            ["toolchain"] = spec.Toolchain,
            ["entrypoint"] = spec.Entrypoint,
            ["workDir"] = spec.WorkDir,
            // Both are always there: a client looks into them without asking.
            ["algorithmSource"] = new JsonObject
            {
                ["vcs"] = new JsonObject().AddFilled("connection", spec.Git?.Connection).AddFilled("reference", spec.Git?.Reference),
                ["objectStorage"] = new JsonObject().AddFilled("connection", spec.Objects?.Connection).AddFilled("path", spec.Objects?.Path),
            },
        };
        return json
            .AddFilled("vcsName", spec.Git?.Connection)
            .AddFilled("reference", spec.Git?.Reference)
            .AddFilled("envs", JsonParts.Of(spec.Environment.Select(e => new JsonObject { ["name"] = e.Name, ["value"] = e.Value })))
            .AddFilled("hyperParameters", spec.HyperParameters)
            .AddFilled("args", JsonParts.Of(spec.Args))
            .AddFilled("outputConnection", spec.OutputConnection)
            .AddFilled("image", spec.Image)
            .AddFilled("resources", ComputeWire.Write(spec.Resources))
            .AddFilled("data", JsonParts.Of(spec.Data.Select(WriteBinding)))
            .AddFilled("nodeSelector", spec.NodeSelector);
    }

    private static JsonObject WriteBinding(DataBinding binding) =>
        new JsonObject { ["connection"] = binding.Connection, ["connName"] = binding.Connection, ["localPath"] = binding.LocalPath }
            .AddFilled("remotePath", binding.RemotePath);

    private static JsonObject WriteStatus(Training training)
    {
        var status = training.Status;
        var json = ProgressWire.Write(status.Progress);
        if (status.Artifact is not null)
        {
            json["artifacts"] = JsonParts.Of([new JsonObject
            {
                ["runId"] = status.RunId ?? status.Reported?.RunId ?? "",
                ["artifactName"] = status.Artifact,
                ["commitID"] = status.Commit ?? status.Reported?.Commit ?? "",
            }]);
        }
        if (status.Metrics is { Count: > 0 } metrics)
            json["metrics"] = new JsonObject(metrics.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
        return json
            .AddFilled("commitID", status.Commit)
            .AddFilled("parameters", status.Parameters)
            .AddFilled("tags", status.Tags)
            .AddFilled("warnings", JsonParts.Of(status.Warnings ?? []))
            .AddFilled("createdAt", WireTime.Of(training.Metadata.Created))
            .AddFilled("updatedAt", WireTime.Of(training.Metadata.SpecUpdated ?? training.Metadata.Created));
    }
}
