using Odin.Execution;

namespace Odin.Kubernetes;

/// <summary>How tasks run on a cluster.</summary>
public sealed record KubernetesExecutorOptions
{
    /// <summary>Where everything is made. Null: the namespace of the kubeconfig's context or of our own pod, else <c>default</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>Service account of tasks that name none. Null: the namespace's default one.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>Secrets with which images are pulled. Default <c>registry</c>, which need not exist.</summary>
    public IReadOnlyList<string> PullSecrets { get; init; } = ["registry"];

    /// <summary>
    /// The claim of the volume that holds the workspaces of the runs; it is mounted into every pod, at the same path as here.
    /// Null: tasks share nothing but what they mount themselves, and give their outputs (at most 4 KiB) to the kubelet.
    /// </summary>
    public string? WorkspaceClaim { get; init; }

    /// <summary>Where that volume is mounted, here and in the pods: the directory that holds all workspaces.</summary>
    public string? WorkspacePath { get; init; }

    /// <summary>A directory below that one in which the files of jobs are, for pods to read only. Null: they see none.</summary>
    public string? JobFilesPath { get; init; }

    /// <summary>
    /// Host name of the etcd by which the workers of the old <c>ElasticJob</c> find each other (<c>PYTORCH_ELASTIC_ETCD_SVC</c>).
    /// Null: the address of the service <c>etcd-service</c> in the namespace <c>elastic-job</c>.
    /// </summary>
    public string? ElasticRendezvous { get; init; }

    /// <summary>How many executions may exist on the cluster at a time; the others wait here. Default 200.</summary>
    public int MaxActive { get; init; } = 200;

    /// <summary>How long an ended one stays on the cluster to be looked at. Default 10 min.</summary>
    public TimeSpan KeepEnded { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after the end of a pod the rest of its log may take. Default 30 s.</summary>
    public TimeSpan LogDrain { get; init; } = TimeSpan.FromSeconds(30);
}
