using System.Text.Encodings.Web;
using System.Text.Json;
using Odin.Execution;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes.Tests.Workloads;

/// <summary>
/// What we send to clusters, as approved text in <c>Approved/*.json</c>. <c>ODIN_APPROVE=1</c> rewrites the files; look at the
/// difference before you commit it.
/// </summary>
public sealed class WorkloadManifestTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    private static readonly ExecutionSpec Plain = new()
    {
        Key = new ExecutionKey("flow-abc12345j", "flow-abc12345j--train"),
        Command = ["python", "train.py"],
        Args = ["--rate", "0.1"],
        WorkingDirectory = "/data/flow-abc12345j/train",
        Environment = new Dictionary<string, string>
        {
            ["ODIN_TASK_ID"] = "flow-abc12345j--train",
            ["ODIN_OUTPUTS"] = "/data/flow-abc12345j/.odin/train.outputs",
            ["ODIN_RECORD"] = "/data/flow-abc12345j/.odin/train.record",
        },
        Container = new ContainerSpec { Image = "registry.example/train:1" },
    };

    private static readonly ContainerSpec Everything = new()
    {
        Image = "registry.example/train:1",
        PullPolicy = "Always",
        Gpus = 2,
        Workers = 3,
        NodeSelector = new Dictionary<string, string> { ["disk"] = "ssd" },
        Tolerations = [new Toleration("gpu", "Equal", "yes", "NoSchedule", null), new Toleration(null, "Exists", null, "NoExecute", 60)],
        Mounts = [new VolumeMount("data", "/data", "shared"), new VolumeMount("more", "/more", "shared"), new VolumeMount("dshm", "/dev/shm", null)],
        Secrets = [new SecretMount("db.password", "/etc/db", "password", 256), new SecretMount("db.password", "/etc/db2", "", 292), new SecretMount("data", "/s", "", 420)],
        ConfigMaps = [new ConfigMapMount("settings", "/etc/a", "a"), new ConfigMapMount("settings", "/etc/b", "b")],
        EphemeralVolumes = [new EphemeralVolume("dshm", "emptyDir", "Memory", "2Gi")],
        Cpu = new ResourceAmounts("4", "500m"),
        Memory = new ResourceAmounts("8Gi", "2Gi"),
        SecurityContext = new SecurityContext(1000, 1001, 1002),
        ServiceAccount = "trainer",
    };

    private static readonly KubernetesExecutorOptions Options = new() { ElasticRendezvous = "10.96.0.7" };

    [Theory]
    [InlineData("pod", ResourceTypes.Pod, 0)]
    [InlineData("job", ResourceTypes.Job, 0)]
    [InlineData("tfjob", ResourceTypes.TFJob, 0)]
    [InlineData("pytorchjob", ResourceTypes.PyTorchJob, 0)]
    [InlineData("elasticjob-as-pytorchjob", ResourceTypes.ElasticJob, 0)]
    [InlineData("elasticjob", ResourceTypes.ElasticJob, 1)]
    [InlineData("mpijob", ResourceTypes.MPIJob, 0)]
    [InlineData("mpijob-v1", ResourceTypes.MPIJob, 1)]
    public void Build_EachKind_IsAsApproved(string name, string type, int choice) => Approve(name, Build(
        Plain with { Container = Plain.Container! with { ResourceType = type, Workers = 2, Gpus = type == ResourceTypes.Pod ? 0 : 1 } }, WorkloadKind.For(type)[choice]));

    [Fact]
    public void Build_PodWithEverything_IsAsApproved() => Approve("pod-with-everything", Build(Plain with { Container = Everything }, WorkloadKind.Pod));

    [Fact]
    public void Build_SharedWorkspace_IsAsApproved() => Approve("pod-with-workspace", WorkloadManifest.Build(
        WorkloadKind.Pod, Plain, AutomaticMounts.None, Options with { WorkspaceClaim = "odin", WorkspacePath = "/data", JobFilesPath = "/data/.odin", ServiceAccount = "tasks", PullSecrets = [] }).ToJsonString(Readable));

    [Fact]
    public void Build_WorkspaceClaimMountedElsewhereToo_ShowsTheFilesOfJobsReadOnlyThereAsWell()
    {
        var task = Plain with { Container = Plain.Container! with { Mounts = [new VolumeMount("own", "/w", "odin")] } };
        var manifest = WorkloadManifest.Build(
            WorkloadKind.Pod, task, AutomaticMounts.None, Options with { WorkspaceClaim = "odin", WorkspacePath = "/data", JobFilesPath = "/data/.odin" });
        var mounts = manifest["spec"]!["containers"]![0]!["volumeMounts"]!.AsArray();
        Assert.Equal(["/w", "/data", "/w/.odin", "/data/.odin"], mounts.Select(m => m!["mountPath"]!.GetValue<string>()));
        Assert.All(mounts.Skip(2), m => Assert.Equal((".odin", true), (m!["subPath"]!.GetValue<string>(), m["readOnly"]!.GetValue<bool>())));
    }

    [Fact]
    public void Build_Chore_IsAsApproved() => Approve("pod-of-a-chore", WorkloadManifest.Build(
        WorkloadKind.Pod, Plain with { Command = ["odin-chores", "copy"] }, AutomaticMounts.For(["odin-chores", "copy"]), Options).ToJsonString(Readable));

    [Theory]
    [InlineData("python", 0, 0)]
    [InlineData("/usr/bin/python", 0, 0)]
    [InlineData("odin", 1, 0)]
    [InlineData("/usr/local/bin/odin-run", 1, 0)]
    [InlineData("odin chore", 2, 2)]
    [InlineData("odin-chores", 2, 2)]
    public void AutomaticMounts_ByCommand_AreWhatTheInheritedSystemGives(string command, int secrets, int configMaps)
    {
        var mounts = AutomaticMounts.For(command.Split(' '));

        Assert.Equal((secrets, configMaps), (mounts.Secrets.Count, mounts.ConfigMaps.Count));
        Assert.Equal((0, 0), (mounts.Only(_ => false, _ => false).Secrets.Count, mounts.Only(_ => false, _ => false).ConfigMaps.Count));
    }

    [Fact]
    public void AutomaticMounts_PathThatTheTaskUses_StayTheTasks()
    {
        var own = new SecretMount("mine", "/etc/odind/odin-cred.yml", "cred", 420);
        var manifest = Build(Plain with { Command = ["odin"], Container = Plain.Container! with { Secrets = [own] } }, WorkloadKind.Pod, AutomaticMounts.For(["odin"]));

        Assert.Contains("\"mine\"", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("odin-cred\"", manifest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ResourceTypes.Service)]
    [InlineData(ResourceTypes.Deployment)]
    public void Kinds_ThatRunNothing_AreNone(string type) => Assert.Empty(WorkloadKind.For(type));

    private static string Build(ExecutionSpec spec, WorkloadKind kind, AutomaticMounts? automatic = null) =>
        WorkloadManifest.Build(kind, spec, automatic ?? AutomaticMounts.None, Options).ToJsonString(Readable);

    private static void Approve(string name, string manifest)
    {
        var path = Path.Combine(Odin.Testing.SourceTree.Root, "tests/Odin.Kubernetes.Tests/Workloads/Approved", name + ".json");
        if (Environment.GetEnvironmentVariable("ODIN_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, manifest + "\n");
        }
        Assert.True(File.Exists(path), $"{path} is missing; ODIN_APPROVE=1 writes it.");
        Assert.Equal(File.ReadAllText(path), manifest + "\n");
    }
}
