namespace Odin.Testing;

/// <summary>
/// A namespace of the test's own in the cluster that <c>ODIN_TEST_KUBECONFIG</c> names; it goes away with everything in it.
/// Tests without a cluster are skipped.
/// </summary>
internal sealed class KubernetesCluster : IAsyncDisposable
{
    private KubernetesCluster(string @namespace) => Namespace = @namespace;

    /// <summary>The kubeconfig; asking for it skips the test when there is none.</summary>
    public static string Kubeconfig
    {
        get
        {
            var path = Environment.GetEnvironmentVariable("ODIN_TEST_KUBECONFIG");
            Assert.SkipWhen(string.IsNullOrEmpty(path), "ODIN_TEST_KUBECONFIG is not set, so there is no cluster to try this on.");
            return path!;
        }
    }

    public string Namespace { get; }

    /// <summary>Makes the namespace, ready for pods.</summary>
    public static async Task<KubernetesCluster> StartAsync()
    {
        var cluster = new KubernetesCluster($"odin-test-{Guid.NewGuid().ToString("N")[..10]}");
        await RunAsync(null, "create", "namespace", cluster.Namespace);
        // Pods are refused until the cluster has made the account that they run under.
        await Eventually.True(
            async () => (await cluster.KubectlAsync("get", "serviceaccounts", "-o", "name")).Contains("serviceaccount/default", StringComparison.Ordinal),
            $"the service account of the namespace {cluster.Namespace}");
        return cluster;
    }

    /// <summary>kubectl in the namespace; gives what it prints.</summary>
    public Task<string> KubectlAsync(params IReadOnlyList<string> arguments) => RunAsync(null, ["--namespace", Namespace, .. arguments]);

    /// <summary>Makes what the manifest says, in the namespace.</summary>
    public Task<string> ApplyAsync(string manifest) => RunAsync(manifest, "--namespace", Namespace, "apply", "-f", "-");

    // The API server may have been killed a moment ago.
    public async ValueTask DisposeAsync() => await Eventually.True(
        async () =>
        {
            try
            {
                await RunAsync(null, "delete", "namespace", Namespace, "--wait=false", "--ignore-not-found");
                return true;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return false;
            }
        },
        $"the removal of the namespace {Namespace}");

    private static Task<string> RunAsync(string? input, params IReadOnlyList<string> arguments) => TestProgram.RunAsync(
        "kubectl", ["--kubeconfig", Kubeconfig, .. arguments], input: input is null ? null : System.Text.Encoding.UTF8.GetBytes(input));
}
