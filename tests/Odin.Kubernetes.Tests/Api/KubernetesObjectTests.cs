using System.Text.Json;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>Reading what the server sends: everything we use, nothing lost, null where Go writes null.</summary>
public sealed class KubernetesObjectTests
{
    [Fact]
    public void Pod_Whole_IsRead()
    {
        var pod = Read(KubernetesResources.Pods, """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"9","generation":3,
              "creationTimestamp":"2026-01-01T10:00:00Z","deletionTimestamp":"2026-01-01T11:00:00Z","labels":{"x":"y"},"finalizers":["f"],
              "ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"j","uid":"ju","controller":true}],"managedFields":[{"manager":"odin"}]},
             "spec":{"nodeName":"node1","restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1"}]},
             "status":{"phase":"Failed","reason":"Evicted","message":"low on memory","hostIP":"10.0.0.1","podIP":"10.0.0.2","startTime":"2026-01-01T10:00:01Z",
              "conditions":[{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-01T10:00:00Z","lastProbeTime":null}],
              "containerStatuses":[{"name":"main","image":"busybox:1","imageID":"i","containerID":"containerd://c","ready":false,"restartCount":2,
               "state":{"terminated":{"exitCode":137,"signal":9,"reason":"OOMKilled","startedAt":"2026-01-01T10:00:02Z","finishedAt":"2026-01-01T10:00:03Z"}},
               "lastState":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}}}]}}
            """);

        Assert.Equal(("a", "n", "u", "9", 3L), (pod.Metadata.Name, pod.Metadata.Namespace, pod.Metadata.Uid, pod.Metadata.ResourceVersion, pod.Metadata.Generation));
        Assert.Equal("y", pod.Metadata.Labels["x"]);
        Assert.Equal(new OwnerReference { ApiVersion = "batch/v1", Kind = "Job", Name = "j", Uid = "ju", Controller = true }, Assert.Single(pod.Metadata.OwnerReferences));
        Assert.Equal(("node1", "main", "busybox:1"), (pod.Spec.NodeName, pod.Spec.Containers[0].Name, pod.Spec.Containers[0].Image));
        Assert.Equal(("Failed", "Evicted", "low on memory", "10.0.0.2"), (pod.Status.Phase, pod.Status.Reason, pod.Status.Message, pod.Status.PodIP));
        Assert.True(Assert.Single(pod.Status.Conditions).IsTrue);
        var status = Assert.Single(pod.Status.ContainerStatuses);
        Assert.Equal((137, 9, "OOMKilled", 2), (status.State.Terminated!.ExitCode, status.State.Terminated.Signal, status.State.Terminated.Reason, status.RestartCount));
        Assert.Equal("CrashLoopBackOff", status.LastState.Waiting!.Reason);
        Assert.Null(status.State.Running);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata":null,"spec":null,"status":null}""")]
    [InlineData("""{"metadata":{"labels":null,"ownerReferences":null,"name":null},"spec":{"containers":null},"status":{"conditions":null,"containerStatuses":null}}""")]
    public void Pod_WithLittle_HasEmptyListsAndTexts(string json)
    {
        var pod = Read(KubernetesResources.Pods, json);

        Assert.Equal(("", ""), (pod.Metadata.Name, pod.Status.Phase));
        Assert.Empty(pod.Metadata.Labels);
        Assert.Empty(pod.Metadata.OwnerReferences);
        Assert.Empty(pod.Spec.Containers);
        Assert.Empty(pod.Status.Conditions);
        Assert.Empty(pod.Status.ContainerStatuses);
    }

    [Fact]
    public void CustomJob_Status_IsRead()
    {
        var job = Read(KubernetesResources.CustomJobs("kubeflow.org", "v1", "pytorchjobs", "PyTorchJob"), """
            {"metadata":{"name":"j"},"spec":{"anything":[1]},"status":{"startTime":"2026-01-01T10:00:00Z",
             "conditions":[{"type":"Created","status":"True"},{"type":"Succeeded","status":"True","reason":"JobSucceeded","message":"done"}],
             "replicaStatuses":{"Master":{"succeeded":1},"Worker":{"active":2,"failed":1}}}}
            """);

        Assert.Equal("JobSucceeded", job.Status.Conditions.Single(c => c is { Type: "Succeeded", IsTrue: true }).Reason);
        Assert.Equal(new ReplicaStatus { Active = 2, Failed = 1 }, job.Status.ReplicaStatuses["Worker"]);
    }

    [Fact]
    public void Node_Quantities_AreTexts()
    {
        var node = Read(KubernetesResources.Nodes, """
            {"spec":{"unschedulable":true,"taints":[{"key":"gpu","effect":"NoSchedule"}]},
             "status":{"capacity":{"cpu":"2","nvidia.com/gpu":"8"},"allocatable":{"memory":"24Gi"},"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}}
            """);

        Assert.Equal(("8", "24Gi", "10.0.0.1", true), (node.Status.Capacity["nvidia.com/gpu"], node.Status.Allocatable["memory"], node.Status.Addresses[0].Address, node.Spec.Unschedulable));
        Assert.Equal("gpu", Assert.Single(node.Spec.Taints).Key);
    }

    [Theory]
    [InlineData("""{"firstTimestamp":"2026-01-01T10:00:00Z","lastTimestamp":"2026-01-01T10:00:05Z"}""", 5)]
    [InlineData("""{"firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-01-01T10:00:06.000000Z"}""", 6)]
    [InlineData("""{"eventTime":"2026-01-01T10:00:06.000000Z","series":{"count":3,"lastObservedTime":"2026-01-01T10:00:07.000000Z"}}""", 7)]
    [InlineData("""{"metadata":{"creationTimestamp":"2026-01-01T10:00:08Z"}}""", 8)]
    public void Event_When_IsTheTimeThatItsReporterFills(string json, int second) =>
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 10, 0, second, TimeSpan.Zero), Read(KubernetesResources.Events, json).When);

    [Fact]
    public void UntypedObject_KeepsEverything()
    {
        var map = Read(KubernetesResources.ConfigMaps, """{"kind":"ConfigMap","metadata":{"name":"m"},"data":{"a":"b"},"immutable":true}""");

        Assert.Equal(("m", "b", true), (map.Metadata.Name, (string?)map.Fields["data"]!["a"], (bool)map.Fields["immutable"]!));
        Assert.Empty(Read(KubernetesResources.ConfigMaps, "{}").Fields);
    }

    private static T Read<T>(KubernetesResource<T> resource, string json)
        where T : KubernetesObject => JsonSerializer.Deserialize(json, resource.TypeInfo)!;
}
