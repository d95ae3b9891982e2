using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Tests.Api;

namespace Odin.Kubernetes.Tests.Installation;

/// <summary>The role of the installation is exactly what the executor needs: an account that has nothing else does all of it.</summary>
public sealed class RoleTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task Role_OfTheServer_IsWhatTheExecutorUses()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        var access = await File.ReadAllTextAsync(Path.Combine(Manifests.Folder, "base", "access.yaml"), TestContext.Current.CancellationToken);
        var rules = Manifests.Read(access).Single(m => Manifests.KindOf(m) == "Role")["rules"]!.AsArray();
        using var account = new TestAccount(cluster);
        await account.CreateAsync();
        await account.GrantAsync(rules);

        using var counted = new CountedRequests(cluster.Namespace);
        await RunAsync(account, ResourceTypes.Pod);
        await RunAsync(account, ResourceTypes.Job);
        await RunOwnProgramAsync(account);
        await LookAroundAsync(account);

        // The account's own token is the test's request, not the server's.
        var used = counted.Lines.Select(l => l[..l.LastIndexOf(' ')]).Where(l => !l.EndsWith("/token", StringComparison.Ordinal));
        Assert.Equal(VerbsOf(rules).Order(StringComparer.Ordinal), used);
    }

    // From the start to its removal, and once more from a server that knows nothing of it: that one has to look.
    private async Task RunAsync(TestAccount account, string type)
    {
        var container = new ContainerSpec { Image = TestCluster.Image, ResourceType = type };
        await using var odin = new ClusterExecutor(cluster, await account.OpenAsync());
        await odin.StartAsync("echo done", container);
        AssertSucceeded(await odin.EndAsync());
        Assert.Equal("done\n", await odin.LogAsync());

        await using var other = new ClusterExecutor(cluster, await account.OpenAsync());
        await other.Executor.StartAsync(odin.Spec("echo done", container), default);
        ExecutionStatus? found = null;
        await Eventually.True(async () => (found = await other.Executor.FindAsync(odin.Key, default))?.IsEnded == true, "the other server finds what there is");
        AssertSucceeded(found!);
        await odin.Executor.RemoveAsync(odin.Key, default);
    }

    // What it is given beside its own wishes has to be looked for. That the image lacks the program is no matter.
    private async Task RunOwnProgramAsync(TestAccount account)
    {
        await using var odin = new ClusterExecutor(cluster, await account.OpenAsync());
        await odin.Executor.StartAsync(odin.Spec("") with { Command = ["odin-chore"] }, default);
        Assert.NotEqual(ExecutionReasons.Forbidden, (await odin.EndAsync()).Reason);
    }

    // For the logs of what others have made.
    private async Task LookAroundAsync(TestAccount account)
    {
        using var client = await account.OpenAsync();
        var resources = new ClusterResources(client, cluster.Namespace);
        Assert.Null(await resources.FindPodsAsync(new LiveResource(ResourceTypes.Service, "missing"), default));
        Assert.Null(await resources.FindPodsAsync(new LiveResource(ResourceTypes.Deployment, "missing"), default));
    }

    private static void AssertSucceeded(ExecutionStatus status) =>
        Assert.True(status.Phase == ExecutionPhase.Succeeded, $"{status.Phase} {status.Reason}: {status.Message}");

    private static IEnumerable<string> VerbsOf(JsonArray rules) =>
        from rule in rules
        from apiGroup in rule!["apiGroups"]!.AsArray()
        from resource in rule["resources"]!.AsArray()
        from verb in rule["verbs"]!.AsArray()
        select $"{verb} {Named(resource!.GetValue<string>().Split('/'), apiGroup!.GetValue<string>())}";

    // As messages write it: the group stands before what is below.
    private static string Named(string[] resource, string apiGroup) =>
        resource[0] + (apiGroup.Length > 0 ? "." + apiGroup : "") + (resource.Length > 1 ? "/" + resource[1] : "");
}
