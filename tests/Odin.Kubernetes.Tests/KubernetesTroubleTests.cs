using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests;

/// <summary>What a real cluster answers to wrong tasks and bad luck, and what the user reads of it.</summary>
public sealed class KubernetesTroubleTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly ContainerSpec Busybox = new() { Image = TestCluster.Image };

    private ClusterExecutor Open(Func<KubernetesExecutorOptions, KubernetesExecutorOptions>? change = null)
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        return new ClusterExecutor(cluster, change: change);
    }

    [Fact]
    public async Task Image_DoesNotExist_WaitsWithTheReasonAndCanBeEnded()
    {
        await using var odin = Open();
        await odin.StartAsync("exit 0", new ContainerSpec { Image = "127.0.0.1:5000/no-such-image:1" });

        var status = await odin.SeeAsync(ExecutionReasons.ImagePullBackOff);
        Assert.Equal(ExecutionPhase.Queued, status.Phase);
        Assert.Contains("no-such-image:1", status.Message, StringComparison.Ordinal);
        // A kubelet sends five events a second and no more.
        await odin.SeeAsync(s => s.Events.Any(e => e.Type == "Warning" && e.Message.Contains("not found", StringComparison.Ordinal)), "the event of the pull");

        await odin.Executor.StopAsync(odin.Key, StopReason.PendingTimeout, default);
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.PendingTimeout), ((await odin.EndAsync()).Phase, (await odin.EndAsync()).Reason));
        Assert.Contains((await odin.EndAsync()).Events, e => e.Type == "Warning" && e.Message.Contains("not found", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Request_LargerThanTheNode_IsUnschedulable()
    {
        await using var odin = Open();
        await odin.StartAsync("exit 0", Busybox with { Cpu = new ResourceAmounts(null, "1000") });
        Assert.Contains("Insufficient cpu", (await odin.SeeAsync(ExecutionReasons.Unschedulable)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_DoesNotExist_IsUnschedulable()
    {
        await using var odin = Open();
        await odin.StartAsync("exit 0", Busybox with { Mounts = [new VolumeMount("data", "/data", "no-such-claim")] });
        Assert.Contains("no-such-claim", (await odin.SeeAsync(ExecutionReasons.Unschedulable)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secret_DoesNotExist_IsAConfigError()
    {
        await using var odin = Open();
        await odin.StartAsync("exit 0", Busybox with { Secrets = [new SecretMount("no-such-secret", "/s", "", 420)] });
        Assert.Contains("no-such-secret", (await odin.SeeAsync(ExecutionReasons.CreateContainerConfigError)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConfigMap_DoesNotExist_IsAConfigError()
    {
        await using var odin = Open();
        await odin.StartAsync("exit 0", Busybox with { ConfigMaps = [new ConfigMapMount("no-such-map", "/c", "key")] });
        Assert.Contains("no-such-map", (await odin.SeeAsync(ExecutionReasons.CreateContainerConfigError)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_OverTheLimit_IsOomKilled()
    {
        await using var odin = Open();
        await odin.StartAsync("tail /dev/zero", Busybox with { Memory = new ResourceAmounts("16Mi", "16Mi") });
        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.OOMKilled, 137), (status.Phase, status.Reason, status.ExitCode));
        Assert.Contains("memory", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_ThatTheClusterRefuses_IsToldInItsWords()
    {
        await using var odin = Open();
        await odin.StartAsync("exit 0", Busybox with { Cpu = new ResourceAmounts("1", "2") });
        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.AdmissionRefused), (status.Phase, status.Reason));
        Assert.Contains("must be less than or equal to cpu limit", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quota_Exceeded_IsToldInTheClustersWords()
    {
        await using var odin = Open();
        var quotas = KubernetesResources.Untyped("", "v1", "resourcequotas", "ResourceQuota");
        await odin.Client.CreateAsync(quotas, odin.Namespace, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "none" },
            ["spec"] = new JsonObject { ["hard"] = new JsonObject { ["count/jobs.batch"] = "0" } },
        }, default);
        // The quota counts only after its controller has looked at it.
        await Eventually.True(async () => (await odin.Client.FindAsync(quotas, odin.Namespace, "none", default))?.Fields["status"]?["hard"] is not null, "the quota's status");
        try
        {
            await odin.StartAsync("exit 0", Busybox with { ResourceType = ResourceTypes.Job });
            var status = await odin.EndAsync();
            Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.QuotaExceeded), (status.Phase, status.Reason));
            Assert.Contains("exceeded quota: none", status.Message, StringComparison.Ordinal);
        }
        finally
        {
            await odin.Client.DeleteAsync(quotas, odin.Namespace, "none", new DeleteOptions(), default);
        }
    }

    [Theory]
    [InlineData(ResourceTypes.PyTorchJob, ExecutionReasons.KindNotInstalled, "training operator")]
    [InlineData(ResourceTypes.MPIJob, ExecutionReasons.KindNotInstalled, "kubeflow.org/v2beta1 or kubeflow.org/v1")]
    [InlineData(ResourceTypes.Service, ExecutionReasons.UnsupportedResourceType, "read logs of")]
    public async Task Kind_ThatTheClusterLacks_SaysWhatToDo(string type, string reason, string message)
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var odin = new ClusterExecutor(cluster, cluster.NewClientWithout("kubeflow.org/v1", "kubeflow.org/v2beta1"));
        await odin.StartAsync("exit 0", Busybox with { ResourceType = type });
        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, reason), (status.Phase, status.Reason));
        Assert.Contains(message, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespace_DoesNotExist_IsToldInTheClustersWords()
    {
        await using var odin = Open(o => o with { Namespace = "no-such-namespace" });
        await odin.StartAsync("exit 0");
        var status = await odin.EndAsync();
        Assert.Equal(ExecutionReasons.AdmissionRefused, status.Reason);
        Assert.Contains("make it with kubectl create namespace no-such-namespace", status.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl create namespace no-such-namespace", await odin.Executor.FindTroubleAsync(default), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_OfTheWorkspacesDoesNotExist_IsToldAtTheStart()
    {
        await using var odin = Open(o => o with { WorkspaceClaim = "no-such-claim", WorkspacePath = "/workspaces" });
        Assert.Contains("no claim \"no-such-claim\"", await odin.Executor.FindTroubleAsync(default), StringComparison.Ordinal);
        await using var plain = Open(o => o);
        Assert.Null(await plain.Executor.FindTroubleAsync(default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(null)]
    public async Task Pod_DeletedBySomebody_IsLostAndNotMadeAgain(int? grace)
    {
        await using var odin = Open();
        await odin.StartAsync("echo up; sleep 1000");
        await odin.SeeAsync(ExecutionPhase.Running);
        await odin.Client.DeleteAsync(KubernetesResources.Pods, odin.Namespace, odin.Id, new DeleteOptions { GracePeriod = grace is { } seconds ? TimeSpan.FromSeconds(seconds) : null }, default);

        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), (status.Phase, status.Reason));
        Assert.Contains("not by us", status.Message, StringComparison.Ordinal);
        Assert.Equal(ExecutionPhase.Lost, (await odin.Executor.StartAsync(odin.Spec("exit 0"), default)).Phase);
        await Eventually.True(async () => await odin.Client.FindAsync(KubernetesResources.Pods, odin.Namespace, odin.Id, default) is null, "the pod goes and stays away");
    }

    [Theory]
    [InlineData("echo done; exit 0", ExecutionPhase.Succeeded, null)]
    [InlineData("echo done; exit 3", ExecutionPhase.Failed, ExecutionReasons.NonZeroExit)]
    public async Task Job_Ends_AsItsPodDid(string script, ExecutionPhase phase, string? reason)
    {
        await using var odin = Open();
        await odin.StartAsync(script, Busybox with { ResourceType = ResourceTypes.Job });
        var status = await odin.EndAsync();
        Assert.Equal((phase, reason), (status.Phase, status.Reason));
        Assert.Equal("done\n", await odin.LogAsync());
        await odin.Executor.RemoveAsync(odin.Key, default);
        await Eventually.True(async () => await odin.Client.FindAsync(KubernetesResources.Jobs, odin.Namespace, odin.Id, default) is null, "the removal of the job");
    }

    [Fact]
    public async Task Outputs_WithoutASharedVolume_ComeThroughTheKubelet()
    {
        await using var odin = Open();
        var spec = odin.Spec("echo accuracy=0.9 > $ODIN_OUTPUTS") with { Environment = new Dictionary<string, string> { ["ODIN_OUTPUTS"] = "/nowhere/outputs" } };
        await odin.Executor.StartAsync(spec, default);
        Assert.Equal("accuracy=0.9\n", (await odin.EndAsync()).Outputs);
    }

    [Fact]
    public async Task Log_Of200Megabytes_IsKeptWithinItsLimit()
    {
        await using var odin = Open();
        await odin.StartAsync("echo first; i=0; while [ $i -lt 200 ]; do head -c 1000000 /dev/zero | tr '\\0' x | fold -w 99; i=$((i+1)); done; echo; echo last");
        Assert.Equal(ExecutionPhase.Succeeded, (await odin.EndAsync()).Phase);
        var lines = new List<string>();
        await foreach (var line in odin.Logs.ReadLinesAsync(odin.Key, new LogReadOptions { TailLines = 1 }, _ => Task.CompletedTask, default))
            lines.Add(line);
        Assert.Equal("last", lines[^1]);
        // Kubelets of 1.20 skip what is left of a log file that they rotate while it is being read; nobody can ask for it then.
        Assert.InRange(odin.Logs.LengthOf(odin.Key), 50_000_000, 250_000_000);
    }

    [Theory]
    [InlineData("echo one; echo 'rpc error: code = NotFound desc = no such model'; exit 1", "one\nrpc error: code = NotFound desc = no such model\n")]
    [InlineData("echo 'rpc error: code = NotFound desc = no such model'", "rpc error: code = NotFound desc = no such model\n")]
    [InlineData("echo 'unable to retrieve container logs for me'; echo two", "unable to retrieve container logs for me\ntwo\n")]
    public async Task Log_ThatSoundsLikeTheNodes_IsTheProgramsAllTheSame(string script, string log)
    {
        await using var odin = Open();
        await odin.StartAsync(script);
        await odin.EndAsync();
        Assert.Equal(log, await odin.LogAsync());
    }

    [Fact]
    public async Task Requests_OfOneTask_AreFew()
    {
        await using var odin = Open();
        // The first one begins the watches, which serve all that come after.
        await odin.StartAsync("true");
        await odin.EndAsync();
        var second = odin.Spec("echo one; echo two") with { Key = new ExecutionKey("run", odin.Id + "-second") };
        using var requests = new Api.CountedRequests(odin.Namespace);
        await odin.Executor.StartAsync(second, default);
        await odin.EndAsync(second.Key);
        await odin.Executor.RemoveAsync(second.Key, default);

        // Made, its log read, deleted; the log perhaps once more, to be sure that it was all.
        Assert.True(requests.TotalWithoutWatches is 3 or 4, string.Join('\n', requests.Lines));
    }
}
