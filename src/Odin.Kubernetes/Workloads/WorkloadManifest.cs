using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Kubernetes.Workloads;

/// <summary>
/// Builds the object that runs an execution, for each kind of the inherited system (spec 3.3). Pure: everything that has to
/// be looked up is in the arguments. The name is always the id of the execution, so that making it twice is refused.
/// </summary>
internal static class WorkloadManifest
{
    /// <exception cref="ArgumentException">The execution has no container, or one of a kind that runs nothing.</exception>
    public static JsonObject Build(WorkloadKind kind, ExecutionSpec execution, AutomaticMounts automatic, KubernetesExecutorOptions options)
    {
        JsonObject Template(string container) => PodTemplate.Build(container, execution, automatic, options);
        var manifest = new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion,
            ["kind"] = kind.Kind,
            ["metadata"] = new JsonObject { ["name"] = execution.Key.Id, ["labels"] = WorkloadLabels.Of(execution.Key) },
        };
        var workers = execution.Container?.Workers ?? 1;
        manifest["spec"] = kind.Name switch
        {
            WorkloadKind.Names.Pod => Template(execution.Key.Id),
            WorkloadKind.Names.Job => Job(execution, Template(execution.Key.Id)),
            WorkloadKind.Names.TensorFlow => TensorFlow(workers, Labelled(execution, Template("tensorflow"))),
            WorkloadKind.Names.PyTorch => PyTorch(workers, Labelled(execution, Template("pytorch"))),
            WorkloadKind.Names.ElasticPyTorch => ElasticPyTorch(workers, Labelled(execution, Template("pytorch"))),
            WorkloadKind.Names.Elastic => Elastic(workers, options.ElasticRendezvous, Labelled(execution, Template("pytorch-elasticjob"))),
            WorkloadKind.Names.Mpi => Mpi(execution, workers, Template("mpi")),
            _ => throw new ArgumentException($"A {kind.Kind} runs no task."),
        };
        return manifest;
    }

    // One try: how often a task is tried is what its 'retries' say, and the record counts those.
    private static JsonObject Job(ExecutionSpec execution, JsonObject pod) => new()
    {
        ["backoffLimit"] = 0,
        ["template"] = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = execution.Key.Id + "-template", ["labels"] = WorkloadLabels.Of(execution.Key) },
            ["spec"] = pod,
        },
    };

    private static JsonObject TensorFlow(int workers, JsonObject template) => new()
    {
        ["runPolicy"] = RunPolicy(),
        // Otherwise the first worker's end is everybody's.
        ["successPolicy"] = "AllWorkers",
        ["tfReplicaSpecs"] = new JsonObject { ["Worker"] = Replicas(workers, "Never", template) },
    };

    private static JsonObject PyTorch(int workers, JsonObject template) => new()
    {
        ["runPolicy"] = RunPolicy(),
        ["pytorchReplicaSpecs"] = new JsonObject
        {
            ["Master"] = Replicas(1, "Never", template),
            ["Worker"] = Replicas(workers, "Never", (JsonObject)template.DeepClone()),
        },
    };

    // Without a master: the workers find each other, by the first of them.
    private static JsonObject ElasticPyTorch(int workers, JsonObject template) => new()
    {
        // How often workers that were lost are replaced is the operator's business, as the kind promises.
        ["runPolicy"] = new JsonObject { ["cleanPodPolicy"] = "Running" },
        ["elasticPolicy"] = new JsonObject { ["rdzvBackend"] = "c10d", ["minReplicas"] = workers, ["maxReplicas"] = workers },
        ["pytorchReplicaSpecs"] = new JsonObject { ["Worker"] = Replicas(workers, "ExitCode", template) },
    };

    private static JsonObject Elastic(int workers, string? rendezvous, JsonObject template) => new()
    {
        ["replicaSpecs"] = new JsonObject { ["Worker"] = Replicas(workers, "ExitCode", template) },
        ["minReplicas"] = workers,
        ["maxReplicas"] = workers,
        ["rdzvEndpoint"] = $"{rendezvous}:2379",
    };

    // The launcher runs the command; the workers wait for it, which the operator makes them do when they have none.
    private static JsonObject Mpi(ExecutionSpec execution, int workers, JsonObject pod)
    {
        var worker = (JsonObject)pod.DeepClone();
        var container = (JsonObject)worker["containers"]![0]!;
        container.Remove("command");
        container.Remove("args");
        return new JsonObject
        {
            ["slotsPerWorker"] = Math.Max(1, execution.Container?.Gpus ?? 0),
            ["runPolicy"] = RunPolicy(),
            ["mpiReplicaSpecs"] = new JsonObject
            {
                ["Launcher"] = Replicas(1, "Never", Labelled(execution, WithoutGpus(pod))),
                ["Worker"] = Replicas(workers, "Never", Labelled(execution, worker)),
            },
        };
    }

    // What still runs when all is decided ends; and one try, as for a Job.
    private static JsonObject RunPolicy() => new() { ["cleanPodPolicy"] = "Running", ["backoffLimit"] = 0 };

    private static JsonObject WithoutGpus(JsonObject pod)
    {
        pod["containers"]![0]!["resources"]!["limits"]!["nvidia.com/gpu"] = 0;
        return pod;
    }

    private static JsonObject Labelled(ExecutionSpec execution, JsonObject pod) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = execution.Key.Id, ["labels"] = WorkloadLabels.Of(execution.Key) },
        ["spec"] = pod,
    };

    private static JsonObject Replicas(int count, string restartPolicy, JsonObject template) => new()
    {
        ["replicas"] = count,
        ["restartPolicy"] = restartPolicy,
        ["template"] = template,
    };
}
