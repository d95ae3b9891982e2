using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Images;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Deployments;

/// <summary>
/// Keeps as many replicas of a deployment running as its load asks for, all of its newest revision. A replica is in the store
/// before it is started and until nothing is left of it, so that a server that takes over finds every one.
/// </summary>
/// <param name="removeWith">Adds to a batch what goes together with a deployment.</param>
internal sealed partial class DeploymentReconciler(
    IResourceStore store, IExecutor executor, UnpackedImages images, RevisionPreparer preparer, ReplicaLauncher launcher, ReplicaProbes probes, DeploymentLoads loads,
    EventFeed events, DeploymentLogs logs, ReplicaOptions options, TimeProvider time, Func<string, ResourceBatch, CancellationToken, Task> removeWith, ILogger<DeploymentReconciler> logger)
    : IReconciler<Deployment>
{
    private const int FailuresUntilFailed = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1), Busy = TimeSpan.FromSeconds(1), Soonest = TimeSpan.FromMilliseconds(10), Proven = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Id, string Revision), FailedStarts> failures = new();

    public IReadOnlyCollection<string> UnfinishedPhases { get; } =
        [Deployment.New, Deployment.Deleting, nameof(DeploymentState.Processing), nameof(DeploymentState.Ready), nameof(DeploymentState.Failed)];

    /// <summary>Asks for <see cref="CleanImagesAsync"/> soon; set by who hosts this.</summary>
    public Action Housekeeping { get; set; } = static () => { };

    public async Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Deployment>(id, cancellationToken) is not { } deployment)
        {
            Forget(id);
            return ReconcileResult.Finished;
        }
        var pass = new Pass(deployment, loads.Of(id), time.GetUtcNow());
        await ObserveAsync(pass, cancellationToken);
        if (deployment.IsDeleting)
        {
            if (pass.Replicas.Count == 0)
            {
                foreach (var gone in pass.Gone)
                    await CleanAsync(KeyOf(pass.Id, gone), gone, cancellationToken);
                await RemoveAsync(deployment, lease, cancellationToken);
                return ReconcileResult.Finished;
            }
            pass.DrainAll();
        }
        else
        {
            Plan(pass);
        }
        await SaveAsync(pass, lease, cancellationToken);
        // Only now: what is taken away before it is stored would look as if it had never been started.
        foreach (var gone in pass.Gone)
            await CleanAsync(KeyOf(pass.Id, gone), gone, cancellationToken);
        if (pass.Gone.Any(r => r.Digest != pass.Status.Revision?.Digest))
            Housekeeping();
        pass.Load.HasDrain = pass.Replicas.Any(r => r.State == ReplicaState.Draining);
        foreach (var replica in pass.Replicas.Where(r => r.State == ReplicaState.Starting && !pass.Known.Contains(r.Id)).ToList())
        {
            if (!await StartAsync(pass, replica, lease, cancellationToken))
                break;
        }
        return pass.Soonest is { } soonest ? ReconcileResult.After(soonest) : ReconcileResult.Waiting;
    }

    public void Disown(string id)
    {
        executor.Disown(GroupOf(id));
        Forget(id);
    }

    /// <summary>The group of a deployment's executions.</summary>
    public static string GroupOf(string id) => $"deployment-{id}";

    /// <summary>The deployment of a group of executions; null: it is something else's.</summary>
    public static string? DeploymentOf(string group) => group.StartsWith("deployment-", StringComparison.Ordinal) ? group["deployment-".Length..] : null;

    private static ExecutionKey KeyOf(string id, Replica replica) => new(GroupOf(id), replica.Id);

    /// <summary>What has become of the replicas since the last look.</summary>
    private async Task ObserveAsync(Pass pass, CancellationToken cancellationToken)
    {
        foreach (var replica in pass.Deployment.Status.Replicas)
        {
            var key = KeyOf(pass.Id, replica);
            var status = await executor.FindAsync(key, cancellationToken);
            if (status is { IsEnded: false })
            {
                // One that was only accepted when a server died is started by asking once more.
                if (status.Phase != ExecutionPhase.Queued)
                    pass.Known.Add(replica.Id);
                pass.Replicas.Add(replica.State == ReplicaState.Draining ? await EndAsync(pass, replica, key, cancellationToken) : await LookAsync(pass, replica, key, cancellationToken));
            }
            else if (status is null && replica.State == ReplicaState.Starting)
            {
                // Stored, and not started before the server died.
                pass.Replicas.Add(replica);
            }
            else
            {
                if (status is not null && replica.State != ReplicaState.Draining)
                    await CountFailureAsync(pass, replica, $"ended: {status.Message ?? status.Reason ?? "its program is done"}", cancellationToken);
                pass.Gone.Add(replica);
            }
        }
    }

    private async Task<Replica> EndAsync(Pass pass, Replica replica, ExecutionKey key, CancellationToken cancellationToken)
    {
        var drained = pass.Now - replica.Since;
        if (drained < options.DrainHold)
            pass.LookAgain(options.DrainHold - drained);
        else if (drained >= options.DrainTimeout || pass.Load.RequestsOf(replica.Id) == 0)
            await executor.StopAsync(key, StopReason.Cancelled, cancellationToken);
        else
            pass.LookAgain(Busy);
        return replica;
    }

    private async Task<Replica> LookAsync(Pass pass, Replica replica, ExecutionKey key, CancellationToken cancellationToken)
    {
        var probe = probes.Ask(pass.Deployment, replica);
        if (probe is { IsReady: true })
        {
            if (replica.State == ReplicaState.Ready && pass.Now - replica.Since >= Proven)
                failures.TryRemove((pass.Id, replica.Revision), out _);
            return replica with
            {
                State = ReplicaState.Ready,
                Since = replica.State == ReplicaState.Ready ? replica.Since : pass.Now,
                ModelName = probe.ModelName,
                ModelVersion = probe.ModelVersion,
            };
        }
        // Not asked yet by this server: what was ready is taken to be so still, that its clients need not wait for us.
        if (probe is null && replica.State == ReplicaState.Ready)
            return replica;
        var state = replica.State == ReplicaState.Starting ? replica : replica with { State = ReplicaState.Starting, Since = pass.Now };
        var left = state.Since + options.ReadyTimeout - pass.Now;
        if (probe is not { IsHung: true } && left > TimeSpan.Zero)
        {
            pass.LookAgain(left);
            return state;
        }
        // It gets no more requests and is replaced right now; that it ends may take a while.
        var why = probe is { IsHung: true } ? "it did not answer any more" : $"it was not ready within {options.ReadyTimeout.TotalSeconds:0} s: {probe?.Message ?? "nothing is known of it"}";
        LogHung(pass.Id, replica.Id, why);
        await CountFailureAsync(pass, replica, $"was ended: {why}", cancellationToken);
        await executor.StopAsync(key, StopReason.Timeout, cancellationToken);
        return replica with { State = ReplicaState.Draining, Since = pass.Now };
    }

    private async Task CountFailureAsync(Pass pass, Replica replica, string what, CancellationToken cancellationToken)
    {
        var key = (pass.Id, replica.Revision);
        var last = failures.GetOrAdd(key, static _ => new FailedStarts(0, "", default, ""));
        // Seen already in a pass whose result could not be stored.
        if (last.Replica == replica.Id)
            return;
        var words = await logs.LastWordsAsync(KeyOf(pass.Id, replica), cancellationToken);
        var message = $"The replica {replica.Id} {what}{(words.Length > 0 ? $". Its log ends with: {words}" : "")}";
        var count = last.Count + 1;
        // One that has served for a while is replaced at once: it is not its start that fails.
        if (replica.State == ReplicaState.Ready && pass.Now - replica.Since >= Proven)
            count = 0;
        failures[key] = new FailedStarts(count, message, count == 0 ? pass.Now : pass.Now + Backoff.Exponential(FirstPause, LongestPause, count - 1), replica.Id);
        LogEnded(pass.Id, replica.Id, message);
    }

    private async Task CleanAsync(ExecutionKey key, Replica replica, CancellationToken cancellationToken)
    {
        probes.Forget(replica.Id);
        await executor.RemoveAsync(key, cancellationToken);
        launcher.Clean(replica.Id);
        logs.Trim(key.Group);
    }

    /// <summary>What is to be there, and what is to be said of it.</summary>
    private void Plan(Pass pass)
    {
        var (deployment, status) = (pass.Deployment, pass.Deployment.Status);
        var revision = status.Revision;
        var isCurrent = revision?.Generation == deployment.Metadata.Generation && status.State is not null && images.Has(revision.Digest);
        Preparation? preparation = null;
        if (!isCurrent)
        {
            // Until the new one is there, the old one serves.
            preparation = preparer.Prepare(deployment);
            if (preparation.Revision is { } done && !images.Has(done.Digest))
            {
                // Somebody has cleaned up: it is fetched again.
                preparer.Forget(pass.Id);
                preparation = preparer.Prepare(deployment);
            }
            revision = preparation.Revision ?? revision;
            if (preparation.RetryAfter is { } retry)
                pass.LookAgain(retry > TimeSpan.Zero ? retry : TimeSpan.Zero);
            if (preparation.Revision is not null)
                pass.Load.Touch();
        }
        pass.Revision = revision;
        var failed = revision is null ? null : failures.GetValueOrDefault((pass.Id, revision.Name));
        var settings = ScalingSettings.Of(deployment.Spec, options.IdleAfter);
        var load = pass.Load.Observe();
        if (load.Idle is null && pass.Replicas.Count > 0)
        {
            // They were left by a server before this one, which knew when somebody had last asked: the time begins anew.
            pass.Load.Touch();
            load = pass.Load.Observe();
        }
        var isProven = isCurrent ? status.State == DeploymentState.Ready : preparation is { Revision: null };
        var current = pass.Replicas.Count(r => r.Revision == revision?.Name && r.State != ReplicaState.Draining);
        var wanted = ScaleDecider.Decide(deployment.Spec, settings, load, current, isProven);
        var mayStart = MayStart(pass, failed) && revision is not null && images.Has(revision.Digest);
        var fallback = Fallback(pass, settings, load, failed);
        pass.Carry(RolloutDecider.Decide(pass.Replicas, revision?.Name, wanted, mayStart, fallback), launcher.EndpointOf);
        if (wanted > 0 && deployment.Spec.MinReplicas == 0 && isProven && load.Idle is { } idle)
            pass.LookAgain(idle < settings.IdleAfter - Soonest ? settings.IdleAfter - idle : Soonest);
        if (load.Now > 0 || wanted > Math.Max(1, deployment.Spec.MinReplicas))
            pass.LookAgain(Busy);
        pass.Status = Describe(pass, preparation, isProven, wanted, failed);
    }

    private static bool MayStart(Pass pass, FailedStarts? failed)
    {
        if (failed is null || pass.Now >= failed.NotBefore)
            return true;
        pass.LookAgain(failed.NotBefore - pass.Now);
        return false;
    }

    // Replicas of the last revision that was ready which are needed because the newest is not. As long as nothing has failed, what
    // runs of it is enough, and what sleeps is better woken as the newest.
    private int Fallback(Pass pass, ScalingSettings settings, ObservedLoad load, FailedStarts? failed)
    {
        if (pass.Deployment.Status.Proven is not { } proven || proven.Name == pass.Revision?.Name || !images.Has(proven.Digest))
            return 0;
        var itself = failures.GetValueOrDefault((pass.Id, proven.Name));
        if (failed is not { Count: > 0 } && itself is null || !MayStart(pass, itself))
            return 0;
        return ScaleDecider.Decide(pass.Deployment.Spec, settings, load, pass.Replicas.Count(r => r.Revision == proven.Name && r.State != ReplicaState.Draining), isProven: true);
    }

    private static DeploymentStatus Describe(Pass pass, Preparation? preparation, bool isProven, int wanted, FailedStarts? failed)
    {
        var spec = pass.Deployment.Spec;
        var ready = pass.Replicas.Where(r => r.State == ReplicaState.Ready && r.Revision == pass.Revision?.Name).ToList();
        // One that sleeps is what it was before.
        var named = ready.Count > 0 ? ready.FirstOrDefault(r => r.ModelName is not null) ?? ready[0] : null;
        var status = pass.Deployment.Status with
        {
            ObservedGeneration = pass.Deployment.Metadata.Generation,
            Revision = pass.Revision,
            Proven = ready.Count > 0 ? pass.Revision : pass.Deployment.Status.Proven,
            ModelName = named is null ? pass.Deployment.Status.ModelName : named.ModelName,
            ModelVersion = named is null ? pass.Deployment.Status.ModelVersion : named.ModelVersion,
            Reason = null,
            Message = null,
        };
        if (preparation is { Failure: { } problem })
            return status with { State = DeploymentState.Failed, Reason = problem.Reason, Message = problem.Message };
        if (preparation is { Revision: null })
            return status with { State = DeploymentState.Processing, Reason = DeploymentReasons.PullingImage, Message = $"Fetching and unpacking the image '{spec.Image}'." };
        if (failed is { Count: > 0 } && ready.Count == 0 && wanted > 0)
        {
            return status with
            {
                State = failed.Count >= FailuresUntilFailed ? DeploymentState.Failed : isProven ? DeploymentState.Ready : DeploymentState.Processing,
                Reason = DeploymentReasons.ReplicaFailed,
                Message = $"{failed.Message} ({failed.Count} in a row; it is started again).",
            };
        }
        if (ready.Count >= Math.Max(1, spec.MinReplicas))
            return status with { State = DeploymentState.Ready };
        return isProven && wanted == 0
            ? status with { State = DeploymentState.Ready, Reason = DeploymentReasons.Asleep, Message = "Nobody has asked for a while; the next request wakes it." }
            : status with { State = isProven ? DeploymentState.Ready : DeploymentState.Processing, Reason = DeploymentReasons.StartingReplicas, Message = $"{ready.Count} of {Math.Max(1, Math.Max(wanted, spec.MinReplicas))} replicas are ready." };
    }

    // False: none can be started.
    private async Task<bool> StartAsync(Pass pass, Replica replica, Lease lease, CancellationToken cancellationToken)
    {
        if (await images.FindAsync(replica.Digest, cancellationToken) is not { } image)
        {
            // Somebody has cleaned up in this moment: the next look has it fetched again.
            pass.LookAgain(Busy);
            return false;
        }
        try
        {
            var spec = await launcher.DescribeAsync(KeyOf(pass.Id, replica), replica, image);
            lease.ThrowIfLost();
            // One that could not even be recorded is tried again; of the others the executor reports the end.
            if ((await executor.StartAsync(spec with { MayStart = () => lease.IsHeld }, cancellationToken)).IsEnded)
                pass.LookAgain(Busy);
            else
                probes.Ask(pass.Deployment, replica);
            return true;
        }
        catch (DeploymentFailedException e)
        {
            await RefuseAsync(pass, e, lease, cancellationToken);
            return false;
        }
    }

    private void Forget(string id)
    {
        foreach (var key in failures.Keys.Where(k => k.Id == id))
            failures.TryRemove(key, out _);
        preparer.Forget(id);
    }

    /// <summary>Replicas of one revision that ended before they had served.</summary>
    private sealed record FailedStarts(int Count, string Message, DateTimeOffset NotBefore, string Replica);

    [LoggerMessage(1, LogLevel.Warning, "Deployment '{Deployment}': {Message} ({Replica})")]
    private partial void LogEnded(string deployment, string replica, string message);

    [LoggerMessage(3, LogLevel.Information, "Deployment '{Deployment}' is {State}{Why}")]
    private partial void LogState(string deployment, DeploymentState? state, string why);

    [LoggerMessage(2, LogLevel.Warning, "Deployment '{Deployment}': the replica {Replica} is ended: {Reason}")]
    private partial void LogHung(string deployment, string replica, string reason);
}
