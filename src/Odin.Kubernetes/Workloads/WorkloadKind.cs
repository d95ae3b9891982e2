using Odin.Execution;

namespace Odin.Kubernetes.Workloads;

/// <summary>One of the objects by which a cluster runs an execution.</summary>
/// <param name="Name">Ours, see <see cref="Names"/>.</param>
/// <param name="Group">Empty for the core.</param>
/// <param name="MainRole">The value of the role label of the pod that speaks for the whole; null: the only pod, or the first.</param>
internal sealed record WorkloadKind(string Name, string Group, string Version, string Kind, string Plural, string? MainRole = null)
{
    public static class Names
    {
        public const string Pod = "pod", Job = "job", TensorFlow = "tensorflow", PyTorch = "pytorch", ElasticPyTorch = "elastic-pytorch",
            Elastic = "elastic", Mpi = "mpi";
    }

    public static readonly WorkloadKind
        Pod = new(Names.Pod, "", "v1", "Pod", "pods"),
        Job = new(Names.Job, "batch", "v1", "Job", "jobs"),
        TensorFlow = new(Names.TensorFlow, "kubeflow.org", "v1", "TFJob", "tfjobs"),
        PyTorch = new(Names.PyTorch, "kubeflow.org", "v1", "PyTorchJob", "pytorchjobs", "master"),
        ElasticPyTorch = new(Names.ElasticPyTorch, "kubeflow.org", "v1", "PyTorchJob", "pytorchjobs"),
        Elastic = new(Names.Elastic, "elastic.pytorch.org", "v1alpha1", "ElasticJob", "elasticjobs"),
        Mpi = new(Names.Mpi, "kubeflow.org", "v2beta1", "MPIJob", "mpijobs", "launcher"),
        MpiV1 = Mpi with { Version = "v1" };

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Whether the status is that of the pods alone; else the object has conditions of its own.</summary>
    public bool IsPod => Name == Names.Pod;

    /// <summary>Whether an operator makes several pods of it.</summary>
    public bool IsDistributed => Name is not (Names.Pod or Names.Job);

    /// <summary>Who makes pods of it, in words.</summary>
    public string Operator => Name switch
    {
        Names.Job => "the cluster's own job controller",
        Names.Mpi => "its operator (Kubeflow's MPI operator, or an older training operator)",
        Names.Elastic => "its operator (that of elastic.pytorch.org)",
        _ => "its operator (Kubeflow's training operator)",
    };

    /// <summary>The one that a record names.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static WorkloadKind Named(string name, string version)
    {
        WorkloadKind[] all = [Pod, Job, TensorFlow, PyTorch, ElasticPyTorch, Elastic, Mpi, MpiV1];
        return all.FirstOrDefault(k => k.Name == name && k.Version == version)
            ?? throw new ArgumentException($"'{name}' of version '{version}' is no kind of workload.");
    }

    /// <summary>What a task of this type may be run by, the best first; empty: it runs nothing.</summary>
    public static IReadOnlyList<WorkloadKind> For(string resourceType) => resourceType switch
    {
        ResourceTypes.Pod => [Pod],
        ResourceTypes.Job => [Job],
        ResourceTypes.TFJob => [TensorFlow],
        ResourceTypes.PyTorchJob => [PyTorch],
        ResourceTypes.ElasticJob => [ElasticPyTorch, Elastic],
        ResourceTypes.MPIJob => [Mpi, MpiV1],
        _ => [],
    };
}
