using System.Text.Json.Nodes;
using Odin.Batch;
using Odin.Connections;
using Odin.Reconciliation;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Batch;

/// <summary>Batch jobs as the inherited API has them: made by the id of their service, never changed.</summary>
internal sealed class InferenceJobNoun(IResourceStore store, ReconcilerHost<InferenceJob> host, BatchOptions options, TimeProvider time) : LifecycleNoun<InferenceJob>(store, time)
{
    private const int MarkLength = 5, MostTries = 10;

    protected override IReadOnlyDictionary<string, Func<InferenceJob, string?>> Filters { get; } = new Dictionary<string, Func<InferenceJob, string?>>
    {
        ["service"] = j => j.Spec.Service,
        ["state"] = j => ProgressWire.StateOf(j.Progress),
    };

    protected override async Task<InferenceJob> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        // Whatever the client calls it: the server names it.
        _ = body.Text("id");
        var wire = body.Object("spec") ?? WireObject.Empty;
        var id = wire.Text("inferenceServiceId");
        var wish = new InferenceJobWish(
            BatchWire.ReadPlace(wire.Object("dataSource")), BatchWire.ReadPlace(wire.Object("outputDestination")), ComputeWire.Read(wire.Object("resources")), wire.Map("nodeSelector"),
            wire.FilledText("requestId") ?? Guid.NewGuid().ToString());
        if (id.Length == 0)
            BatchWire.ThrowIfAny("", ["service must be non-empty"]);
        if (await Store.FindAsync<InferenceService>(id, cancellationToken) is not { } service)
            throw LifecycleException.BadRequest($"entity \"job\" is invalid; errors: unable to fetch corresponding service: entity \"{id}\" is not found");
        var connections = await Store.FindManyAsync<Connection>([.. InferenceRules.ConnectionsOf(wish, service).Distinct()], cancellationToken);
        var errors = new List<string>();
        var (name, spec) = (NewId(id), InferenceRules.Complete(wish, service, connections.ToDictionary(c => c.Id, StringComparer.Ordinal), options, errors));
        BatchWire.ThrowIfAny(name, errors);
        return new InferenceJob(new ResourceMetadata { Id = name }, spec!, new InferenceJobStatus());
    }

    protected override async Task<InferenceJob> StoreAsync(InferenceJob wish, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            // It may have been deleted since it was read: nobody may be the child of nothing.
            if (await Store.FindAsync<InferenceService>(wish.Spec.Service, cancellationToken) is not { } service)
                throw new LifecycleException(StatusCodes.Status404NotFound, $"Unable to create job: \"{wish.Id}\". There is no service with ID: {wish.Spec.Service}");
            var batch = new ResourceBatch(Time);
            var job = batch.Create(wish);
            // Unchanged, so that its deletion and this conflict, whichever is first.
            batch.UpdateStatus(service);
            try
            {
                await Store.ApplyAsync(batch, cancellationToken);
                return job;
            }
            catch (ResourceAlreadyExistsException) when (tries < MostTries)
            {
                wish = wish with { Metadata = wish.Metadata with { Id = NewId(wish.Spec.Service) } };
            }
            catch (Exception e) when (e is ResourceConflictException or ResourceNotFoundException)
            {
                // It has changed, has got another job, or is gone: look again.
            }
        }
    }

    protected override async Task RemoveAsync(InferenceJob resource, CancellationToken cancellationToken)
    {
        await base.RemoveAsync(resource, cancellationToken);
        // What it was doing is ended by who does it; this is for what has ended, which nobody has in hand.
        host.Wake(resource.Id);
    }

    // As the inherited API says it, whose clients may look at it.
    protected override string Deleted(string id) => $"Inference Service {id} was deleted";

    protected override JsonNode Write(InferenceJob resource)
    {
        var (spec, status) = (resource.Spec, resource.Status);
        var json = Envelope(resource.Metadata);
        json["spec"] = new JsonObject
        {
            ["inferenceServiceId"] = spec.Service,
            ["dataSource"] = BatchWire.Write(spec.DataSource),
            ["outputDestination"] = BatchWire.Write(spec.OutputDestination),
            ["nodeSelector"] = spec.NodeSelector is null ? null : JsonParts.Of(spec.NodeSelector),
            ["resources"] = ComputeWire.Write(spec.Resources),
            ["requestId"] = spec.RequestId,
        };
        var shown = ProgressWire.Write(status.Progress).AddFilled("modelName", status.ModelName).AddFilled("modelVersion", status.ModelVersion);
        Add(shown, "inputFiles", "invalidInputFiles", status.Input);
        Add(shown, "outputFiles", "invalidOutputFiles", status.Output);
        json["status"] = shown;
        return json;
    }

    private static void Add(JsonObject json, string valid, string invalid, FileCount? count)
    {
        if (count is null)
            return;
        json[valid] = count.Valid;
        json[invalid] = count.Invalid;
    }

    private static string NewId(string service) => $"job-{service}-{Guid.NewGuid().ToString()[..MarkLength]}";
}
