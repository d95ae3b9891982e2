namespace Odin.Kubernetes.Api;

/// <summary>The kinds that we touch. All are served by Kubernetes 1.20 and by every version since.</summary>
public static class KubernetesResources
{
    private static readonly KubernetesJson Json = KubernetesJson.Default;

    public static KubernetesResource<Pod> Pods { get; } = new("", "v1", "pods", "Pod", Json.Pod);

    public static KubernetesResource<Service> Services { get; } = new("", "v1", "services", "Service", Json.Service);

    public static KubernetesResource<KubernetesEvent> Events { get; } = new("", "v1", "events", "Event", Json.KubernetesEvent);

    public static KubernetesResource<Node> Nodes { get; } = new("", "v1", "nodes", "Node", Json.Node) { IsNamespaced = false };

    public static KubernetesResource<Job> Jobs { get; } = new("batch", "v1", "jobs", "Job", Json.Job);

    public static KubernetesResource<Deployment> Deployments { get; } = new("apps", "v1", "deployments", "Deployment", Json.Deployment);

    public static KubernetesResource<UntypedObject> Namespaces { get; } = Untyped("", "v1", "namespaces", "Namespace") with { IsNamespaced = false };

    public static KubernetesResource<UntypedObject> ConfigMaps { get; } = Untyped("", "v1", "configmaps", "ConfigMap");

    public static KubernetesResource<UntypedObject> Secrets { get; } = Untyped("", "v1", "secrets", "Secret");

    public static KubernetesResource<UntypedObject> PersistentVolumeClaims { get; } =
        Untyped("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");

    public static KubernetesResource<UntypedObject> ServiceAccounts { get; } = Untyped("", "v1", "serviceaccounts", "ServiceAccount");

    public static KubernetesResource<UntypedObject> CustomResourceDefinitions { get; } =
        Untyped("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition") with { IsNamespaced = false };

    /// <summary>A job of the training operators: TFJob, PyTorchJob, MPIJob, ElasticJob.</summary>
    public static KubernetesResource<CustomJob> CustomJobs(string group, string version, string plural, string kind) =>
        new(group, version, plural, kind, Json.CustomJob);

    /// <summary>A kind of which we read nothing in particular.</summary>
    public static KubernetesResource<UntypedObject> Untyped(string group, string version, string plural, string kind) =>
        new(group, version, plural, kind, Json.UntypedObject);
}
