using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Tests.Api;

namespace Odin.Kubernetes.Tests.Installation;

/// <summary>The role of the installation is exactly what the executor needs: an account that has nothing else does all of it.</summary>
public sealed class RoleTests(TestCluster cluster) : IClassFixture<TestCluster>, IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Role_OfTheServer_IsWhatTheExecutorUses()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        var access = await File.ReadAllTextAsync(Path.Combine(Manifests.Folder, "base", "access.yaml"), TestContext.Current.CancellationToken);
        var role = Manifests.Read(access).Single(m => Manifests.KindOf(m) == "Role");
        var kubeconfig = await GrantAsync(access);

        using var counted = new CountedRequests(cluster.Namespace);
        await RunAsync(kubeconfig, ResourceTypes.Pod);
        await RunAsync(kubeconfig, ResourceTypes.Job);
        await RunOwnProgramAsync(kubeconfig);

        Assert.Equal(VerbsOf(role).Order(StringComparer.Ordinal), counted.Lines.Select(l => l[..l.LastIndexOf(' ')]).Distinct().Order(StringComparer.Ordinal));
    }

    // From the start to its removal, and once more from a server that knows nothing of it: that one has to look.
    private async Task RunAsync(string kubeconfig, string type)
    {
        var container = new ContainerSpec { Image = TestCluster.Image, ResourceType = type };
        await using var odin = Open(kubeconfig);
        await odin.StartAsync("echo done", container);
        var status = await odin.EndAsync();
        Assert.True(status.Phase == ExecutionPhase.Succeeded, $"{status.Reason}: {status.Message}");
        Assert.Equal("done\n", await odin.LogAsync());

        await using var other = Open(kubeconfig);
        await other.Executor.StartAsync(odin.Spec("echo done", container), default);
        await Eventually.True(
            async () => (await other.Executor.FindAsync(odin.Key, default))?.Phase == ExecutionPhase.Succeeded, "the other server finds what there is");
        await odin.Executor.RemoveAsync(odin.Key, default);
        await Eventually.True(
            async () => !(await TestProgram.RunAsync("kubectl", ["--kubeconfig", TestCluster.Kubeconfig!, "-n", odin.Namespace, "get", "pods,jobs", "-o", "name"])).Contains(odin.Id, StringComparison.Ordinal),
            "the removal of what was made");
    }

    // What it is given beside its own wishes has to be looked for. That the image lacks the program is no matter.
    private async Task RunOwnProgramAsync(string kubeconfig)
    {
        await using var odin = Open(kubeconfig);
        await odin.Executor.StartAsync(odin.Spec("") with { Command = ["odin-chore"] }, default);
        Assert.NotEqual(ExecutionReasons.Forbidden, (await odin.EndAsync()).Reason);
    }

    private ClusterExecutor Open(string kubeconfig)
    {
        var options = new KubernetesApiOptions { Kubeconfig = kubeconfig, Namespace = cluster.Namespace };
        return new ClusterExecutor(
            cluster, new KubernetesClient(KubernetesConfiguration.Load(options, TimeProvider.System), options, TimeProvider.System, NullLogger<KubernetesClient>.Instance));
    }

    // The installation's own manifest, in the namespace of the test; gives a kubeconfig of the account.
    private async Task<string> GrantAsync(string access)
    {
        var manifest = access.Replace("namespace: odin-tasks", "namespace: odin", StringComparison.Ordinal)
            .Replace("namespace: odin", $"namespace: {cluster.Namespace}", StringComparison.Ordinal);
        string[] kubectl = ["--kubeconfig", TestCluster.Kubeconfig!];
        await TestProgram.RunAsync("kubectl", [.. kubectl, "apply", "-f", "-"], input: System.Text.Encoding.UTF8.GetBytes(manifest));
        var token = await TestProgram.RunAsync("kubectl", [.. kubectl, "-n", cluster.Namespace, "create", "token", "odin"]);
        var config = (JsonObject)JsonNode.Parse(await TestProgram.RunAsync("kubectl", [.. kubectl, "config", "view", "--raw", "--minify", "-o", "json"]))!;
        config["users"] = new JsonArray(new JsonObject { ["name"] = "odin", ["user"] = new JsonObject { ["token"] = token } });
        config["contexts"]![0]!["context"]!["user"] = "odin";
        var file = directory["kubeconfig"];
        await File.WriteAllTextAsync(file, config.ToJsonString());
        return file;
    }

    private static IEnumerable<string> VerbsOf(JsonObject role) =>
        from rule in role["rules"]!.AsArray()
        from resource in rule!["resources"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        select $"{verb} {resource}";
}
