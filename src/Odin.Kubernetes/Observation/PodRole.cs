using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes.Observation;

/// <summary>What a pod is to the object that it was made for, by the labels that operators give it. Pure.</summary>
internal static class PodRole
{
    // Old operators and new ones name it differently.
    private static readonly string[] RoleLabels = ["training.kubeflow.org/replica-type", "training.kubeflow.org/job-role", "replica-type", "mpi_role_type"];
    private static readonly string[] IndexLabels = ["training.kubeflow.org/replica-index", "replica-index"];

    /// <summary><c>master</c>, <c>worker</c>, <c>launcher</c>; null: its labels do not say.</summary>
    public static string? Of(Pod pod) => First(pod, RoleLabels)?.ToLowerInvariant();

    /// <summary>Whether it speaks for the whole: the one of the main role, or where there is none the first worker.</summary>
    public static bool IsMain(WorkloadKind kind, Pod pod) => kind.MainRole is { } role
        ? Of(pod) == role
        : (First(pod, IndexLabels) ?? pod.Metadata.Name[(pod.Metadata.Name.LastIndexOf('-') + 1)..]) == "0";

    /// <summary>The log of a pod of a distributed execution. One that takes the place of another has another instance.</summary>
    public static LogPart LogOf(WorkloadKind kind, Pod pod)
    {
        var made = pod.Metadata.CreationTimestamp?.ToUnixTimeSeconds() ?? 0;
        return new LogPart(pod.Metadata.Name, $"{made:x8}-{pod.Metadata.Uid[..Math.Min(8, pod.Metadata.Uid.Length)]}", IsMain(kind, pod));
    }

    private static string? First(Pod pod, string[] labels) =>
        labels.Select(l => pod.Metadata.Labels.GetValueOrDefault(l)).FirstOrDefault(v => v is not null);
}
