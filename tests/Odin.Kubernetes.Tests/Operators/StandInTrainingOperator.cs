using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests.Operators;

/// <summary>
/// Stands in for the training operators in one namespace: makes the pods of their kinds, with their labels, owners,
/// conditions, restart and clean-up policies. README.md says what it is good for.
/// </summary>
internal sealed class StandInTrainingOperator : IAsyncDisposable
{
    private static readonly Lazy<Task> Installed = new(DefineAsync);

    private readonly KubernetesClient client;
    private readonly string @namespace;
    private readonly CancellationTokenSource stop = new();
    private readonly Channel<(StandInKind? Kind, object Seen, bool IsGone)> changes = Channel.CreateUnbounded<(StandInKind?, object, bool)>();
    private readonly Dictionary<string, (StandInKind Kind, UntypedObject Object)> jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pod> pods = new(StringComparer.Ordinal);
    private readonly HashSet<string> launched = [];
    private readonly Task[] work;

    private StandInTrainingOperator(KubernetesClient client, string @namespace, string mpiVersion)
    {
        (this.client, this.@namespace) = (client, @namespace);
        work = [.. StandInKind.All.Where(kind => !kind.IsMpi || kind.Version == mpiVersion).Select(kind => WatchAsync(kind, kind.Resource)), WatchAsync(null, KubernetesResources.Pods), RunAsync()];
    }

    /// <summary>Defines the kinds and starts.</summary>
    /// <param name="mpiVersion">Which of the two operators of MPIJobs it stands in for.</param>
    public static async Task<StandInTrainingOperator> StartAsync(KubernetesClient client, string @namespace, string mpiVersion = "v2beta1")
    {
        await Installed.Value;
        return new StandInTrainingOperator(client, @namespace, mpiVersion);
    }

    /// <summary>Defines the kinds and waits until the server knows them.</summary>
    public static Task InstallAsync() => Installed.Value;

    private static async Task DefineAsync()
    {
        var file = Path.Combine(SourceTree.Root, "tests", "Odin.Kubernetes.Tests", "Operators", "crds.yaml");
        string[] config = ["--kubeconfig", KubernetesCluster.Kubeconfig];
        await TestProgram.RunAsync("kubectl", [.. config, "apply", "-f", file]);
        await TestProgram.RunAsync("kubectl", [.. config, "wait", "--for=condition=established", "--timeout=60s", "-f", file]);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        client.Dispose();
        stop.Dispose();
    }

    private async Task WatchAsync<T>(StandInKind? kind, KubernetesResource<T> resource)
        where T : KubernetesObject
    {
        await foreach (var change in client.WatchAsync(resource, new KubernetesQuery { Namespace = @namespace }, stop.Token))
        {
            foreach (var item in change.Objects)
                changes.Writer.TryWrite((kind, item, change.Kind == WatchEventKind.Deleted));
        }
    }

    // One thing after the other: there is no race to be had here.
    private async Task RunAsync()
    {
        await foreach (var (kind, seen, isGone) in changes.Reader.ReadAllAsync(stop.Token))
        {
            try
            {
                await TakeAsync(kind, (KubernetesObject)seen, isGone);
            }
            catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException)
            {
                // As a real controller does: what went wrong is looked at again with the next change, and there is one.
                await Task.Delay(100, stop.Token);
                changes.Writer.TryWrite((kind, seen, isGone));
            }
        }
    }

    private async Task TakeAsync(StandInKind? kind, KubernetesObject seen, bool isGone)
    {
        if (seen is Pod pod)
        {
            if (isGone)
                pods.Remove(pod.Metadata.Uid);
            else
                pods[pod.Metadata.Uid] = pod;
            var owner = jobs.Values.FirstOrDefault(j => IsPodOf(j.Object, pod));
            if (owner.Object is not null)
                await ReconcileAsync(owner.Kind, owner.Object);
            return;
        }
        if (isGone)
        {
            jobs.Remove(seen.Metadata.Uid);
            return;
        }
        jobs[seen.Metadata.Uid] = (kind!, (UntypedObject)seen);
        await ReconcileAsync(kind!, (UntypedObject)seen);
    }

    private static bool IsPodOf(UntypedObject job, Pod pod) =>
        (pod.Metadata.Labels.GetValueOrDefault("training.kubeflow.org/job-name") ?? pod.Metadata.Labels.GetValueOrDefault("job-name")) == job.Metadata.Name;

    private async Task ReconcileAsync(StandInKind kind, UntypedObject job)
    {
        if (job.Metadata.DeletionTimestamp is not null)
            return;
        var spec = (JsonObject)job.Fields["spec"]!;
        var own = pods.Values.Where(p => IsPodOf(job, p)).ToList();
        if (HasEnded(job))
        {
            await CleanAsync(spec, own);
            return;
        }
        var byRole = new Dictionary<string, IReadOnlyList<Pod>>(StringComparer.Ordinal);
        var isRestarting = false;
        foreach (var (role, replica) in (JsonObject)spec[kind.Replicas]!)
        {
            var name = role.ToLowerInvariant();
            var there = own.Where(p => RoleOf(p) == name).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).ToList();
            foreach (var pod in there.Where(p => IsToBeTriedAgain(replica!, p)).ToList())
            {
                await client.DeleteAsync(KubernetesResources.Pods, @namespace, pod.Metadata.Name, new DeleteOptions(), stop.Token);
                there.Remove(pod);
                isRestarting = true;
            }
            if (!isRestarting)
                await CompleteAsync(kind, job, spec, name, (JsonObject)replica!, there);
            byRole[name] = there;
        }
        await ReportAsync(kind, job, byRole, isRestarting ? null : kind.Outcome(spec, byRole), isRestarting);
    }

    private static string? RoleOf(Pod pod) =>
        new[] { "training.kubeflow.org/replica-type", "training.kubeflow.org/job-role", "replica-type" }
            .Select(l => pod.Metadata.Labels.GetValueOrDefault(l)).FirstOrDefault(r => r is not null);

    private static bool IsToBeTriedAgain(JsonNode replica, Pod pod) =>
        (string?)replica["restartPolicy"] == "ExitCode" && StandInKind.Ended(pod) == false
        && pod.Status.ContainerStatuses is [{ State.Terminated.ExitCode: >= 128 }, ..];

    // Makes the pods that are missing, also those that somebody has deleted.
    private async Task CompleteAsync(StandInKind kind, UntypedObject job, JsonObject spec, string role, JsonObject replica, List<Pod> there)
    {
        if (kind.HasLauncherJob && role == "launcher")
        {
            if (launched.Add(job.Metadata.Uid))
                await CreateLauncherAsync(kind, job, spec, replica);
            return;
        }
        for (var index = 0; index < ((int?)replica["replicas"] ?? 1); index++)
        {
            // Without a number in the first version.
            var name = role == "launcher" ? $"{job.Metadata.Name}-{role}" : $"{job.Metadata.Name}-{role}-{index}";
            if (there.Any(p => p.Metadata.Name == name))
                continue;
            var body = PodOf(kind, job, spec, role, index, replica);
            body["metadata"]!["name"] = name;
            body["metadata"]!["ownerReferences"] = Owner(kind, job);
            try
            {
                var pod = await client.CreateAsync(KubernetesResources.Pods, @namespace, body, stop.Token);
                pods[pod.Metadata.Uid] = pod;
                there.Add(pod);
                await TellAsync(kind, job, "SuccessfulCreatePod", $"Created pod: {name}");
            }
            catch (KubernetesException e) when (e.IsAlreadyExists)
            {
                // The old one is still going; its end is a change.
            }
        }
    }

    private async Task CreateLauncherAsync(StandInKind kind, UntypedObject job, JsonObject spec, JsonObject replica)
    {
        var body = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = job.Metadata.Name + "-launcher", ["ownerReferences"] = Owner(kind, job) },
            ["spec"] = new JsonObject { ["template"] = PodOf(kind, job, spec, "launcher", 0, replica) },
        };
        if (spec["runPolicy"]?["backoffLimit"] is { } limit)
            body["spec"]!["backoffLimit"] = limit.DeepClone();
        await client.CreateAsync(KubernetesResources.Jobs, @namespace, body, stop.Token);
        await TellAsync(kind, job, "MPIJobCreated", $"Created launcher: {job.Metadata.Name}-launcher");
    }

    private static JsonObject PodOf(StandInKind kind, UntypedObject job, JsonObject spec, string role, int index, JsonObject replica)
    {
        var template = (JsonObject)replica["template"]!.DeepClone();
        var metadata = template["metadata"] as JsonObject ?? [];
        var labels = metadata["labels"] as JsonObject ?? [];
        foreach (var (name, value) in kind.Labels(job.Metadata.Name, role, index))
            labels[name] = value!.DeepClone();
        template["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() };
        kind.Connect((JsonObject)template["spec"]!["containers"]![0]!, spec, job.Metadata.Name, role, index);
        template["spec"]!["restartPolicy"] = (string?)replica["restartPolicy"] is "ExitCode" or null ? "Never" : (string?)replica["restartPolicy"];
        return template;
    }

    private static JsonArray Owner(StandInKind kind, UntypedObject job) => new(new JsonObject
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["name"] = job.Metadata.Name,
        ["uid"] = job.Metadata.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    });

    private async Task CleanAsync(JsonObject spec, List<Pod> own)
    {
        var policy = (string?)spec["runPolicy"]?["cleanPodPolicy"] ?? (string?)spec["cleanPodPolicy"] ?? "None";
        foreach (var pod in own.Where(p => p.Metadata.DeletionTimestamp is null && (policy == "All" || (policy == "Running" && StandInKind.Ended(p) is null))))
            await client.DeleteAsync(KubernetesResources.Pods, @namespace, pod.Metadata.Name, new DeleteOptions(), stop.Token);
    }

    private static bool HasEnded(UntypedObject job) => Conditions(job).Any(c => (string?)c["type"] is "Succeeded" or "Failed" && (string?)c["status"] == "True");

    private static IEnumerable<JsonObject> Conditions(UntypedObject job) => (job.Fields["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>();

    private async Task ReportAsync(StandInKind kind, UntypedObject job, Dictionary<string, IReadOnlyList<Pod>> byRole, bool? outcome, bool isRestarting)
    {
        var name = job.Metadata.Name;
        var state = (outcome, isRestarting, byRole.Values.Any(r => r.Any(p => p.Status.Phase == "Running"))) switch
        {
            (true, _, _) => "Succeeded",
            (false, _, _) => "Failed",
            (_, true, _) => "Restarting",
            (_, _, true) => "Running",
            _ => "Created",
        };
        if (Conditions(job).LastOrDefault() is { } last && ((string?)last["type"] == state || state == "Created"))
            return;
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var conditions = new JsonArray([.. Conditions(job).Where(c => (string?)c["type"] != state).Select(c => c.DeepClone())]);
        foreach (var running in conditions.OfType<JsonObject>().Where(c => (string?)c["type"] is "Running" or "Restarting"))
            running["status"] = "False";
        conditions.Add(new JsonObject
        {
            ["type"] = state,
            ["status"] = "True",
            ["reason"] = $"{kind.Kind}{state}",
            ["message"] = $"{kind.Kind} {name} is {state.ToLowerInvariant()}.",
            ["lastUpdateTime"] = now,
            ["lastTransitionTime"] = now,
        });
        var status = new JsonObject { ["conditions"] = conditions };
        if (outcome is not null)
            status["completionTime"] = now;
        var changed = await client.PatchAsync(kind.Resource with { Subresource = "status" }, @namespace, name, new JsonObject { ["status"] = status }, stop.Token);
        jobs[job.Metadata.Uid] = (kind, changed);
    }

    private async Task TellAsync(StandInKind kind, UntypedObject job, string reason, string message)
    {
        var now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        await client.CreateAsync(KubernetesResources.Events, @namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["generateName"] = job.Metadata.Name + "." },
            ["involvedObject"] = new JsonObject
            {
                ["apiVersion"] = kind.ApiVersion,
                ["kind"] = kind.Kind,
                ["name"] = job.Metadata.Name,
                ["namespace"] = @namespace,
                ["uid"] = job.Metadata.Uid,
            },
            ["type"] = "Normal",
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = new JsonObject { ["component"] = "stand-in-operator" },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
        }, stop.Token);
    }
}
