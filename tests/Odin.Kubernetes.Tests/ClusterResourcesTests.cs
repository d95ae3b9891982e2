using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Runs;

namespace Odin.Kubernetes.Tests;

/// <summary>Logs and events of what is on the cluster and not ours: services, deployments, pods.</summary>
public sealed class ClusterResourcesTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly CancellationToken None = CancellationToken.None;

    private (ClusterResources Resources, LiveLogs Logs) Open(KubernetesClient? client = null)
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        var resources = new ClusterResources(client ?? cluster.NewClient(), cluster.Namespace);
        return (resources, new LiveLogs([resources]));
    }

    [Theory]
    [InlineData("svc")]
    [InlineData("service")]
    [InlineData("deploy")]
    [InlineData("deployment")]
    public async Task ServiceAndDeployment_OfTwoPods_GiveTheLogsOfBoth(string prefix)
    {
        var (_, logs) = Open();
        var name = $"web-{prefix}";
        var pods = await DeployAsync(name, 2);

        var text = await ReadAsync(logs, $"{prefix}/{name}", new LogRequest(Lines: 2));
        Assert.Equal(
            $"Found 2 pods,\n{pods[0]}\n{pods[1]}\nusing pod/{pods[0]}\n"
            + $"================\n{pods[0]}\n----------------\ntwo\n{pods[0]}\n================\n{pods[1]}\n----------------\ntwo\n{pods[1]}\n",
            text);
        await using var followed = (await logs.FindAsync($"{prefix}/{name}", new LogRequest(Follow: true), asBlocks: false, None))!.GetAsyncEnumerator();
        foreach (var line in (string[])["Found 2 pods,", pods[0], pods[1], $"Using pod/{pods[0]}", "one", "two", pods[0]])
        {
            Assert.True(await followed.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
            Assert.Equal(line + "\n", followed.Current);
        }
    }

    [Fact]
    public async Task Pod_OfTwoContainers_NeedsToBeToldWhich()
    {
        var (resources, logs) = Open();
        await cluster.Client.CreateAsync(KubernetesResources.Pods, cluster.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "two.containers" },
            ["spec"] = new JsonObject { ["restartPolicy"] = "Never", ["containers"] = new JsonArray(Container("first", "echo 1"), Container("second", "echo 2")) },
        }, None);
        await EndAsync("two.containers");

        Assert.Equal("2\n", await ReadAsync(logs, "two.containers", new LogRequest(Container: "second")));
        Assert.Equal("1\n", await ReadAsync(logs, "pod/two.containers", new LogRequest(Container: "first", Follow: true)));
        Assert.Equal("================\ntwo.containers\n----------------\n1\n", await ReadAsync(logs, "two.containers", new LogRequest(Container: "first"), asBlocks: true));
        foreach (var (container, words) in ((string?, string)[])[(null, "first second"), ("third", "third")])
        {
            var refused = await Assert.ThrowsAsync<ExecutorRefusedException>(() => ReadAsync(logs, "two.containers", new LogRequest(Container: container)));
            Assert.True(refused.IsCallersMistake);
            Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        }
        var events = (await resources.FindEventsAsync(new LiveResource(ResourceTypes.Pod, "two.containers"), None))!;
        Assert.Contains(events, e => e.Reason == "Scheduled" && e.Source == "default-scheduler");
        Assert.Equal(events.OrderBy(e => e.Timestamp), events);
    }

    [Fact]
    public async Task Service_WithoutPods_SaysSo()
    {
        var (resources, logs) = Open();
        foreach (var (name, selector) in ((string, JsonObject?)[])[("nobody", new JsonObject { ["app"] = "nobody" }), ("external", null)])
        {
            var spec = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) };
            if (selector is not null)
                spec["selector"] = selector;
            await cluster.Client.CreateAsync(KubernetesResources.Services, cluster.Namespace, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = spec }, None);
            Assert.Equal($"[odin] svc/{name} has no pods at the moment\n", await ReadAsync(logs, $"svc/{name}", new LogRequest()));
            Assert.Empty((await resources.FindEventsAsync(new LiveResource(ResourceTypes.Service, name), None))!);
        }
    }

    [Theory]
    [InlineData("svc/missing")]
    [InlineData("deploy/missing")]
    [InlineData("missing")]
    [InlineData("svc/Not_A_Name")]
    [InlineData("svc/../pods")]
    [InlineData("svc/")]
    [InlineData("secret/missing")]
    [InlineData("-a")]
    public async Task Name_OfNothing_IsNotFound(string id)
    {
        var (resources, logs) = Open();
        Assert.Null(await logs.FindAsync(id, new LogRequest(), asBlocks: false, None));
        if (LiveResource.Parse(id) is { } resource)
            Assert.Null(await resources.FindEventsAsync(resource, None));
    }

    [Fact]
    public async Task Namespace_OfOthers_CannotBeNamed()
    {
        var (_, logs) = Open();
        Assert.Null(await logs.FindAsync("svc/kubernetes", new LogRequest(), asBlocks: false, None));
        Assert.Null(await logs.FindAsync("default/svc/kubernetes", new LogRequest(), asBlocks: false, None));
    }

    [Fact]
    public async Task Cluster_ForbidsIt_SaysWhichVerbOnWhat()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        // The cluster takes us for a user who may do nothing.
        var (_, logs) = Open(cluster.NewClient(request => request.Headers.Add("Impersonate-User", "nobody")));
        var refused = await Assert.ThrowsAsync<ExecutorRefusedException>(() => logs.FindAsync("svc/web", new LogRequest(), asBlocks: false, None));
        Assert.False(refused.IsCallersMistake);
        Assert.Contains("cannot get resource \"services\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_DoesNotAnswer_IsUnavailable()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        var port = FreePort.Find();
        var (_, logs) = Open(cluster.NewClient(request => request.RequestUri = new UriBuilder(request.RequestUri!) { Port = port }.Uri));
        var unavailable = await Assert.ThrowsAsync<ExecutorUnavailableException>(() => logs.FindAsync("svc/web", new LogRequest(), asBlocks: false, None));
        Assert.Contains("cannot be asked", unavailable.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(LiveLogs logs, string id, LogRequest request, bool asBlocks = false)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        return string.Concat(await (await logs.FindAsync(id, request, asBlocks, limit.Token))!.ToListAsync(limit.Token));
    }

    private static JsonObject Container(string name, string script) => new()
    {
        ["name"] = name,
        ["image"] = TestCluster.Image,
        ["command"] = new JsonArray("/bin/sh", "-c", script),
    };

    // A deployment and a service in front of it, once all pods have said what they say.
    private async Task<List<string>> DeployAsync(string name, int replicas)
    {
        var labels = new JsonObject { ["app"] = name };
        var pod = new JsonObject
        {
            ["terminationGracePeriodSeconds"] = 0,
            ["containers"] = new JsonArray(Container("main", "echo one; echo two; echo $HOSTNAME; sleep 10000")),
        };
        await cluster.Client.CreateAsync(KubernetesResources.Deployments, cluster.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["selector"] = new JsonObject { ["matchLabels"] = labels },
                ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() }, ["spec"] = pod },
            },
        }, None);
        await cluster.Client.CreateAsync(KubernetesResources.Services, cluster.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject { ["selector"] = labels.DeepClone(), ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) },
        }, None);
        var query = new KubernetesQuery { Namespace = cluster.Namespace, LabelSelector = $"app={name}" };
        IReadOnlyList<Pod> pods = [];
        await Eventually.True(
            async () => (pods = (await cluster.Client.ListAsync(KubernetesResources.Pods, query, None)).Items).Count(p => p.Status.Phase == "Running") == replicas,
            $"{replicas} pods of {name} run",
            TimeSpan.FromMinutes(3));
        var names = pods.Select(p => p.Metadata.Name).Order(StringComparer.Ordinal).ToList();
        foreach (var each in names)
            await Eventually.True(async () => (await LogOfAsync(each)).Contains(each, StringComparison.Ordinal), $"{each} has said all");
        return names;
    }

    private async Task<string> LogOfAsync(string pod)
    {
        using var reader = new StreamReader(await cluster.Client.OpenLogAsync(new PodLogQuery { Namespace = cluster.Namespace, Pod = pod }, None));
        return await reader.ReadToEndAsync(None);
    }

    private Task EndAsync(string pod) => Eventually.True(
        async () => (await cluster.Client.FindAsync(KubernetesResources.Pods, cluster.Namespace, pod, None))?.Status.Phase is "Succeeded" or "Failed", $"{pod} ends", TimeSpan.FromMinutes(3));
}
