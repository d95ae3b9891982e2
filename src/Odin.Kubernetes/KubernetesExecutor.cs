using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Observation;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes;

/// <summary>
/// Runs programs on a cluster, as pods or as what operators make of their own kinds. What is made bears the id of the
/// execution as its name, so that it is made once; everything is watched, nothing is polled.
/// </summary>
/// <remarks>
/// A small record of each execution lies in a directory that all servers of a cluster share. It says what the cluster forgets
/// when an object is deleted: that there was one, why we ended it, how it ended.
/// </remarks>
public sealed partial class KubernetesExecutor : IExecutor, IAsyncDisposable
{
    private const string NobodysPods = $"{WorkloadLabels.Execution}=nobody";

    private readonly KubernetesClient client;
    private readonly KubernetesExecutorOptions options;
    private readonly LogStore logs;
    private readonly TimeProvider time;
    private readonly ILogger<KubernetesExecutor> logger;
    private readonly string @namespace;
    private readonly ExecutionRecords records;
    private readonly ClusterView view;
    private readonly WorkloadLauncher launcher;
    private readonly StatusFeed feed = new();
    private readonly ConcurrentDictionary<string, TrackedExecution> tracked = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();

    // Guards the queue; a start and a stop of the same execution do not overlap either.
    private readonly Lock gate = new();
    private readonly SlotQueue<TrackedExecution> slots;
    private readonly HashSet<Task> work = [];
    private bool disposed;

    /// <param name="directory">For the records, shared by all servers of the cluster.</param>
    public KubernetesExecutor(
        KubernetesClient client, KubernetesExecutorOptions options, string directory, LogStore logs, TimeProvider time, ILogger<KubernetesExecutor> logger)
    {
        (this.client, this.options, this.logs, this.time, this.logger) = (client, options, logs, time, logger);
        @namespace = options.Namespace ?? client.Namespace;
        records = new ExecutionRecords(directory);
        slots = new SlotQueue<TrackedExecution>(options.MaxActive);
        view = new ClusterView(client, @namespace, time, logger) { Changed = Evaluate, Blinded = TellUnseen, IsWanted = tracked.ContainsKey };
        launcher = new WorkloadLauncher(client, options, @namespace, time);
    }

    public string Name => "kubernetes";

    public string? FilesRemedy => options.WorkspaceClaim is not null ? null
        : "set kubernetes.workspace_claim to the claim of a volume that the server and the tasks share (docs/guides/local-server-and-cluster.md says how), or pass small values by $ODIN_OUTPUTS";

    public TimeSpan KeepEnded => options.KeepEnded;

    public Task<ExecutionStatus> StartAsync(ExecutionSpec spec, CancellationToken cancellationToken)
    {
        Check(spec);
        lock (gate)
        {
            if (tracked.TryGetValue(spec.Key.Id, out var known))
                return Task.FromResult(Now(known));
            var record = records.Read(spec.Key);
            if (record?.End is { } end)
                return Task.FromResult(end);
            // One that is to end, and that the cluster was asked for, may be there though nobody has heard so.
            if (record is { IsCreated: true } or { Kind: not null, Stop: not null })
                return AdoptAsync(spec.Key, record, cancellationToken);
            if (record?.Stop is { } stop)
                return Task.FromResult(Record(spec.Key, record, ExecutionOutcome.Stopped(stop, null).ToStatus(spec.Key)));
            if (!spec.MayStart())
                return Task.FromResult(Elsewhere(spec.Key));
            if (record is null)
                records.Write(spec.Key, new ExecutionRecord());
            var execution = new TrackedExecution(spec.Key) { Spec = spec };
            tracked[spec.Key.Id] = execution;
            slots.Enqueue(spec.Key.Group, execution);
            LaunchWhatFits();
            return Task.FromResult(Now(execution));
        }
    }

    public async Task<ExecutionStatus?> FindAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        Check(key);
        if (tracked.TryGetValue(key.Id, out var known))
        {
            lock (gate)
                return Now(known);
        }
        return records.Read(key) switch
        {
            null => null,
            { End: { } end } => end,
            { IsCreated: true } or { Kind: not null, Stop: not null } => await AdoptAsync(key, records.Read(key)!, cancellationToken),
            _ => new ExecutionStatus { Key = key, Phase = ExecutionPhase.Queued, Message = "accepted, not started yet" },
        };
    }

    public async Task StopAsync(ExecutionKey key, StopReason reason, CancellationToken cancellationToken)
    {
        Check(key);
        TrackedExecution? execution;
        lock (gate)
        {
            if (records.Read(key) is not { End: null } record)
                return;
            record = record with { Stop = record.Stop ?? reason.ToString() };
            records.Write(key, record);
            if (!tracked.TryGetValue(key.Id, out execution))
            {
                if (record.Kind is null)
                {
                    feed.Publish(Record(key, record, ExecutionOutcome.Stopped(record.Stop, null).ToStatus(key)));
                    return;
                }
            }
            else
            {
                execution.Stop = record.Stop;
                if (slots.Remove(execution))
                {
                    Settle(execution, ExecutionOutcome.Stopped(record.Stop, null).ToStatus(key));
                    return;
                }
                // One that is being made is ended as soon as it is there, or nothing has been asked for.
                if (!execution.IsCreated)
                {
                    _ = execution.Stopping.CancelAsync();
                    return;
                }
            }
        }
        // It is recorded, and that is what was asked for; the cluster may take its time.
        if (execution is null)
            await AdoptAsync(key, records.Read(key)!, cancellationToken);
        else
            Spawn(() => EndObjectAsync(execution, closing.Token));
    }

    public Task<bool> WithdrawAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        Check(key);
        lock (gate)
        {
            if (!tracked.TryGetValue(key.Id, out var execution))
            {
                // One that an earlier process accepted, and never asked the cluster for.
                if (records.Read(key) is not { Kind: null, End: null, Stop: null })
                    return Task.FromResult(false);
            }
            else if (!slots.Remove(execution))
            {
                return Task.FromResult(false);
            }
            tracked.TryRemove(key.Id, out _);
            records.Delete(key);
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It has not ended; stop it first.</exception>
    public async Task RemoveAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        Check(key);
        if (records.Read(key) is not { } record)
            return;
        if (record is { End: null, Kind: not null } || tracked.ContainsKey(key.Id))
            throw new InvalidOperationException($"The execution '{key}' has not ended: stop it before it is removed.");
        if (record is { Kind: { } name, Version: { } version })
        {
            try
            {
                await launcher.DeleteAsync(WorkloadKind.Named(name, version), key.Id, null, cancellationToken);
            }
            catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException or KubernetesConfigurationException)
            {
                throw new ExecutorUnavailableException($"What '{key}' left on the cluster could not be deleted: {e.Message}", e)
                {
                    RetryAfter = (e as KubernetesUnavailableException)?.RetryAfter,
                };
            }
        }
        view.Forget(key.Id);
        records.Delete(key);
    }

    public async Task<string?> FindTroubleAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The right that all else hangs on; the answer is empty.
            await client.ListAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = @namespace, LabelSelector = NobodysPods }, cancellationToken);
            return await launcher.FindMissingAsync(cancellationToken);
        }
        catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException or KubernetesConfigurationException)
        {
            return e.Message;
        }
    }

    public IAsyncEnumerable<ExecutionStatus> WatchAsync(CancellationToken cancellationToken) => feed.ReadAsync(cancellationToken);

    /// <summary>Lets go of everything. Programs run on, and are found again by the next executor on the same directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        await closing.CancelAsync();
        await view.DisposeAsync();
        Task[] all;
        lock (work)
            all = [.. work];
        await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        feed.Complete();
        closing.Dispose();
    }

    // One that waits says for what, as it is now. Under the gate.
    private ExecutionStatus Now(TrackedExecution execution) => execution.HasSlot ? execution.Status : execution.Status with
    {
        Reason = ExecutionReasons.WaitingForSlot,
        Message = string.Create(CultureInfo.InvariantCulture, $"{slots.Busy} of {slots.Slots} slots are busy; {slots.Waiting} wait"),
    };

    private void Check(ExecutionKey key)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        key.ThrowIfUnsafe();
    }

    private void Check(ExecutionSpec spec)
    {
        Check(spec.Key);
        if (spec.Command.Count == 0)
            throw new ArgumentException($"The execution '{spec.Key}' has no command.", nameof(spec));
        if (spec.Container is null)
            throw new ArgumentException($"The execution '{spec.Key}' names no container image.", nameof(spec));
    }
}
