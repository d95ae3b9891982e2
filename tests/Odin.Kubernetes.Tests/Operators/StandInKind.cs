using System.Text.Json.Nodes;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests.Operators;

/// <summary>What the stand-in has to know of a kind.</summary>
/// <param name="Framework">The part of <c>operator-name</c> that is the kind's own.</param>
/// <param name="Replicas">The member of the spec that says which pods.</param>
internal sealed record StandInKind(string Group, string Version, string Plural, string Kind, string Framework, string Replicas)
{
    public static readonly IReadOnlyList<StandInKind> All =
    [
        new("kubeflow.org", "v1", "tfjobs", "TFJob", "tensorflow", "tfReplicaSpecs"),
        new("kubeflow.org", "v1", "pytorchjobs", "PyTorchJob", "pytorch", "pytorchReplicaSpecs"),
        new("kubeflow.org", "v1", "mpijobs", "MPIJob", "mpi", "mpiReplicaSpecs"),
        new("kubeflow.org", "v2beta1", "mpijobs", "MPIJob", "mpi", "mpiReplicaSpecs"),
        new("elastic.pytorch.org", "v1alpha1", "elasticjobs", "ElasticJob", "elastic", "replicaSpecs"),
    ];

    public KubernetesResource<UntypedObject> Resource => KubernetesResources.Untyped(Group, Version, Plural, Kind);

    public string ApiVersion => $"{Group}/{Version}";

    public bool IsMpi => Kind == "MPIJob";

    /// <summary>The launcher is a Job there, of as many tries as the run policy says.</summary>
    public bool HasLauncherJob => Version == "v2beta1";

    /// <summary>The labels of a pod: those of today, and for the old kind those that it had.</summary>
    public JsonObject Labels(string job, string role, int index) => Version == "v1alpha1"
        ? new() { ["group-name"] = Group, ["job-name"] = job, ["replica-type"] = role, ["replica-index"] = $"{index}" }
        : HasLauncherJob
        ? new()
        {
            ["training.kubeflow.org/job-name"] = job,
            ["training.kubeflow.org/job-role"] = role,
            ["training.kubeflow.org/operator-name"] = "mpi-operator",
            ["training.kubeflow.org/replica-index"] = $"{index}",
        }
        : new()
        {
            ["training.kubeflow.org/job-name"] = job,
            ["training.kubeflow.org/operator-name"] = $"{Framework}job-controller",
            ["training.kubeflow.org/replica-index"] = $"{index}",
            ["training.kubeflow.org/replica-type"] = role,
        };

    /// <summary>Succeeded, failed, or null: neither yet. Of the pods by role, in the order of their numbers.</summary>
    public bool? Outcome(JsonObject spec, IReadOnlyDictionary<string, IReadOnlyList<Pod>> pods)
    {
        var all = pods.Values.SelectMany(p => p).ToList();
        if (IsMpi)
            return pods.GetValueOrDefault("launcher") is [var launcher, ..] ? Ended(launcher) : null;
        if (all.Any(p => Ended(p) == false))
            return false;
        var workers = pods.GetValueOrDefault("worker") ?? [];
        return (pods.GetValueOrDefault("master") switch
        {
            [var master, ..] => Ended(master),
            _ when spec["elasticPolicy"] is not null => workers.Any(w => Ended(w) == true),
            _ when Kind == "TFJob" && (string?)spec["successPolicy"] != "AllWorkers" => workers.Take(1).Any(w => Ended(w) == true),
            _ => workers.Count == Count(spec, "Worker") && workers.All(w => Ended(w) == true),
        }) is true ? true : null;
    }

    public int Count(JsonObject spec, string role) => (int?)spec[Replicas]?[role]?["replicas"] ?? 1;

    /// <summary>Null: it goes on.</summary>
    public static bool? Ended(Pod pod) => pod.Status.Phase switch
    {
        "Succeeded" => true,
        "Failed" => false,
        _ => null,
    };

    /// <summary>What the operator adds to the template of a pod: the means by which the programs find each other.</summary>
    public void Connect(JsonObject container, JsonObject spec, string job, string role, int index)
    {
        var environment = container["env"] as JsonArray ?? [];
        if (container["env"] is null)
            container["env"] = environment;
        if (Kind == "PyTorchJob")
        {
            var masters = spec[Replicas]?["Master"] is null ? 0 : 1;
            environment.Add(new JsonObject { ["name"] = "RANK", ["value"] = $"{index + (role == "master" ? 0 : masters)}" });
            environment.Add(new JsonObject { ["name"] = "WORLD_SIZE", ["value"] = $"{Count(spec, "Worker") + masters}" });
            environment.Add(new JsonObject { ["name"] = "MASTER_ADDR", ["value"] = masters == 1 ? $"{job}-master-0" : $"{job}-worker-0" });
        }
        if (Kind == "ElasticJob")
        {
            string[] launch = ["--rdzv_backend=etcd", $"--rdzv_endpoint={spec["rdzvEndpoint"]}", $"--rdzv_id={job}"];
            container["args"] = new JsonArray([.. launch.Select(a => (JsonNode)a), .. (container["args"] as JsonArray ?? []).Select(a => a!.DeepClone())]);
        }
        // Where the real one starts an SSH server, which waits as well.
        if (IsMpi && role == "worker" && container["command"] is null)
            container["command"] = new JsonArray("/bin/sh", "-c", "echo the worker waits; trap 'exit 0' TERM; sleep 100000 & wait");
    }
}
