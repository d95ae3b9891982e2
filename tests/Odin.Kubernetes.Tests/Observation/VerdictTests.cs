using System.Text.Json;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Observation;

namespace Odin.Kubernetes.Tests.Observation;

/// <summary>What pods and objects say, as API servers send it, and what we make of it.</summary>
public sealed class VerdictTests
{
    [Theory]
    [InlineData("""{"phase":"Pending"}""", ExecutionPhase.Queued, ExecutionReasons.ContainerCreating)]
    [InlineData("""{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes"}]}""",
        ExecutionPhase.Queued, ExecutionReasons.Unschedulable)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ErrImagePull","message":"m"}}}]}""",
        ExecutionPhase.Queued, ExecutionReasons.ImagePullBackOff)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}""",
        ExecutionPhase.Queued, ExecutionReasons.ImagePullBackOff)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"InvalidImageName"}}}]}""",
        ExecutionPhase.Queued, ExecutionReasons.InvalidImageName)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"CreateContainerConfigError","message":"secret \"x\" not found"}}}]}""",
        ExecutionPhase.Queued, ExecutionReasons.CreateContainerConfigError)]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"RunContainerError"}}}]}""",
        ExecutionPhase.Queued, ExecutionReasons.CreateContainerError)]
    [InlineData("""{"phase":"Running","containerStatuses":[{"name":"c","state":{"running":{"startedAt":"2026-01-02T03:04:05Z"}}}]}""", ExecutionPhase.Running, null)]
    [InlineData("""{"phase":"Unknown","reason":"NodeLost"}""", ExecutionPhase.Running, ExecutionReasons.NodeLost)]
    [InlineData("""{"phase":"Succeeded","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0}}}]}""", ExecutionPhase.Succeeded, null)]
    [InlineData("""{"phase":"Running","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0}}}]}""", ExecutionPhase.Succeeded, null)]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":3}}}]}""", ExecutionPhase.Failed, ExecutionReasons.NonZeroExit)]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":137}}}]}""", ExecutionPhase.Failed, ExecutionReasons.Killed)]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}""", ExecutionPhase.Failed, ExecutionReasons.OOMKilled)]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":128,"reason":"StartError","message":"exec: \"x\": executable file not found in $PATH"}}}]}""",
        ExecutionPhase.Failed, ExecutionReasons.CommandNotFound)]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":128,"reason":"ContainerCannotRun","message":"exec: \"x\": permission denied"}}}]}""",
        ExecutionPhase.Failed, ExecutionReasons.CommandNotExecutable)]
    [InlineData("""{"phase":"Failed","reason":"Evicted","message":"low on memory"}""", ExecutionPhase.Failed, ExecutionReasons.Evicted)]
    [InlineData("""{"phase":"Failed","reason":"OutOfcpu","message":"m"}""", ExecutionPhase.Failed, ExecutionReasons.AdmissionRefused)]
    [InlineData("""{"phase":"Failed","reason":"Odd","message":"m"}""", ExecutionPhase.Failed, "Odd")]
    public void Pod_Status_BecomesPhaseAndReason(string status, ExecutionPhase phase, string? reason)
    {
        var verdict = PodVerdict.Of(Pod(status));

        Assert.Equal((phase, reason), (verdict.Phase, verdict.Reason));
        Assert.Equal(reason is null, verdict.Message is null);
    }

    [Fact]
    public void Pod_End_HasTimesCodeAndOutputs()
    {
        var verdict = PodVerdict.Of(Pod("""
            {"phase":"Succeeded","containerStatuses":[{"name":"c","state":{"terminated":
              {"exitCode":0,"message":"accuracy=0.9","startedAt":"2026-01-02T03:04:05Z","finishedAt":"2026-01-02T03:04:06Z"}}}]}
            """));

        Assert.Equal((0, "accuracy=0.9"), (verdict.ExitCode, verdict.Outputs));
        Assert.Equal(TimeSpan.FromSeconds(1), verdict.Finished - verdict.Started);
    }

    [Theory]
    [InlineData("""{"phase":"Running"}""", ExecutionPhase.Lost, ExecutionReasons.Lost)]
    [InlineData("""{"phase":"Running","conditions":[{"type":"DisruptionTarget","status":"True","reason":"DeletionByTaintManager","message":"m"}]}""",
        ExecutionPhase.Lost, ExecutionReasons.NodeLost)]
    [InlineData("""{"phase":"Running","conditions":[{"type":"DisruptionTarget","status":"True","reason":"EvictionByEvictionAPI","message":"m"}]}""",
        ExecutionPhase.Lost, ExecutionReasons.Evicted)]
    [InlineData("""{"phase":"Unknown","reason":"NodeLost"}""", ExecutionPhase.Lost, ExecutionReasons.NodeLost)]
    [InlineData("""{"phase":"Succeeded"}""", ExecutionPhase.Succeeded, null)]
    public void Pod_Vanished_IsLostUnlessItHadEnded(string status, ExecutionPhase phase, string? reason)
    {
        var verdict = PodVerdict.Vanished(Pod(status));

        Assert.Equal((phase, reason), (verdict.Phase, verdict.Reason));
    }

    [Fact]
    public void Pod_ToldInTheWrongOrder_IsAsItWasLast()
    {
        var seen = new ObservedExecution();
        Pod At(string version, string phase) => Pod($$"""{"phase":"{{phase}}"}""") is var pod ? pod with { Metadata = pod.Metadata with { Uid = "u", ResourceVersion = version } } : null!;

        Assert.True(seen.Put(At("99", "Pending")));
        Assert.True(seen.Put(At("101", "Running")));
        Assert.False(seen.Put(At("100", "Pending")));

        Assert.Equal("Running", seen.Find("u")!.Status.Phase);
    }

    [Theory]
    [InlineData("2026-11-21T10:00:29Z", 143, ExecutionPhase.Failed, ExecutionReasons.Killed)]
    [InlineData("2026-11-21T10:00:30Z", 143, ExecutionPhase.Lost, ExecutionReasons.Lost)]
    [InlineData("2026-11-21T10:00:31Z", 1, ExecutionPhase.Lost, ExecutionReasons.Lost)]
    [InlineData("2026-11-21T10:00:31Z", 0, ExecutionPhase.Succeeded, null)]
    public void Pod_EndedAfterItWasDeleted_IsLostUnlessItSucceeded(string finished, int code, ExecutionPhase phase, string? reason)
    {
        var state = $$"""{"terminated": {"exitCode": {{code}}, "finishedAt": "{{finished}}"} }""";
        var pod = Pod($$"""{"phase": "{{(code == 0 ? "Succeeded" : "Failed")}}", "containerStatuses": [{"name": "c", "state": {{state}} }]}""");
        pod = pod with { Metadata = pod.Metadata with { DeletionTimestamp = DateTimeOffset.Parse("2026-11-21T10:01:00Z", System.Globalization.CultureInfo.InvariantCulture), DeletionGracePeriodSeconds = 30 } };

        var verdict = PodVerdict.Of(pod);

        Assert.Equal((phase, reason, code), (verdict.Phase, verdict.Reason, verdict.ExitCode));
    }

    [Theory]
    [InlineData("[]", new string[0], ExecutionPhase.Queued, ExecutionReasons.WaitingForPods)]
    [InlineData("[]", new[] { "Pending", "Running" }, ExecutionPhase.Running, null)]
    [InlineData("[]", new[] { "Pending", "Pending" }, ExecutionPhase.Queued, ExecutionReasons.ContainerCreating)]
    [InlineData("[]", new[] { "Failed", "Failed" }, ExecutionPhase.Running, null)]
    [InlineData("""[{"type":"Created","status":"True"},{"type":"Running","status":"True"}]""", new[] { "Running" }, ExecutionPhase.Running, null)]
    [InlineData("""[{"type":"Complete","status":"True"}]""", new[] { "Succeeded" }, ExecutionPhase.Succeeded, null)]
    [InlineData("""[{"type":"Succeeded","status":"True"}]""", new[] { "Succeeded", "Running" }, ExecutionPhase.Succeeded, null)]
    [InlineData("""[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"m"}]""", new[] { "Failed" }, ExecutionPhase.Failed, ExecutionReasons.NonZeroExit)]
    [InlineData("""[{"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"m"}]""", new string[0], ExecutionPhase.Failed, ExecutionReasons.NonZeroExit)]
    [InlineData("""[{"type":"Succeeded","status":"False"}]""", new[] { "Running" }, ExecutionPhase.Running, null)]
    public void Workload_ConditionsAndPods_BecomeOneAnswer(string conditions, string[] pods, ExecutionPhase phase, string? reason)
    {
        var job = JsonSerializer.Deserialize($$$"""{"metadata":{"name":"j"},"status":{"conditions":{{{conditions}}}}}""", KubernetesResources.Jobs.TypeInfo)!;

        var verdict = WorkloadVerdict.Of(WorkloadEnd.Of(job.Status.Conditions), [.. pods.Select(PodIn)], []);

        Assert.Equal((phase, reason), (verdict.Phase, verdict.Reason));
    }

    private static Pod PodIn(string phase) => Pod(phase switch
    {
        "Running" => """{"phase":"Running","containerStatuses":[{"name":"c","state":{"running":{"startedAt":"2026-01-02T03:04:05Z"}}}]}""",
        "Failed" => """{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":3}}}]}""",
        "Succeeded" => """{"phase":"Succeeded","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0}}}]}""",
        _ => """{"phase":"Pending"}""",
    });

    private static Pod Pod(string status) => JsonSerializer.Deserialize(
        $$$"""{"metadata":{"name":"p","uid":"u"},"spec":{"nodeName":"node1","containers":[{"name":"c","image":"i"}]},"status":{{{status}}}}""", KubernetesResources.Pods.TypeInfo)!;
}
