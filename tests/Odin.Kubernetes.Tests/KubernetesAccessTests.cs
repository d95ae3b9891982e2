using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests;

/// <summary>A cluster that does not let us, or that cannot be reached: what the user reads, and that work goes on once it is mended.</summary>
public sealed class KubernetesAccessTests(TestCluster cluster) : IClassFixture<TestCluster>, IDisposable
{
    private readonly TestAccount account = new(cluster);

    public void Dispose() => account.Dispose();

    [Fact]
    public async Task Account_MayNotMakePods_TheTaskFailsAndSaysWhichVerbOnWhat()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await account.CreateAsync();
        await using var odin = new ClusterExecutor(cluster, await account.OpenAsync());

        await odin.StartAsync("exit 0");

        var status = await odin.EndAsync();
        Assert.Equal((ExecutionPhase.Failed, ExecutionReasons.Forbidden), (status.Phase, status.Reason));
        Assert.Contains($"\"system:serviceaccount:{cluster.Namespace}:{account.Name}\" cannot create resource \"pods\"", status.Message, StringComparison.Ordinal);
        Assert.Contains("the verb \"create\" on \"pods\"", status.Message, StringComparison.Ordinal);
    }

    // As by an API server that has just started and has not read its roles yet.
    [Fact]
    public async Task Account_MayMakePodsAMomentLater_TheTaskRuns()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await account.CreateAsync();
        await account.GrantAsync([TestAccount.Rule("", "pods", "list", "watch"), TestAccount.Rule("", "pods/log", "get"), TestAccount.Rule("", "events", "list", "watch")]);
        await using var odin = new ClusterExecutor(cluster, await account.OpenAsync());

        await odin.StartAsync("echo done");
        Assert.Contains("cannot create resource \"pods\"", (await odin.SeeAsync(ExecutionReasons.Forbidden)).Message, StringComparison.Ordinal);
        await account.GrantAsync([TestAccount.Rule("", "pods", "create", "get", "delete")]);

        Assert.Equal(ExecutionPhase.Succeeded, (await odin.EndAsync()).Phase);
    }

    [Fact]
    public async Task Account_MayNotWatchPods_TheTaskSaysSoAndGoesOnOnceItMay()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await account.CreateAsync();
        await account.GrantAsync([TestAccount.Rule("", "pods", "create", "get", "delete"), TestAccount.Rule("", "pods/log", "get")]);
        await using var odin = new ClusterExecutor(cluster, await account.OpenAsync());

        await odin.StartAsync("echo done");
        var waiting = await odin.SeeAsync(ExecutionReasons.Forbidden);
        Assert.Contains("cannot list resource \"pods\"", waiting.Message, StringComparison.Ordinal);
        Assert.Contains("cannot list resource \"pods\"", await odin.Executor.FindTroubleAsync(default), StringComparison.Ordinal);

        await account.GrantAsync([TestAccount.Rule("", "pods", "list", "watch"), TestAccount.Rule("", "events", "list", "watch")]);
        Assert.Equal(ExecutionPhase.Succeeded, (await odin.EndAsync()).Phase);
        Assert.Equal("done\n", await odin.LogAsync());
    }

    [Fact]
    public async Task Token_IsNotAccepted_TheTaskWaitsWithTheReasonAndCanBeEnded()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var odin = new ClusterExecutor(cluster, account.Open("expired"));

        await odin.StartAsync("exit 0");
        Assert.Contains("they may have expired", (await odin.SeeAsync(ExecutionReasons.ClusterUnavailable)).Message, StringComparison.Ordinal);
        Assert.Contains("they may have expired", await odin.Executor.FindTroubleAsync(default), StringComparison.Ordinal);

        await odin.Executor.StopAsync(odin.Key, StopReason.PendingTimeout, default);
        Assert.Equal(ExecutionReasons.PendingTimeout, (await odin.EndAsync()).Reason);
    }

    [Fact]
    public async Task Server_CannotBeReached_TheTaskWaitsWithTheReasonAndCanBeEnded()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        var nowhere = $"https://127.0.0.1:{FreePort.Find()}";
        await using var odin = new ClusterExecutor(cluster, account.Open("any", nowhere));

        await odin.StartAsync("exit 0");
        Assert.Contains(nowhere, (await odin.SeeAsync(ExecutionReasons.ClusterUnavailable)).Message, StringComparison.Ordinal);
        Assert.Contains("does not answer", await odin.Executor.FindTroubleAsync(default), StringComparison.Ordinal);

        await odin.Executor.StopAsync(odin.Key, StopReason.Cancelled, default);
        Assert.Equal(ExecutionReasons.Cancelled, (await odin.EndAsync()).Reason);
    }

    [Fact]
    public async Task Namespace_DeletedInTheMiddle_TheTaskIsLostAndTheNextOneIsRefused()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var own = new TestCluster();
        await own.InitializeAsync();
        await using var odin = new ClusterExecutor(own);
        await odin.StartAsync("sleep 1000");
        await odin.SeeAsync(ExecutionPhase.Running);

        await own.Client.DeleteAsync(KubernetesResources.Namespaces, null, own.Namespace, new DeleteOptions(), default);

        Assert.Equal((ExecutionPhase.Lost, ExecutionReasons.Lost), ((await odin.EndAsync()).Phase, (await odin.EndAsync()).Reason));
        await using var next = new ClusterExecutor(own);
        await next.StartAsync("exit 0");
        var refused = await next.EndAsync();
        Assert.Equal(ExecutionReasons.AdmissionRefused, refused.Reason);
        Assert.Contains(own.Namespace, refused.Message, StringComparison.Ordinal);
        await odin.Executor.RemoveAsync(odin.Key, default);
        Assert.Null(await odin.Executor.FindAsync(odin.Key, default));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_WhatWasAskedForBeforeACrash_EndsThePodThatNobodyHeardOf(bool beforeTheCrash)
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var odin = new ClusterExecutor(cluster);
        await odin.StartAsync("sleep 1000");
        await odin.SeeAsync(ExecutionPhase.Running);
        var record = odin.Records.Read(odin.Key)! with { IsCreated = false, Stop = beforeTheCrash ? nameof(StopReason.Cancelled) : null };
        await odin.RestartAsync(() => odin.Records.Write(odin.Key, record));

        if (beforeTheCrash)
            await odin.Executor.StartAsync(odin.Spec("sleep 1000"), default);
        else
            await odin.Executor.StopAsync(odin.Key, StopReason.Cancelled, default);

        Assert.Equal(ExecutionReasons.Cancelled, (await odin.EndAsync()).Reason);
        await Eventually.True(async () => await odin.Client.FindAsync(KubernetesResources.Pods, odin.Namespace, odin.Id, default) is null, "the pod goes");
    }

    [Fact]
    public async Task Withdraw_WhatAnEarlierProcessAcceptedAndNeverMade_IsTakenBack()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var odin = new ClusterExecutor(cluster, change: o => o with { MaxActive = 1 });
        await odin.StartAsync("sleep 1000");
        await odin.SeeAsync(ExecutionPhase.Running);
        var second = odin.Spec("exit 0") with { Key = new ExecutionKey("run", odin.Id + "-second") };
        await odin.Executor.StartAsync(second, default);
        odin.Executor.Disown(second.Key.Group);

        Assert.True(await odin.Executor.WithdrawAsync(second.Key, default));
        Assert.Null(await odin.Executor.FindAsync(second.Key, default));
        Assert.False(await odin.Executor.WithdrawAsync(odin.Key, default));
        Assert.NotNull(await odin.Executor.FindAsync(odin.Key, default));
    }
}
