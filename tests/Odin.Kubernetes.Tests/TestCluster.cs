using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests;

/// <summary>
/// A namespace of its own on the cluster that <c>ODIN_TEST_KUBECONFIG</c> names, with a claim on a volume that is the
/// machine's directory for temporary files. Without that variable the tests that need it are skipped.
/// </summary>
public sealed class TestCluster : IAsyncLifetime
{
    public const string Claim = "workspaces", Image = "127.0.0.1:5000/busybox:1";

    private static readonly KubernetesResource<UntypedObject> Volumes =
        KubernetesResources.Untyped("", "v1", "persistentvolumes", "PersistentVolume") with { IsNamespaced = false };

    private static string? Path => Environment.GetEnvironmentVariable("ODIN_TEST_KUBECONFIG");

    public static string Skipped => "There is no cluster: set ODIN_TEST_KUBECONFIG to the kubeconfig of one that may be used for tests.";

    public string Namespace { get; } = $"odin-test-{Guid.NewGuid().ToString("n")[..8]}";

    public KubernetesClient Client { get; private set; } = null!;

    public static bool IsThere => !string.IsNullOrEmpty(Path);

    public async ValueTask InitializeAsync()
    {
        if (!IsThere)
            return;
        Client = NewClient();
        await Client.CreateAsync(KubernetesResources.Namespaces, null, Named(Namespace), default);
        await Client.CreateAsync(Volumes, null, new JsonObject
        {
            ["metadata"] = Named(Namespace)["metadata"]!.DeepClone(),
            ["spec"] = new JsonObject
            {
                ["capacity"] = new JsonObject { ["storage"] = "1Gi" },
                ["accessModes"] = new JsonArray("ReadWriteMany"),
                ["persistentVolumeReclaimPolicy"] = "Retain",
                ["storageClassName"] = Namespace,
                ["hostPath"] = new JsonObject { ["path"] = System.IO.Path.GetTempPath().TrimEnd('/') },
            },
        }, default);
        await Client.CreateAsync(KubernetesResources.PersistentVolumeClaims, Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = Claim },
            ["spec"] = new JsonObject
            {
                ["accessModes"] = new JsonArray("ReadWriteMany"),
                ["storageClassName"] = Namespace,
                ["resources"] = new JsonObject { ["requests"] = new JsonObject { ["storage"] = "1Gi" } },
            },
        }, default);
        // A pod without the account of its namespace is refused, and that account is made a moment after the namespace.
        await Odin.Testing.Eventually.True(
            async () => await Client.FindAsync(KubernetesResources.ServiceAccounts, Namespace, "default", default) is not null, "the namespace's service account");
    }

    public KubernetesClient NewClient() => NewClient((Func<HttpMessageHandler, DelegatingHandler>?)null);

    /// <summary>A client to which some kinds are not there, as <see cref="HiddenKinds"/> has it.</summary>
    public KubernetesClient NewClientWithout(params IReadOnlyList<string> kinds) => NewClient(inner => new HiddenKinds(inner, kinds));

    /// <summary>A client whose requests are changed on their way.</summary>
    public KubernetesClient NewClient(Action<HttpRequestMessage> change) => NewClient(inner => new ChangedRequests(inner, change));

    private KubernetesClient NewClient(Func<HttpMessageHandler, DelegatingHandler>? around)
    {
        var options = new KubernetesApiOptions { Kubeconfig = Path, Namespace = Namespace };
        var configuration = KubernetesConfiguration.Load(options, TimeProvider.System).With(Namespace, around);
        return new KubernetesClient(configuration, options, TimeProvider.System, NullLogger<KubernetesClient>.Instance);
    }

    /// <summary>A kubeconfig for the same cluster, or for another address with the same certificate, with a token as the credential.</summary>
    public string Kubeconfig(string token, string? server)
    {
        var own = KubernetesConfiguration.Load(new KubernetesApiOptions { Kubeconfig = Path, Namespace = Namespace }, TimeProvider.System);
        var authorities = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(own.Authorities!.ExportCertificatePems()));
        return $$$"""
            apiVersion: v1
            kind: Config
            current-context: c
            clusters: [{name: c, cluster: {server: "{{{server ?? own.Server.ToString()}}}", certificate-authority-data: {{{authorities}}}}}]
            users: [{name: u, user: {token: "{{{token}}}"}}]
            contexts: [{name: c, context: {cluster: c, user: u}}]
            """;
    }

    public async ValueTask DisposeAsync()
    {
        if (Client is null)
            return;
        await Client.DeleteAsync(KubernetesResources.Namespaces, null, Namespace, new DeleteOptions(), default);
        await Client.DeleteAsync(Volumes, null, Namespace, new DeleteOptions(), default);
        Client.Dispose();
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };
}
