using System.Text.Json.Nodes;

namespace Odin.Kubernetes.Tests.Installation;

/// <summary>The manifests of the installation are safe and suit old clusters and new ones.</summary>
public sealed class ManifestTests
{
    // What the agent must see of its node, and therefore stands alone in a namespace where that is allowed.
    private static readonly string[] ExcusedOfAgents = ["hostNetwork", "hostPID", "agent: hostPort"];

    // Served by 1.20 and by 1.36. (policy/v1 came with 1.21, and policy/v1beta1 went with 1.25.)
    private static readonly string[] Versions =
        ["v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "storage.k8s.io/v1"];

    public static TheoryData<string> Overlays => [.. Manifests.Overlays];

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Pods_KeepTheRestrictedProfile(string overlay)
    {
        var manifests = await Manifests.OfOverlayAsync(overlay);
        var pods = manifests.Where(m => Manifests.PodOf(m) is not null).ToList();
        Assert.NotEmpty(pods);
        foreach (var workload in pods)
        {
            var isAgent = Namespace(workload) == "odin-agents";
            var violations = RestrictedProfile.Violations(Manifests.PodOf(workload)!).Except(isAgent ? ExcusedOfAgents : []).ToList();
            Assert.True(violations.Count == 0, $"{Manifests.NameOf(workload)}: {string.Join(", ", violations)}");
        }
        // A cluster that checks it says the same of the namespace.
        var odin = manifests.Single(m => Manifests.NameOf(m) == "/Namespace/odin");
        Assert.Equal("restricted", odin["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"]!.GetValue<string>());
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Containers_AreBoundedProbedAndReadOnly(string overlay)
    {
        foreach (var workload in (await Manifests.OfOverlayAsync(overlay)).Where(m => Manifests.PodOf(m) is not null))
        {
            var pod = Manifests.PodOf(workload)!;
            Assert.True(pod["enableServiceLinks"]?.GetValue<bool>() == false, $"{Manifests.NameOf(workload)} takes variables of services");
            Assert.NotNull(pod["terminationGracePeriodSeconds"]);
            foreach (var container in pod["containers"]!.AsArray().Select(c => (JsonObject)c!))
            {
                Assert.All(["startupProbe", "readinessProbe", "livenessProbe"], probe => Assert.True(container[probe] is not null, $"{Manifests.NameOf(workload)} has no {probe}"));
                Assert.NotNull(container["resources"]!["requests"]!["cpu"]);
                Assert.NotNull(container["resources"]!["requests"]!["memory"]);
                Assert.NotNull(container["resources"]!["limits"]!["memory"]);
                Assert.True(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Objects_AreOfVersionsThatOldAndNewClustersServe(string overlay)
    {
        var manifests = await Manifests.OfOverlayAsync(overlay);
        Assert.All(manifests, m => Assert.Contains(m["apiVersion"]!.GetValue<string>(), Versions));
        Assert.All(manifests.Where(m => Manifests.KindOf(m) is not ("Namespace" or "PersistentVolume")), m => Assert.StartsWith("odin", Namespace(m), StringComparison.Ordinal));
        // Nothing that is secret lies in the repository.
        Assert.DoesNotContain(manifests, m => Manifests.KindOf(m) == "Secret");
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Claims_OfPods_AreThere(string overlay)
    {
        var manifests = await Manifests.OfOverlayAsync(overlay);
        var claims = manifests.Where(m => Manifests.KindOf(m) == "PersistentVolumeClaim").Select(Manifests.NameOf).ToHashSet();
        foreach (var workload in manifests.Where(m => Manifests.PodOf(m) is not null))
        {
            var used = (Manifests.PodOf(workload)!["volumes"] as JsonArray ?? []).Select(v => v!["persistentVolumeClaim"]?["claimName"]?.GetValue<string>()).OfType<string>();
            Assert.All(used, claim => Assert.Contains($"{Namespace(workload)}/PersistentVolumeClaim/{claim}", claims));
        }
    }

    [Theory]
    [InlineData("single-node")]
    [InlineData("cluster")]
    public async Task WithoutDns_AsTheGuideHasIt_IsOneAddressInBothPlaces(string overlay)
    {
        var added = await BlockOfTheGuideAsync("without-dns");
        var plain = await Manifests.OfOwnAsync(overlay, added[..added.IndexOf("patches:", StringComparison.Ordinal)]);
        var own = await Manifests.OfOwnAsync(overlay, added);

        Assert.Equal(("10.96.30.3", "10.96.30.3"), Addresses(plain));
        Assert.Equal(("10.43.30.3", "10.43.30.3"), Addresses(own));

        static (string?, string?) Addresses(IReadOnlyList<JsonObject> manifests) => (
            manifests.Single(m => Manifests.NameOf(m) == "odin/Service/odin-postgres")["spec"]!["clusterIP"]!.GetValue<string>(),
            Assert.Single(Manifests.PodOf(manifests.Single(m => Manifests.NameOf(m) == "odin/Deployment/odin"))!["hostAliases"]!.AsArray())!["ip"]!.GetValue<string>());
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task TrainingJobs_AsTheGuideHasIt_LetTheServerMakeThem(string overlay)
    {
        var manifests = await Manifests.OfOwnAsync(overlay, await BlockOfTheGuideAsync("training-jobs"));

        var rules = manifests.Single(m => Manifests.NameOf(m) == "odin-tasks/Role/odin-training-jobs")["rules"]!.AsArray();
        Assert.Contains("pytorchjobs", rules.SelectMany(r => r!["resources"]!.AsArray()).Select(r => r!.GetValue<string>()));
        var binding = manifests.Single(m => Manifests.NameOf(m) == "odin-tasks/RoleBinding/odin-training-jobs");
        Assert.Equal("odin", binding["subjects"]![0]!["name"]!.GetValue<string>());
    }

    private static async Task<string> BlockOfTheGuideAsync(string component)
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "docs", "guides", "kubernetes.md"), TestContext.Current.CancellationToken);
        return Assert.Single(guide.Split("```yaml\n").Skip(1).Select(b => b[..b.IndexOf("```", StringComparison.Ordinal)]), b => b.Contains($"/{component}\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Violations_OfAnOrdinaryPod_AreFound()
    {
        var pod = Manifests.Read("""
            hostNetwork: true
            containers:
            - {name: c, image: busybox, ports: [{containerPort: 80, hostPort: 80}], securityContext: {runAsUser: 0, capabilities: {add: [SYS_ADMIN]}}}
            volumes:
            - {name: v, hostPath: {path: /}}
            """)[0];
        Assert.Equal(
            [
                "hostNetwork", "volume v of type hostPath", "c: allowPrivilegeEscalation", "c: capabilities are not all dropped", "c: capabilities are added",
                "c: runAsNonRoot", "c: runAsUser 0", "c: seccompProfile", "c: hostPort",
            ],
            RestrictedProfile.Violations(pod));
    }

    private static string Namespace(JsonObject manifest) => manifest["metadata"]!["namespace"]?.GetValue<string>() ?? "";
}
