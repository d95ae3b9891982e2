using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Api.Access;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>The client on a real cluster.</summary>
public sealed class KubernetesClientOnClusterTests : IAsyncLifetime
{
    private readonly CancellationTokenSource stop = new(TimeSpan.FromMinutes(5));
    private KubernetesCluster cluster = null!;
    private KubernetesConfiguration configuration = null!;
    private KubernetesClient client = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new KubernetesApiOptions { Kubeconfig = KubernetesCluster.Kubeconfig };
        configuration = KubernetesConfiguration.Load(options, TimeProvider.System);
        client = Client(configuration, options);
        cluster = await KubernetesCluster.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        client?.Dispose();
        if (cluster is not null)
            await cluster.DisposeAsync();
        stop.Dispose();
    }

    [Fact]
    public async Task Server_SaysItsVersionAndWhatItServes()
    {
        Assert.StartsWith("v1.", (await client.GetVersionAsync(stop.Token)).GitVersion, StringComparison.Ordinal);
        Assert.True(await client.IsServedAsync(KubernetesResources.Pods, stop.Token));
        Assert.True(await client.IsServedAsync(KubernetesResources.Jobs, stop.Token));
        Assert.False(await client.IsServedAsync(KubernetesResources.CustomJobs("no-such-group.example.org", "v1", "things", "Thing"), stop.Token));
        var node = (await client.ListAsync(KubernetesResources.Nodes, new KubernetesQuery(), stop.Token)).Items[0];
        Assert.True(node.Status.Conditions.Single(c => c.Type == "Ready").IsTrue);
        Assert.Contains("cpu", node.Status.Allocatable.Keys);
    }

    [Fact]
    public async Task Pod_FromCreationToDeletion_IsSeenByItsWatch()
    {
        using var counted = new CountedRequests(cluster.Namespace);
        var query = new KubernetesQuery { Namespace = cluster.Namespace, LabelSelector = "app=odin-test" };
        await using var events = client.WatchAsync(KubernetesResources.Pods, query, stop.Token).GetAsyncEnumerator(stop.Token);
        Assert.Empty((await NextAsync(events, e => e.Kind == WatchEventKind.Synced)).Objects);

        var created = await client.CreateAsync(KubernetesResources.Pods, cluster.Namespace, Pod("p", "echo one; echo two; exit 3"), stop.Token);
        Assert.NotEqual("", created.Metadata.Uid);
        Assert.Equal("Pending", (await NextAsync(events, e => e.Kind == WatchEventKind.Added)).Object.Status.Phase);
        var failed = (await NextAsync(events, e => e.Object.Status.Phase == "Failed")).Object;
        Assert.Equal((3, "Error"), (failed.Status.ContainerStatuses[0].State.Terminated!.ExitCode, failed.Status.ContainerStatuses[0].State.Terminated!.Reason));

        await using var log = await client.OpenLogAsync(new PodLogQuery { Namespace = cluster.Namespace, Pod = "p", SinceTime = created.Metadata.CreationTimestamp }, stop.Token);
        Assert.Equal("one\ntwo\n", await new StreamReader(log).ReadToEndAsync(stop.Token));
        var found = await client.FindAsync(KubernetesResources.Pods, cluster.Namespace, "p", stop.Token);
        Assert.Equal(created.Metadata.Uid, found!.Metadata.Uid);
        var about = await client.ListAsync(
            KubernetesResources.Events, new KubernetesQuery { Namespace = cluster.Namespace, FieldSelector = $"involvedObject.uid={created.Metadata.Uid}" }, stop.Token);
        Assert.Contains(about.Items, e => e is { Reason: "Scheduled", When: not null });

        var exact = new DeleteOptions { GracePeriod = TimeSpan.Zero, Uid = "00000000-0000-0000-0000-000000000000" };
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => client.DeleteAsync(KubernetesResources.Pods, cluster.Namespace, "p", exact, stop.Token))).IsConflict);
        Assert.True(await client.DeleteAsync(KubernetesResources.Pods, cluster.Namespace, "p", exact with { Uid = created.Metadata.Uid }, stop.Token));
        await NextAsync(events, e => e.Kind == WatchEventKind.Deleted);
        Assert.Null(await client.FindAsync(KubernetesResources.Pods, cluster.Namespace, "p", stop.Token));
        Assert.False(await client.DeleteAsync(KubernetesResources.Pods, cluster.Namespace, "p", new DeleteOptions(), stop.Token));
        Assert.Equal(["create pods 1", "delete pods 3", "get pods 2", "get pods/log 1", "list events 1", "list pods 1", "watch pods 1"], counted.Lines);
    }

    [Fact]
    public async Task OpenLogAsync_Followed_GivesLinesWhileTheContainerRuns()
    {
        await client.CreateAsync(KubernetesResources.Pods, cluster.Namespace, Pod("p", "echo ready; until [ -e /tmp/go ]; do sleep 0.1; done; echo done"), stop.Token);
        await Eventually.True(
            async () => (await client.FindAsync(KubernetesResources.Pods, cluster.Namespace, "p", stop.Token))!.Status.Phase == "Running", "the pod runs");

        await using var log = await client.OpenLogAsync(
            new PodLogQuery { Namespace = cluster.Namespace, Pod = "p", Container = "main", Follow = true, Timestamps = true }, stop.Token);
        using var reader = new StreamReader(log);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT[0-9:.]+Z ready$", await reader.ReadLineAsync(stop.Token));
        await cluster.KubectlAsync("exec", "p", "--", "touch", "/tmp/go");
        Assert.EndsWith(" done", await reader.ReadLineAsync(stop.Token), StringComparison.Ordinal);
        Assert.Null(await reader.ReadLineAsync(stop.Token));
    }

    [Fact]
    public async Task Refusals_OfTheRealServer_AreReadable()
    {
        Task<KubernetesException> RefusalOf(Task request) => Assert.ThrowsAsync<KubernetesException>(() => request);
        await client.CreateAsync(KubernetesResources.ConfigMaps, cluster.Namespace, Named("m"), stop.Token);

        var exists = await RefusalOf(client.CreateAsync(KubernetesResources.ConfigMaps, cluster.Namespace, Named("m"), stop.Token));
        Assert.True(exists.IsAlreadyExists);
        Assert.Equal("configmaps \"m\" already exists", exists.Message);
        var invalid = await RefusalOf(client.CreateAsync(KubernetesResources.Pods, cluster.Namespace, Named("Bad_Name"), stop.Token));
        Assert.True(invalid.IsInvalid);
        Assert.Contains("metadata.name", invalid.Message, StringComparison.Ordinal);
        var nowhere = await RefusalOf(client.CreateAsync(KubernetesResources.ConfigMaps, "no-such-namespace", Named("m"), stop.Token));
        Assert.True(nowhere.IsNotFound);
        Assert.Equal("namespaces \"no-such-namespace\" not found", nowhere.Message);
        var unknown = await RefusalOf(client.CreateAsync(
            KubernetesResources.CustomJobs("no-such-group.example.org", "v1", "things", "Thing"), cluster.Namespace, Named("m"), stop.Token));
        Assert.True(unknown.IsUnknownResource);
        Assert.Contains("the server does not know \"things.no-such-group.example.org\"", unknown.Message, StringComparison.Ordinal);
        var noLog = await RefusalOf(client.OpenLogAsync(new PodLogQuery { Namespace = cluster.Namespace, Pod = "no-such-pod" }, stop.Token));
        Assert.Equal("pods \"no-such-pod\" not found", noLog.Message);
    }

    [Fact]
    public async Task WithoutRights_RefusalNamesVerbAndResource()
    {
        await cluster.KubectlAsync("create", "serviceaccount", "nobody");
        using var nobody = Client(As(await cluster.KubectlAsync("create", "token", "nobody")), new KubernetesApiOptions());
        using var stranger = Client(As("no such token"), new KubernetesApiOptions());
        var user = $"User \"system:serviceaccount:{cluster.Namespace}:nobody\"";

        var create = await Assert.ThrowsAsync<KubernetesException>(() => nobody.CreateAsync(KubernetesResources.Pods, cluster.Namespace, Pod("p", "true"), stop.Token));
        Assert.True(create.IsForbidden);
        Assert.Equal(
            $"pods is forbidden: {user} cannot create resource \"pods\" in API group \"\" in the namespace \"{cluster.Namespace}\": give this user's role the verb \"create\" on \"pods\"",
            create.Message);
        var watch = await Assert.ThrowsAsync<KubernetesException>(async () =>
        {
            await foreach (var _ in nobody.WatchAsync(KubernetesResources.Jobs, new KubernetesQuery { Namespace = cluster.Namespace }, stop.Token))
                Assert.Fail("nothing may be seen");
        });
        Assert.Contains("give this user's role the verb \"list\" on \"jobs\"", watch.Message, StringComparison.Ordinal);
        var log = await Assert.ThrowsAsync<KubernetesException>(() => nobody.OpenLogAsync(new PodLogQuery { Namespace = cluster.Namespace, Pod = "p" }, stop.Token));
        Assert.Contains("the verb \"get\" on \"pods/log\"", log.Message, StringComparison.Ordinal);
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => stranger.GetVersionAsync(stop.Token))).IsUnauthorized);
    }

    [Fact]
    public async Task ReplaceAsync_ChangedMeanwhile_IsAConflict()
    {
        var maps = KubernetesResources.ConfigMaps;
        var first = await client.CreateAsync(maps, cluster.Namespace, Named("m"), stop.Token);
        var patched = await client.PatchAsync(maps, cluster.Namespace, "m", new JsonObject { ["data"] = new JsonObject { ["a"] = "1", ["b"] = "2" } }, stop.Token);
        await client.PatchAsync(maps, cluster.Namespace, "m", new JsonObject { ["data"] = new JsonObject { ["b"] = null } }, stop.Token);
        var stale = Named("m");
        stale["metadata"]!["resourceVersion"] = first.Metadata.ResourceVersion;

        var conflict = await Assert.ThrowsAsync<KubernetesException>(() => client.ReplaceAsync(maps, cluster.Namespace, stale, stop.Token));

        Assert.True(conflict.IsConflict);
        Assert.Equal("2", (string?)patched.Fields["data"]!["b"]);
        var current = await client.FindAsync(maps, cluster.Namespace, "m", stop.Token);
        Assert.Equal("""{"a":"1"}""", current!.Fields["data"]!.ToJsonString());
        stale["metadata"]!["resourceVersion"] = current.Metadata.ResourceVersion;
        Assert.Null((await client.ReplaceAsync(maps, cluster.Namespace, stale, stop.Token)).Fields["data"]);
    }

    [Fact]
    public async Task ListAsync_SmallPages_GivesAll()
    {
        using var paging = Client(configuration, new KubernetesApiOptions { PageSize = 2 });
        for (var i = 0; i < 5; i++)
        {
            var map = Named($"m{i}");
            map["metadata"]!["labels"] = new JsonObject { ["set"] = "five" };
            await client.CreateAsync(KubernetesResources.ConfigMaps, cluster.Namespace, map, stop.Token);
        }

        var list = await paging.ListAsync(KubernetesResources.ConfigMaps, new KubernetesQuery { Namespace = cluster.Namespace, LabelSelector = "set in (five)" }, stop.Token);

        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], list.Items.Select(m => m.Metadata.Name));
    }

    [Fact]
    public async Task WatchAsync_EndedByTheServerAgainAndAgain_MissesNothing()
    {
        using var counted = new CountedRequests(cluster.Namespace);
        using var hasty = Client(configuration, new KubernetesApiOptions { WatchTimeout = TimeSpan.FromSeconds(1) });
        var query = new KubernetesQuery { Namespace = cluster.Namespace, LabelSelector = "set=one" };
        await using var events = hasty.WatchAsync(KubernetesResources.ConfigMaps, query, stop.Token).GetAsyncEnumerator(stop.Token);
        await NextAsync(events, e => e.Kind == WatchEventKind.Synced);
        var body = Named("m");
        body["metadata"]!["labels"] = new JsonObject { ["set"] = "one" };
        await client.CreateAsync(KubernetesResources.ConfigMaps, cluster.Namespace, body, stop.Token);
        await NextAsync(events, e => e.Kind == WatchEventKind.Added);

        for (var watches = 2; watches < 5; watches++)
        {
            var next = NextAsync(events, e => e.Kind == WatchEventKind.Modified).AsTask();
            await Eventually.True(() => counted.Count("watch", "configmaps") >= watches, $"watch {watches}");
            await client.PatchAsync(KubernetesResources.ConfigMaps, cluster.Namespace, "m", new JsonObject { ["data"] = new JsonObject { ["n"] = $"{watches}" } }, stop.Token);
            Assert.Equal($"{watches}", (string?)(await next).Object.Fields["data"]!["n"]);
        }
        Assert.Contains("list configmaps 1", counted.Lines);
    }

    private KubernetesConfiguration As(string token) => new()
    {
        Server = configuration.Server,
        Source = "a token",
        Authorities = configuration.Authorities,
        Credentials = new FixedCredential(new AuthenticationHeaderValue("Bearer", token)),
    };

    private static KubernetesClient Client(KubernetesConfiguration configuration, KubernetesApiOptions options) =>
        new(configuration, options, TimeProvider.System, NullLogger<KubernetesClient>.Instance);

    private static async ValueTask<WatchEvent<T>> NextAsync<T>(IAsyncEnumerator<WatchEvent<T>> events, Func<WatchEvent<T>, bool> isIt)
    {
        while (await events.MoveNextAsync())
        {
            if (isIt(events.Current))
                return events.Current;
        }
        throw new InvalidOperationException("a watch has no end");
    }

    private static JsonObject Named(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    private static JsonObject Pod(string name, string script)
    {
        var pod = Named(name);
        pod["metadata"]!["labels"] = new JsonObject { ["app"] = "odin-test" };
        pod["spec"] = new JsonObject
        {
            ["restartPolicy"] = "Never",
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "main",
                ["image"] = "127.0.0.1:5000/busybox:1",
                ["command"] = new JsonArray("/bin/sh", "-c", script),
            }),
        };
        return pod;
    }
}
