using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Odin.Kubernetes.Api.Access;

/// <summary>Finds the configuration of a cluster: what is asked for, else KUBECONFIG, else our pod's, else the user's file.</summary>
/// <param name="environment">The value of a variable.</param>
/// <param name="serviceAccountDirectory">Where the kubelet puts what a pod may know.</param>
internal sealed class ConfigurationSource(
    Func<string, string?> environment,
    TimeProvider time,
    string serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount")
{
    public KubernetesConfiguration Load(KubernetesApiOptions options)
    {
        var configuration = !string.IsNullOrEmpty(options.Kubeconfig) ? Read(options.Kubeconfig, "the setting kubernetes.kubeconfig", options.Context)
            : environment("KUBECONFIG") is { Length: > 0 } list ? Read(list, "the variable KUBECONFIG", options.Context)
            : InCluster() ?? Read(DefaultFile(), "the user's own", options.Context);
        return configuration.With(options.Namespace);
    }

    private string DefaultFile() => Path.Combine(environment("HOME") is { Length: > 0 } home ? home : "/", ".kube", "config");

    private KubernetesConfiguration Read(string list, string origin, string? context)
    {
        var paths = list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var files = paths.Where(File.Exists).ToList();
        if (files.Count == 0)
        {
            throw new KubernetesConfigurationException(
                $"There is no kubeconfig: \"{string.Join("\", \"", paths)}\" (from {origin}) does not exist. "
                + "Name the file that kubectl uses by --kubernetes-kubeconfig or KUBECONFIG, or run in a pod with a service account.");
        }
        return new KubeconfigReader(Kubeconfig.Load(files), environment, time).Read(context);
    }

    private KubernetesConfiguration? InCluster()
    {
        var (host, port) = (environment("KUBERNETES_SERVICE_HOST"), environment("KUBERNETES_SERVICE_PORT"));
        var token = Path.Combine(serviceAccountDirectory, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(token))
            return null;
        var address = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        if (!Uri.TryCreate($"https://{address}:{port}", UriKind.Absolute, out var server))
            throw new KubernetesConfigurationException($"KUBERNETES_SERVICE_HOST \"{host}\" and KUBERNETES_SERVICE_PORT \"{port}\" make no address; Kubernetes sets both in every pod, so something else has set them here.");
        return new KubernetesConfiguration
        {
            Server = server,
            Source = "the service account of this pod",
            Namespace = ReadNamespace(),
            Authorities = ReadAuthorities(Path.Combine(serviceAccountDirectory, "ca.crt")),
            Credentials = new TokenFile(token, "service account", time),
        };
    }

    private string ReadNamespace()
    {
        var path = Path.Combine(serviceAccountDirectory, "namespace");
        return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } name ? name : "default";
    }

    private static X509Certificate2Collection ReadAuthorities(string path)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new KubernetesConfigurationException($"The cluster's certificate authority \"{path}\" cannot be read ({e.Message}); mount the pod's service account token.", e);
        }
        if (authorities.Count == 0)
            throw new KubernetesConfigurationException($"The cluster's certificate authority \"{path}\" holds no certificate; mount the pod's service account token.");
        return authorities;
    }
}
