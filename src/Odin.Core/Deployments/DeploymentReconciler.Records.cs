using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Deployments;

/// <summary>What of a deployment is kept, and when it goes.</summary>
internal sealed partial class DeploymentReconciler
{
    /// <summary>Stores what has changed; others are told of what they can see.</summary>
    private async Task SaveAsync(Pass pass, Lease lease, CancellationToken cancellationToken)
    {
        var old = pass.Deployment.Status;
        var status = pass.Status with { Replicas = old.Replicas.SequenceEqual(pass.Replicas) ? old.Replicas : pass.Replicas };
        if (status == old)
            return;
        var batch = new ResourceBatch(time) { Lease = lease.Token };
        var stored = batch.UpdateStatus(pass.Deployment with { Status = status });
        if (IsVisible(old, status))
            await events.AppendAsync(batch, EventGroups.Deployment, pass.Id, EventTypes.DeploymentStatusUpdated, cancellationToken);
        await store.ApplyAsync(batch, cancellationToken);
        pass.Deployment = stored;
        if ((old.State, old.Reason) != (status.State, status.Reason))
            LogState(pass.Id, status.State, status.Reason is null ? "" : $" ({status.Reason}): {status.Message}");
    }

    private static bool IsVisible(DeploymentStatus old, DeploymentStatus status) =>
        old with { Replicas = status.Replicas } != status
        || old.Replicas.Count != status.Replicas.Count
        || old.Replicas.Count(r => r.State == ReplicaState.Ready) != status.Replicas.Count(r => r.State == ReplicaState.Ready);

    // It would fail again in the same way: what was to be started is taken back, and the user told.
    private async Task RefuseAsync(Pass pass, DeploymentFailedException problem, Lease lease, CancellationToken cancellationToken)
    {
        failures[(pass.Id, pass.Revision?.Name ?? "")] = new FailedStarts(FailuresUntilFailed, problem.Message, pass.Now + LongestPause, "");
        pass.Replicas.RemoveAll(r => r.State == ReplicaState.Starting && !pass.Known.Contains(r.Id));
        pass.Status = pass.Deployment.Status with { State = DeploymentState.Failed, Reason = problem.Reason, Message = problem.Message };
        await SaveAsync(pass, lease, cancellationToken);
        pass.LookAgain(LongestPause);
    }

    private async Task RemoveAsync(Deployment deployment, Lease lease, CancellationToken cancellationToken)
    {
        var batch = new ResourceBatch(time) { Lease = lease.Token };
        batch.Delete<Deployment>(deployment.Id);
        await removeWith(deployment.Id, batch, cancellationToken);
        await store.ApplyAsync(batch, cancellationToken);
        logs.Delete(GroupOf(deployment.Id));
        Forget(deployment.Id);
        Housekeeping();
    }

    /// <summary>Removes the sockets that earlier servers have left. Before anything is started.</summary>
    public async Task CleanSocketsAsync(CancellationToken cancellationToken)
    {
        var replicas = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var deployment in store.EnumerateAsync<Deployment>(new ResourceQuery(), cancellationToken))
            replicas.UnionWith(deployment.Status.Replicas.Select(r => r.Id));
        launcher.CleanAllBut(replicas);
    }

    /// <summary>Removes the images that no deployment needs any more.</summary>
    public Task CleanImagesAsync(CancellationToken cancellationToken) => images.PruneAsync(
        async token =>
        {
            var digests = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var deployment in store.EnumerateAsync<Deployment>(new ResourceQuery(), token))
            {
                digests.UnionWith(new[] { deployment.Status.Revision, deployment.Status.Proven }.OfType<DeploymentRevision>().Select(r => r.Digest));
                digests.UnionWith(deployment.Status.Replicas.Select(r => r.Digest));
            }
            return digests;
        },
        cancellationToken);

    /// <summary>One look at a deployment, and what comes of it.</summary>
    private sealed class Pass(Deployment deployment, DeploymentLoad load, DateTimeOffset now)
    {
        public string Id { get; } = deployment.Id;

        public Deployment Deployment { get; set; } = deployment;

        public DeploymentLoad Load { get; } = load;

        public DateTimeOffset Now { get; } = now;

        /// <summary>As they are to be stored.</summary>
        public List<Replica> Replicas { get; } = [];

        /// <summary>Replicas of which nothing runs any more.</summary>
        public List<Replica> Gone { get; } = [];

        /// <summary>Replicas that the executor has started.</summary>
        public HashSet<string> Known { get; } = new(StringComparer.Ordinal);

        public DeploymentStatus Status { get; set; } = deployment.Status;

        public DeploymentRevision? Revision { get; set; }

        /// <summary>When to look again, if nothing happens before.</summary>
        public TimeSpan? Soonest { get; private set; }

        public void LookAgain(TimeSpan after)
        {
            if (Soonest is null || after < Soonest)
                Soonest = after;
        }

        public void DrainAll() => Drain([.. Replicas.Where(r => r.State != ReplicaState.Draining).Select(r => r.Id)]);

        public void Carry(RolloutStep step, Func<string, string> endpointOf)
        {
            Drain(step.Drain);
            Add(step.Start, Revision, endpointOf);
            Add(step.Restore, Deployment.Status.Proven, endpointOf);
        }

        private void Add(int count, DeploymentRevision? revision, Func<string, string> endpointOf)
        {
            for (var i = 0; i < count; i++)
            {
                var id = $"{Id}-{revision!.Name}-{Guid.NewGuid().ToString("N")[..6]}";
                Replicas.Add(new Replica(id, revision.Name, endpointOf(id), ReplicaState.Starting, Now, revision.Digest));
            }
        }

        private void Drain(IReadOnlyList<string> ids)
        {
            for (var i = 0; i < Replicas.Count; i++)
            {
                if (ids.Contains(Replicas[i].Id))
                {
                    Replicas[i] = Replicas[i] with { State = ReplicaState.Draining, Since = Now };
                    // At the earliest when gateways have heard of it.
                    LookAgain(TimeSpan.Zero);
                }
            }
        }
    }
}
