using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes.Observation;

/// <summary>
/// Everything of ours on the cluster, kept up to date by one watch of pods, one of their events, and one for each other kind
/// that is in use. However many executions there are, the number of watches stays the same.
/// </summary>
internal sealed partial class ClusterView(KubernetesClient client, string @namespace, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const string Events = "events";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<string, ObservedExecution> executions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> executionOfPod = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> watches = new(StringComparer.Ordinal);

    // The executions of which there is an object of a kind, by the kind.
    private readonly Dictionary<string, HashSet<string>> objects = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();
    private readonly TaskCompletionSource podsListed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called, on the watch's thread, with the id of an execution of which something has changed.</summary>
    public Action<string> Changed { get; set; } = static _ => { };

    /// <summary>Whether anybody will still ask about an execution of which there is nothing left on the cluster.</summary>
    public Func<string, bool> IsWanted { get; set; } = static _ => true;

    /// <summary>Called with why nothing can be seen at the moment, each time that looking is tried and refused.</summary>
    public Action<WorkloadKind, Exception> Blinded { get; set; } = static (_, _) => { };

    /// <summary>Starts what is not watched yet. Completes when the pods have been listed once.</summary>
    public Task Watch(WorkloadKind kind)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
            if (watches.Count == 0)
            {
                watches[WorkloadKind.Names.Pod] = KeepAsync(WorkloadKind.Pod, WorkloadKind.Pod.Plural, WatchPodsAsync);
                watches[Events] = KeepAsync(null, Events, WatchEventsAsync);
            }
            if (!kind.IsPod && !watches.ContainsKey(NameOf(kind)))
            {
                objects[NameOf(kind)] = new HashSet<string>(StringComparer.Ordinal);
                watches[NameOf(kind)] = KeepAsync(kind, kind.Plural, kind.Name == WorkloadKind.Names.Job
                    ? token => WatchObjectsAsync(kind, KubernetesResources.Jobs, static j => WorkloadEnd.Of(j.Status.Conditions), token)
                    : token => WatchObjectsAsync(
                        kind, KubernetesResources.CustomJobs(kind.Group, kind.Version, kind.Plural, kind.Kind), static j => WorkloadEnd.Of(j.Status.Conditions), token));
            }
        }
        return podsListed.Task;
    }

    private static string NameOf(WorkloadKind kind) => $"{kind.ApiVersion}/{kind.Plural}";

    /// <summary>Looks at one execution while nothing changes; null if nothing was ever seen of it.</summary>
    public T? Look<T>(string id, Func<ObservedExecution, T?> look)
        where T : class
    {
        lock (gate)
            return executions.TryGetValue(id, out var execution) ? look(execution) : null;
    }

    /// <summary>Whether something was seen of an execution, and it is so.</summary>
    public bool Shows(string id, Func<ObservedExecution, bool> isSo)
    {
        lock (gate)
            return executions.TryGetValue(id, out var execution) && isSo(execution);
    }

    /// <summary>Takes in what a request has shown before the watch does: a pod, or that an object of another kind exists.</summary>
    public void Add(WorkloadKind kind, string id, Pod? pod)
    {
        if (pod is not null)
        {
            Put(pod);
            return;
        }
        lock (gate)
        {
            Of(id).AddObject();
            if (Of(id).HasObject)
                objects[NameOf(kind)].Add(id);
        }
    }

    /// <summary>Forgets an execution that nobody asks about any more.</summary>
    public void Forget(string id)
    {
        lock (gate)
        {
            foreach (var ids in objects.Values)
                ids.Remove(id);
            if (!executions.Remove(id, out var execution))
                return;
            foreach (var uid in execution.PodUids)
                executionOfPod.Remove(uid);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        Task[] all;
        lock (gate)
            all = [.. watches.Values];
        await Task.WhenAll(all);
        podsListed.TrySetCanceled();
        closing.Dispose();
    }

    private async Task KeepAsync(WorkloadKind? kind, string what, Func<CancellationToken, Task> watch)
    {
        await Task.Yield();
        while (!closing.IsCancellationRequested)
        {
            try
            {
                await watch(closing.Token);
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException or KubernetesConfigurationException)
            {
                LogWatchFailed(what, e.Message);
                // Without events there is less to tell; without the rest there is nothing to know.
                if (kind is not null)
                    Blinded(kind, e);
            }
            await Task.Delay(RetryDelay, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchPodsAsync(CancellationToken cancellationToken)
    {
        var query = new KubernetesQuery { Namespace = @namespace, LabelSelector = WorkloadLabels.Selector };
        await foreach (var change in client.WatchAsync(KubernetesResources.Pods, query, cancellationToken))
        {
            switch (change.Kind)
            {
                case WatchEventKind.Synced:
                    await ResyncAsync(change.Objects, cancellationToken);
                    podsListed.TrySetResult();
                    break;
                case WatchEventKind.Deleted:
                    Remove(change.Object);
                    break;
                default:
                    Put(change.Object);
                    break;
            }
        }
    }

    private async Task WatchEventsAsync(CancellationToken cancellationToken)
    {
        // Those of pods that nobody has heard of yet would be dropped.
        await podsListed.Task.WaitAsync(cancellationToken);
        // Those of pods and of what made them; there is little else in the namespace.
        var query = new KubernetesQuery { Namespace = @namespace };
        await foreach (var change in client.WatchAsync(KubernetesResources.Events, query, cancellationToken))
        {
            if (change.Kind == WatchEventKind.Deleted)
                continue;
            foreach (var reported in change.Objects)
                Put(reported);
        }
    }

    private async Task WatchObjectsAsync<T>(WorkloadKind kind, KubernetesResource<T> resource, Func<T, WorkloadEnd> end, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var query = new KubernetesQuery { Namespace = @namespace, LabelSelector = WorkloadLabels.Selector };
        await foreach (var change in client.WatchAsync(resource, query, cancellationToken))
        {
            if (change.Kind == WatchEventKind.Synced)
                await ResyncObjectsAsync(kind, resource, change.Objects, cancellationToken);
            foreach (var item in change.Objects)
            {
                if (change.Kind == WatchEventKind.Deleted)
                    RemoveObject(kind, item.Metadata.Name);
                else
                    PutObject(kind, item.Metadata.Name, end(item));
                Changed(item.Metadata.Name);
            }
        }
    }

    private async Task ResyncObjectsAsync<T>(WorkloadKind kind, KubernetesResource<T> resource, IReadOnlyList<T> there, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        List<string> missing;
        lock (gate)
            missing = [.. objects[NameOf(kind)].Except(there.Select(o => o.Metadata.Name))];
        foreach (var id in missing)
        {
            // One that was made while the list was on its way is not in it, and is there all the same.
            if (await client.FindAsync(resource, @namespace, id, cancellationToken) is not null)
                continue;
            RemoveObject(kind, id);
            Changed(id);
        }
    }

    private void PutObject(WorkloadKind kind, string id, WorkloadEnd end)
    {
        lock (gate)
        {
            Of(id).PutObject(end);
            objects[NameOf(kind)].Add(id);
        }
    }

    private void RemoveObject(WorkloadKind kind, string id)
    {
        lock (gate)
        {
            Of(id).RemoveObject();
            objects[NameOf(kind)].Remove(id);
            DropUnwanted(id);
        }
    }

    // Under the gate.
    private void DropUnwanted(string id)
    {
        if (!Of(id).IsThere && !IsWanted(id))
            executions.Remove(id);
    }

    private void Put(Pod pod)
    {
        if (ExecutionOf(pod) is not { } id)
            return;
        lock (gate)
        {
            if (Of(id).Put(pod))
                executionOfPod[pod.Metadata.Uid] = id;
        }
        Changed(id);
    }

    private void Remove(Pod pod)
    {
        if (ExecutionOf(pod) is not { } id)
            return;
        lock (gate)
        {
            // The last state of the pod comes with the news of its end.
            Of(id).Put(pod);
            Of(id).Remove(pod);
            executionOfPod.Remove(pod.Metadata.Uid);
            DropUnwanted(id);
        }
        Changed(id);
    }

    private async Task ResyncAsync(IReadOnlyList<Pod> pods, CancellationToken cancellationToken)
    {
        var there = pods.Select(p => p.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        List<Pod> missing;
        lock (gate)
            missing = [.. executionOfPod.Where(p => !there.Contains(p.Key)).Select(p => Of(p.Value).Find(p.Key)!)];
        foreach (var pod in missing)
        {
            // A pod that was made while the list was on its way is not in it, and lives all the same.
            var now = await client.FindAsync(KubernetesResources.Pods, @namespace, pod.Metadata.Name, cancellationToken);
            if (now?.Metadata.Uid == pod.Metadata.Uid)
                Put(now);
            else
                Remove(pod);
        }
        foreach (var pod in pods)
            Put(pod);
    }

    private void Put(KubernetesEvent reported)
    {
        string? id;
        lock (gate)
        {
            if (!IsOurs(reported.InvolvedObject, out id) || !Of(id).Add(reported, reported.InvolvedObject.Name == id ? null : reported.InvolvedObject.Name))
                return;
        }
        if (reported.Type == "Warning")
            Changed(id);
    }

    // Under the gate. An object has the id of the execution as its name.
    private bool IsOurs(ObjectReference subject, [NotNullWhen(true)] out string? id)
    {
        if (executionOfPod.TryGetValue(subject.Uid, out id))
            return true;
        id = subject.Kind != "Pod" && executions.TryGetValue(subject.Name, out var execution) && (execution.HasObject || execution.IsGone) ? subject.Name : null;
        return id is not null;
    }

    private ObservedExecution Of(string id)
    {
        if (!executions.TryGetValue(id, out var execution))
            executions.Add(id, execution = new ObservedExecution());
        return execution;
    }

    private static string? ExecutionOf(Pod pod) => pod.Metadata.Labels.GetValueOrDefault(WorkloadLabels.Execution);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot watch {What} of the cluster; trying again: {Reason}")]
    private partial void LogWatchFailed(string what, string reason);
}
