using Odin.Kubernetes;
using Odin.Kubernetes.Api;

namespace Odin.Server.Hosting;

/// <summary>The cluster that tasks may run on.</summary>
internal sealed record KubernetesSettings(KubernetesApiOptions Api, KubernetesExecutorOptions Executor)
{
    /// <summary>Null: nothing says that there is one.</summary>
    public static KubernetesSettings? Read(SettingValues values)
    {
        // In a pod of a cluster, that cluster is meant; elsewhere a kubeconfig of the user must not be used by accident.
        var isWanted = values.Text(Settings.Executor) == "kubernetes"
            || Settings.Kubernetes.Any(s => values.Text(s) is not null)
            || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"));
        if (!isWanted)
            return null;
        var standard = new KubernetesExecutorOptions();
        return new KubernetesSettings(
            new KubernetesApiOptions
            {
                Kubeconfig = values.Text(Settings.Kubeconfig),
                Context = values.Text(Settings.KubernetesContext),
                Namespace = values.Text(Settings.KubernetesNamespace),
            },
            standard with
            {
                Namespace = values.Text(Settings.KubernetesNamespace),
                ServiceAccount = values.Text(Settings.KubernetesServiceAccount),
                PullSecrets = values.Text(Settings.KubernetesPullSecrets) is null ? standard.PullSecrets : values.List(Settings.KubernetesPullSecrets),
                WorkspaceClaim = values.Text(Settings.KubernetesWorkspaceClaim),
                ElasticRendezvous = values.Text(Settings.KubernetesElasticEtcd),
                MaxActive = (int)Math.Min(values.Number(Settings.KubernetesMaxActive, 1) ?? standard.MaxActive, 100_000),
                KeepEnded = values.Duration(Settings.KubernetesKeepEnded) ?? standard.KeepEnded,
            });
    }
}
