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
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<string, ObservedExecution> executions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> executionOfPod = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> watches = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource closing = new();
    private readonly TaskCompletionSource podsListed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called, on the watch's thread, with the id of an execution of which something has changed.</summary>
    public Action<string> Changed { get; set; } = static _ => { };

    /// <summary>Starts what is not watched yet. Completes when the pods have been listed once.</summary>
    public Task WatchAsync(WorkloadKind kind)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
            if (watches.Count == 0)
            {
                watches[WorkloadKind.Names.Pod] = KeepAsync(WorkloadKind.Pod.Plural, WatchPodsAsync);
                watches["events"] = KeepAsync("events", WatchEventsAsync);
            }
            if (!watches.ContainsKey(kind.ApiVersion + kind.Plural) && !kind.IsPod)
            {
                watches[kind.ApiVersion + kind.Plural] = KeepAsync(kind.Plural, kind.Name == WorkloadKind.Names.Job
                    ? token => WatchObjectsAsync(KubernetesResources.Jobs, static j => WorkloadEnd.Of(j.Status.Conditions), token)
                    : token => WatchObjectsAsync(
                        KubernetesResources.CustomJobs(kind.Group, kind.Version, kind.Plural, kind.Kind), static j => WorkloadEnd.Of(j.Status.Conditions), token));
            }
        }
        return podsListed.Task;
    }

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
    public void Add(string id, Pod? pod)
    {
        if (pod is not null)
            Put(pod);
        else
            Change(id, static e => e.AddObject());
    }

    /// <summary>Forgets an execution that nobody asks about any more.</summary>
    public void Forget(string id)
    {
        lock (gate)
        {
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

    private async Task KeepAsync(string what, Func<CancellationToken, Task> watch)
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
            catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException)
            {
                LogWatchFailed(what, e.Message);
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

    private async Task WatchObjectsAsync<T>(KubernetesResource<T> resource, Func<T, WorkloadEnd> end, CancellationToken cancellationToken)
        where T : KubernetesObject
    {
        var query = new KubernetesQuery { Namespace = @namespace, LabelSelector = WorkloadLabels.Selector };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var change in client.WatchAsync(resource, query, cancellationToken))
        {
            if (change.Kind == WatchEventKind.Synced)
            {
                var now = change.Objects.Select(o => o.Metadata.Name).ToHashSet(StringComparer.Ordinal);
                foreach (var gone in seen.Except(now).ToList())
                    RemoveObject(gone);
                seen = now;
            }
            foreach (var item in change.Objects)
            {
                if (change.Kind == WatchEventKind.Deleted)
                {
                    seen.Remove(item.Metadata.Name);
                    RemoveObject(item.Metadata.Name);
                    continue;
                }
                seen.Add(item.Metadata.Name);
                Change(item.Metadata.Name, e => e.PutObject(end(item)));
                Changed(item.Metadata.Name);
            }
        }
    }

    private void RemoveObject(string id)
    {
        Change(id, static e => e.RemoveObject());
        Changed(id);
    }

    private void Change(string id, Action<ObservedExecution> change)
    {
        lock (gate)
            change(Of(id));
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
