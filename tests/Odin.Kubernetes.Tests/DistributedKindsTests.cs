using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Tests.Operators;

namespace Odin.Kubernetes.Tests;

/// <summary>The kinds of the training operators on a real cluster, with a stand-in for those operators.</summary>
public sealed class DistributedKindsTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    /// <summary>A type of task, what the cluster has for it, and the roles of the pods that two workers make.</summary>
    public static TheoryData<string, string, string, string[]> Kinds => new()
    {
        { ResourceTypes.TFJob, "", "v2beta1", ["worker-0", "worker-1"] },
        { ResourceTypes.PyTorchJob, "", "v2beta1", ["master-0", "worker-0", "worker-1"] },
        { ResourceTypes.ElasticJob, "", "v2beta1", ["worker-0", "worker-1"] },
        { ResourceTypes.ElasticJob, "kubeflow.org/v1/pytorchjobs", "v2beta1", ["worker-0", "worker-1"] },
        { ResourceTypes.MPIJob, "", "v2beta1", ["launcher", "worker-0", "worker-1"] },
        { ResourceTypes.MPIJob, "kubeflow.org/v2beta1", "v1", ["launcher", "worker-0", "worker-1"] },
    };

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static ContainerSpec Of(string type, int workers = 2) => new()
    {
        Image = TestCluster.Image,
        ResourceType = type,
        Workers = workers,
        Mounts = [new VolumeMount("shared", "/shared", TestCluster.Claim)],
    };

    // Until the test says so, whose directory for temporary files is the volume.
    private static string Wait(ClusterExecutor odin) => $"until [ -e /shared/{odin.Id} ]; do sleep 0.2; done";

    private static Task GoAsync(ClusterExecutor odin) => File.WriteAllTextAsync(Path.Combine(Path.GetTempPath(), odin.Id), "");

    private static Task BeginAsync(ClusterExecutor odin, int pods) =>
        Eventually.True(
        () => Task.FromResult(odin.PodLogs().Count(l => l.Single().Length > 0) == pods), $"{pods} pods have begun", Patience);

    private async Task<StandInTrainingOperator> OperateAsync(string mpiVersion = "v2beta1")
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        return await StandInTrainingOperator.StartAsync(cluster.NewClient(), cluster.Namespace, mpiVersion);
    }

    private ClusterExecutor Open(string hidden = "") => new(
        cluster, hidden.Length > 0 ? cluster.NewClientWithout(hidden) : null, o => o with { ElasticRendezvous = "etcd.example" });

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Kind_EachPodSucceeds_SucceedsWithTheLogsOfAllAndLeavesNothing(string type, string hidden, string mpiVersion, string[] roles)
    {
        await using var operators = await OperateAsync(mpiVersion);
        await using var odin = Open(hidden);
        using var requests = new Api.CountedRequests(odin.Namespace);
        await odin.StartAsync($"echo I am $HOSTNAME; {Wait(odin)}; echo done", Of(type));
        await BeginAsync(odin, roles.Length);
        await GoAsync(odin);

        var status = await odin.EndAsync();
        Assert.True(status.Phase == ExecutionPhase.Succeeded, $"{status.Reason}: {status.Message}");
        Assert.Equal((null, 0, odin.Id), (status.Reason, status.ExitCode, status.ResourceId));
        Assert.True(status.Started < status.Finished);
        var logs = odin.PodLogs();
        // The launcher of the second version is made by a Job, which gives it a name.
        Assert.Equal(roles, logs.Select(l => l.Key.StartsWith("launcher", StringComparison.Ordinal) ? "launcher" : l.Key));
        Assert.All(logs, log => Assert.Single(log));
        foreach (var log in logs)
        {
            var isIdle = type == ResourceTypes.MPIJob && log.Key.StartsWith("worker", StringComparison.Ordinal);
            Assert.Equal(isIdle ? "the worker waits\n" : $"I am {odin.Id}-{log.Key}\ndone\n", log.Single());
        }
        Assert.Equal([true, .. roles.Skip(1).Select(_ => false)], odin.Logs.PartsOf(odin.Key).Select(p => p.IsMain));
        Assert.Contains(status.Events, e => e.Source.StartsWith("stand-in-operator", StringComparison.Ordinal));
        // Which of the pods' events have come by the end is the nodes' and the scheduler's affair; each says of which pod it is.
        Assert.All(status.Events.Where(e => e.Source.StartsWith("kubelet", StringComparison.Ordinal) || e.Reason == "Scheduled"),
            e => Assert.StartsWith($"{odin.Id}-", e.Message, StringComparison.Ordinal));

        await odin.Executor.RemoveAsync(odin.Key, default);
        await Eventually.True(async () => (await odin.PodsAsync()).Count == 0, "the pods go with their owner", Patience);
        TestContext.Current.SendDiagnosticMessage($"{type} {string.Join(", ", requests.Lines)}");
        // Followed; then, because the news of its end came later, whether it is still the same log, and the rest of it.
        // On a machine that has much else to do the news is late, and the log is looked at again in between.
        Assert.InRange(requests.Count("get", "pods/log"), roles.Length, 6 * roles.Length);
    }

    [Theory]
    [InlineData(ResourceTypes.TFJob)]
    [InlineData(ResourceTypes.PyTorchJob)]
    [InlineData(ResourceTypes.ElasticJob)]
    public async Task Worker_Fails_TaskFailsWithItsNameCodeAndReason(string type)
    {
        await using var operators = await OperateAsync();
        await using var odin = Open();
        await odin.StartAsync("case $HOSTNAME in *worker-1) echo no; exit 3;; esac; trap 'exit 0' TERM; sleep 1000 & wait", Of(type));

        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.NonZeroExit, 3), (status.Phase, status.Reason, status.ExitCode));
        Assert.Equal($"pod '{odin.Id}-worker-1': exit code 3", status.Message);
        Assert.Equal("no\n", odin.PodLogs()["worker-1"].Single());
        await Eventually.True(async () => (await odin.PodsAsync()).All(p => p.Status.Phase is "Succeeded" or "Failed"), "the operator ends the others", Patience);
    }

    [Theory]
    [InlineData("v2beta1", "", "exit 0", ExecutionPhase.Succeeded, null)]
    [InlineData("v2beta1", "", "exit 4", ExecutionPhase.Failed, 4)]
    [InlineData("v1", "kubeflow.org/v2beta1", "exit 0", ExecutionPhase.Succeeded, null)]
    [InlineData("v1", "kubeflow.org/v2beta1", "exit 4", ExecutionPhase.Failed, 4)]
    public async Task MpiJob_LauncherEnds_DecidesAtOnceThoughWorkersRunOn(string version, string hidden, string script, ExecutionPhase phase, int? code)
    {
        await using var operators = await OperateAsync(version);
        await using var odin = Open(hidden);
        await odin.StartAsync($"echo launched; {script}", Of(ResourceTypes.MPIJob));

        var status = await odin.EndAsync();
        Assert.Equal((phase, code ?? 0), (status.Phase, status.ExitCode));
        // One try: how often is the task's to say.
        Assert.Equal("launched\n", Assert.Single(odin.PodLogs(), l => l.Key.StartsWith("launcher", StringComparison.Ordinal)).Single());
        if (phase == ExecutionPhase.Failed)
            Assert.Matches($"^pod '{odin.Id}-launcher.*': exit code 4$", status.Message);
        await Eventually.True(async () => (await odin.PodsAsync()).All(p => p.Status.Phase is "Succeeded" or "Failed"), "the operator ends the workers", Patience);
    }

    [Fact]
    public async Task Operator_DoesNotRun_WaitsForPodsUntilItIsEnded()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await StandInTrainingOperator.InstallAsync();
        await using var odin = Open();
        await odin.StartAsync("exit 0", Of(ResourceTypes.PyTorchJob));

        var status = await odin.SeeAsync(s => s.Message?.Contains("Kubeflow's training operator", StringComparison.Ordinal) == true, "the word about the operator");
        Assert.Equal((ExecutionPhase.Queued, ExecutionReasons.WaitingForPods), (status.Phase, status.Reason));
        await odin.Executor.StopAsync(odin.Key, StopReason.PendingTimeout, default);
        status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.PendingTimeout), (status.Phase, status.Reason));
        Assert.Null(await odin.Client.FindAsync(StandInKind.All[1].Resource, odin.Namespace, odin.Id, default));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Kind_IsCancelled_LeavesNothing(string type, string hidden, string mpiVersion, string[] roles)
    {
        await using var operators = await OperateAsync(mpiVersion);
        await using var odin = Open(hidden);
        await odin.StartAsync("trap 'exit 0' TERM; echo up; sleep 1000 & wait", Of(type));
        await BeginAsync(odin, roles.Length);

        await odin.Executor.StopAsync(odin.Key, StopReason.Cancelled, default);
        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.Cancelled), (status.Phase, status.Reason));
        // The operator may have made one more while the others went; the cluster's collector takes it.
        await Eventually.True(async () => (await odin.PodsAsync()).Count == 0, "all pods go");
    }

    [Fact]
    public async Task Object_DeletedBySomebody_IsLost()
    {
        await using var operators = await OperateAsync();
        await using var odin = Open();
        await odin.StartAsync("trap 'exit 0' TERM; sleep 1000 & wait", Of(ResourceTypes.PyTorchJob));
        await odin.SeeAsync(ExecutionPhase.Running);
        await odin.Client.DeleteAsync(StandInKind.All[1].Resource, odin.Namespace, odin.Id, new DeleteOptions(), default);

        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), (status.Phase, status.Reason));
        Assert.Contains("not by us", status.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Executor_IsReplaced_FindsItAgainAndEachPodOnce(string type, string hidden, string mpiVersion, string[] roles)
    {
        await using var operators = await OperateAsync(mpiVersion);
        await using var odin = Open(hidden);
        await odin.StartAsync($"echo one; {Wait(odin)}; echo two", Of(type));
        await BeginAsync(odin, roles.Length);

        await odin.RestartAsync();
        await odin.Executor.FindAsync(odin.Key, default);
        await GoAsync(odin);
        var status = await odin.EndAsync();
        Assert.Equal(ExecutionPhase.Succeeded, status.Phase);
        var logs = odin.PodLogs();
        Assert.Equal(roles.Length, logs.Count);
        Assert.All(logs.Where(l => type != ResourceTypes.MPIJob || l.Key.StartsWith("launcher", StringComparison.Ordinal)), log => Assert.Equal("one\ntwo\n", log.Single()));
    }

    [Fact]
    public async Task Worker_DeletedBySomebody_IsReplacedWithALogOfItsOwn()
    {
        await using var operators = await OperateAsync();
        await using var odin = Open();
        await odin.StartAsync("echo I am $HOSTNAME; trap 'exit 0' TERM; sleep 1000 & wait", Of(ResourceTypes.TFJob, 1));
        await BeginAsync(odin, 1);
        var worker = $"{odin.Id}-worker-0";
        await odin.Client.DeleteAsync(KubernetesResources.Pods, odin.Namespace, worker, new DeleteOptions { GracePeriod = TimeSpan.Zero }, default);

        await Eventually.True(() => Task.FromResult(odin.PodLogs()["worker-0"].Count(l => l.Length > 0) == 2), "another worker has begun", Patience);
        Assert.All(odin.PodLogs()["worker-0"], log => Assert.Equal($"I am {worker}\n", log));
        Assert.Equal(ExecutionPhase.Running, (await odin.Executor.FindAsync(odin.Key, default))!.Phase);
    }

    /// <summary>A code from 128 on is one that may pass, and the worker gets another try under its old name.</summary>
    [Fact]
    public async Task ElasticWorker_TriedAgain_HasALogForEachTry()
    {
        await using var operators = await OperateAsync();
        await using var odin = Open();
        await odin.StartAsync($"if mkdir /shared/{odin.Id}-first 2>/dev/null; then echo first; {Wait(odin)}; exit 130; fi; echo second", Of(ResourceTypes.ElasticJob, 1));
        await BeginAsync(odin, 1);
        await GoAsync(odin);

        var status = await odin.EndAsync();
        Assert.True(status.Phase == ExecutionPhase.Succeeded, $"{status.Reason}: {status.Message}");
        Assert.Equal(["first\n", "second\n"], odin.PodLogs()["worker-0"]);
    }
}
