using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Deployments;
using Odin.Resources;
using Odin.Routes;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Deployments;

/// <summary>Deployments as the inherited API has them: each comes with its default route, and is gone only when nothing of it runs any more.</summary>
internal sealed class DeploymentNoun(IResourceStore store, EventFeed feed, DeploymentOptions options, TimeProvider time) : LifecycleNoun<Deployment>(store, time)
{
    private static readonly Deployment Nothing = new(new ResourceMetadata { Id = "" }, new DeploymentSpec { MaxReplicas = 0 }, new DeploymentStatus());

    protected override IReadOnlyDictionary<string, Func<Deployment, string?>> Filters { get; } =
        new Dictionary<string, Func<Deployment, string?>> { ["roleName"] = d => d.Spec.RoleName };

    /// <summary>What is new of deployments.</summary>
    public Task<JsonNode> ReadEventsAsync(string? cursor, CancellationToken cancellationToken) =>
        EventFeedEndpoints.ReadAsync<Deployment>(feed, EventGroups.Deployment, cursor, Store, d => Write(d ?? Nothing), cancellationToken);

    protected override async Task<Deployment> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var (id, wire) = (body.Text("id"), body.Object("spec") ?? WireObject.Empty);
        var wish = new DeploymentWish(new DeploymentSpec
        {
            Image = wire.Text("image"),
            Predictor = wire.Text("predictor"),
            Resources = ComputeWire.Read(wire.Object("resources")),
            Annotations = wire.Map("annotations"),
            RoleName = wire.Text("roleName"),
            PullConnection = wire.Text("imagePullConnID", "imagePullConnectionID"),
            NodeSelector = wire.Map("nodeSelector"),
        })
        {
            MinReplicas = wire.Integer("minReplicas"),
            MaxReplicas = wire.Integer("maxReplicas"),
            LivenessProbeInitialDelay = wire.Integer("livenessProbeInitialDelay"),
            ReadinessProbeInitialDelay = wire.Integer("readinessProbeInitialDelay"),
        };
        var pull = DeploymentRules.PullConnectionOf(wish.Spec, options);
        var errors = new List<string>();
        var spec = DeploymentRules.Check(id, wish, pull.Length > 0 ? await Store.FindAsync<Connection>(pull, cancellationToken) : null, options, errors);
        LifecycleException.ThrowIfAny("model deployment", errors);
        return new Deployment(new ResourceMetadata { Id = id }, spec, new DeploymentStatus());
    }

    protected override Task<Deployment> StoreAsync(Deployment wish, CancellationToken cancellationToken) => EventFeedWrites.ApplyAsync(
        Store,
        Time,
        async batch =>
        {
            var stored = batch.Create(wish);
            var route = batch.Create(DefaultRoutes.Make(wish.Id));
            await feed.AppendAsync(batch, EventGroups.Deployment, wish.Id, EventTypes.DeploymentCreated, cancellationToken);
            await feed.AppendAsync(batch, EventGroups.Route, route.Id, EventTypes.RouteCreated, cancellationToken);
            return stored;
        },
        cancellationToken);

    // What runs goes on running until it is replaced; only what is shown of it begins anew.
    protected override async Task<Deployment> ReplaceAsync(Deployment old, Deployment wish, CancellationToken cancellationToken)
    {
        if (old.IsDeleting)
            throw new LifecycleException(StatusCodes.Status409Conflict, $"entity \"{old.Id}\" is being deleted");
        var batch = new ResourceBatch(Time);
        var stored = batch.UpdateSpec(new Deployment(old.Metadata, wish.Spec, old.Status with { State = null, Reason = null, Message = null }));
        await feed.AppendAsync(batch, EventGroups.Deployment, old.Id, EventTypes.DeploymentUpdated, cancellationToken);
        await Store.ApplyAsync(batch, cancellationToken);
        return stored;
    }

    // Whoever runs it removes it, once nothing of it is left.
    protected override async Task RemoveAsync(Deployment resource, CancellationToken cancellationToken)
    {
        var deployment = resource;
        while (!deployment.IsDeleting)
        {
            var batch = new ResourceBatch(Time);
            batch.UpdateSpec(deployment.With(deployment.Metadata with { DeletionRequested = Time.GetUtcNow() }));
            await feed.AppendAsync(batch, EventGroups.Deployment, deployment.Id, EventTypes.DeploymentDeletionMarkIsSet, cancellationToken);
            try
            {
                await Store.ApplyAsync(batch, cancellationToken);
                return;
            }
            catch (ResourceConflictException)
            {
                deployment = await FindAsync(resource.Id, cancellationToken);
            }
        }
    }

    protected override string Deleted(string id) => $"Model deployment {id} was deleted";

    protected override JsonNode Write(Deployment resource)
    {
        var (spec, status) = (resource.Spec, resource.Status);
        var json = Envelope(resource.Metadata).AddTrue("deletionMark", resource.IsDeleting);
        json["spec"] = new JsonObject { ["image"] = spec.Image, ["predictor"] = spec.Predictor }
            .AddFilled("resources", ComputeWire.Write(spec.Resources))
            .AddFilled("annotations", spec.Annotations);
        var wire = json["spec"]!.AsObject();
        wire["minReplicas"] = spec.MinReplicas;
        wire["maxReplicas"] = spec.MaxReplicas;
        wire["livenessProbeInitialDelay"] = spec.LivenessProbeInitialDelay;
        wire["readinessProbeInitialDelay"] = spec.ReadinessProbeInitialDelay;
        wire.AddFilled("roleName", spec.RoleName).AddFilled("imagePullConnID", spec.PullConnection).AddFilled("nodeSelector", spec.NodeSelector);
        json["status"] = new JsonObject
        {
            ["availableReplicas"] = status.Replicas.Count(r => r.State == ReplicaState.Ready),
            ["replicas"] = status.Replicas.Count,
        }
            .AddFilled("state", resource.IsDeleting ? Deployment.Deleting : status.State?.ToString())
            .AddFilled("deployment", status.Revision?.Name)
            .AddFilled("modelName", status.ModelName)
            .AddFilled("modelVersion", status.ModelVersion)
            .AddFilled("reason", status.Reason)
            .AddFilled("message", status.Message)
            // Where the first generation of clients has them.
            .AddFilled("createdAt", (string?)json["createdAt"])
            .AddFilled("updatedAt", (string?)json["updatedAt"]);
        return json;
    }
}
