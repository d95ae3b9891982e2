using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Deployments;

/// <summary>Asks each model what it is as soon as one of its replicas can answer, keeps that until there is a newer revision, and forgets it with the deployment.</summary>
internal sealed class ServedModelReconciler(IResourceStore store, TimeProvider time) : IReconciler<ServedModel>
{
    // For models that answer, but not this; those whose replicas come and go are looked at again by that.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    public IReadOnlyCollection<string> UnfinishedPhases { get; } = [ServedModel.Described];

    /// <summary>Whether there is something to do. Asked before a lease is, because most changes of a deployment are none of it.</summary>
    public async Task<bool> IsDueAsync(string id, CancellationToken cancellationToken)
    {
        var (deployment, known) = await ReadAsync(id, cancellationToken);
        return deployment is null ? known is not null : FindWitness(deployment, known) is not null;
    }

    public async Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken)
    {
        var (deployment, known) = await ReadAsync(id, cancellationToken);
        var batch = new ResourceBatch(time) { Lease = lease.Token };
        if (deployment is null)
        {
            if (known is not null)
            {
                batch.Delete<ServedModel>(id);
                await store.ApplyAsync(batch, cancellationToken);
            }
            return ReconcileResult.Finished;
        }
        if (FindWitness(deployment, known) is not { } replica)
            return ReconcileResult.Finished;
        if (await ModelInspector.DescribeAsync(replica, deployment.Spec.Predictor, cancellationToken) is not { } said)
            return ReconcileResult.After(Pause);
        if (known is null)
            batch.Create(new ServedModel(new Resources.ResourceMetadata { Id = id }, replica.Revision, said.Name, said.Version, said.Swagger));
        else
            batch.UpdateSpec(known with { Revision = replica.Revision, ModelName = said.Name, ModelVersion = said.Version, Swagger = said.Swagger });
        try
        {
            await store.ApplyAsync(batch, cancellationToken);
        }
        catch (Exception e) when (e is ResourceAlreadyExistsException or ResourceNotFoundException)
        {
            return ReconcileResult.After(TimeSpan.Zero);
        }
        // The deployment may have gone while it was asked, with nothing to forget yet.
        return ReconcileResult.After(TimeSpan.Zero);
    }

    public void Disown(string id)
    {
    }

    private async Task<(Deployment? Deployment, ServedModel? Known)> ReadAsync(string id, CancellationToken cancellationToken) =>
        (await store.FindAsync<Deployment>(id, cancellationToken), await store.FindAsync<ServedModel>(id, cancellationToken));

    // Who could say something new: a replica of a revision that has said nothing yet. One that sleeps is left asleep.
    private static Replica? FindWitness(Deployment deployment, ServedModel? known) =>
        deployment.IsDeleting || deployment.Status.Revision is not { } revision || known?.Revision == revision.Name
            ? null
            : deployment.Status.Replicas.FirstOrDefault(r => r.State == ReplicaState.Ready && r.Revision == revision.Name);
}
