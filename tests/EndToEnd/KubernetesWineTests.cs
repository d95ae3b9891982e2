using System.ComponentModel;
using System.Security.Cryptography;

namespace Odin.EndToEnd;

/// <summary>
/// The wine pipeline, unchanged but for the name of its image, on a real cluster: the image is made from the example's
/// Containerfile, the files of the job and what tasks hand on are on a volume that servers and pods share.
/// </summary>
public sealed class KubernetesWineTests : IDisposable
{
    private static readonly string Example = Path.Combine(Programs.Root, "examples", "pipelines", "wine");
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Example_OnTheCluster_SucceedsAndIsTakenFromTheCacheAfterwards()
    {
        await using var cluster = await KubernetesCluster.StartAsync();
        await NeedAsync("buildah", "debootstrap");
        var image = await BuildImageAsync();
        var workspaces = Directory.CreateDirectory(directory["workspaces"]).FullName;
        await cluster.ApplyAsync(Volume(cluster.Namespace, workspaces));
        await using var server = await OdinServer.StartAsync(
            "--executor", "kubernetes", "--kubernetes-kubeconfig", KubernetesCluster.Kubeconfig, "--kubernetes-namespace", cluster.Namespace,
            "--workspaces", workspaces, "--kubernetes-workspace-claim", "workspaces");
        var person = new CliProgram(directory) { Deadline = TimeSpan.FromMinutes(10) };
        person.Variables["ODIN_URL"] = server.Url.ToString();
        person.Variables["ODIN_TOKEN"] = server.Client.DefaultRequestHeaders.Authorization!.Parameter!;

        try
        {
            var job = Copy(image);
            AssertSucceeded(await person.OdinAsync("push", "wine", job, "--create"));
            var first = await person.OdinAsync("run", "wine", "--wait");
            AssertSucceeded(first);
            var second = await person.OdinAsync("run", "wine", "--wait");
            AssertSucceeded(second);

            var pods = (await cluster.KubectlAsync("get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(6, pods.Length);
            Assert.Contains("<html", await File.ReadAllTextAsync(Directory.GetFiles(workspaces, "report.html", SearchOption.AllDirectories)[0]), StringComparison.OrdinalIgnoreCase);
            // What a task could change in the files of its job, it could change for all that come after it.
            AssertSucceeded(await person.OdinAsync("push", "vandal", Vandal(), "--create"));
            var vandal = await person.OdinAsync("run", "vandal", "--wait");
            Assert.NotEqual(0, vandal.Code);
            Assert.Equal("main.yml", Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(workspaces, ".odin", "checkouts"), "*", SearchOption.AllDirectories), f => f.Contains("/vandal/", StringComparison.Ordinal))));
        }
        finally
        {
            await cluster.KubectlAsync("delete", "persistentvolume", cluster.Namespace, "--wait=false", "--ignore-not-found");
        }
    }

    private static void AssertSucceeded(ProgramResult result) => Assert.True(result.Code == 0, result.ToString());

    private string Copy(string image)
    {
        var job = Directory.CreateDirectory(directory["job"]).FullName;
        foreach (var file in Directory.GetFiles(Example))
            File.Copy(file, Path.Combine(job, Path.GetFileName(file)));
        var main = Path.Combine(job, "main.yml");
        File.WriteAllText(main, File.ReadAllText(main).Replace("odin-wine:1", image, StringComparison.Ordinal));
        return job;
    }

    private string Vandal()
    {
        var job = Directory.CreateDirectory(directory["vandal"]).FullName;
        File.WriteAllText(Path.Combine(job, "main.yml"),
            "name: vandal\ntasks:\n- {name: a, image: \"127.0.0.1:5000/busybox:1\", command: touch, args: [\"${WORK_PATH}/new\"]}\n");
        return job;
    }

    // Built once for each text of the Containerfile: the registry keeps it.
    private async Task<string> BuildImageAsync()
    {
        var text = await File.ReadAllBytesAsync(Path.Combine(Example, "Containerfile"));
        var tag = Convert.ToHexStringLower(SHA256.HashData(text))[..12];
        var image = $"127.0.0.1:5000/odin-wine:{tag}";
        using var registry = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Head, $"http://127.0.0.1:5000/v2/odin-wine/manifests/{tag}");
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json");
        using (var answer = await registry.SendAsync(request))
        {
            if (answer.IsSuccessStatusCode)
                return image;
        }
        // Debian's base image, from its packages: there may be no Docker Hub.
        await File.WriteAllTextAsync(directory["build.sh"], """
            set -eu
            root=$1 image=$2 example=$3
            export CONTAINERS_CONF=$4/deploy/containers.conf
            debootstrap --variant=minbase bookworm "$root"
            cp -R /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
            container=$(buildah from scratch)
            buildah copy --quiet "$container" "$root" /
            buildah commit --quiet "$container" localhost/odin-test-debian:12
            buildah rm "$container"
            buildah build --isolation chroot --network host --pull-never --build-arg DEBIAN=localhost/odin-test-debian:12 --tag "$image" "$example"
            buildah push --quiet --tls-verify=false "$image"
            """);
        var builder = new CliProgram(directory) { Deadline = TimeSpan.FromMinutes(20) };
        builder.Variables["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? "/root";
        AssertSucceeded(await builder.RunAsync("/bin/sh", directory["build.sh"], directory["debian"], image, Example, Programs.Root));
        return image;
    }

    private static async Task NeedAsync(params string[] programs)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Making an image of Debian's packages takes root.");
        foreach (var program in programs)
        {
            try
            {
                await TestProgram.RunAsync(program, ["--version"]);
            }
            catch (Win32Exception)
            {
                Assert.Skip($"{program} is not installed, so the image cannot be built: apt-get install -y --no-install-recommends {program}");
            }
        }
    }

    private static string Volume(string name, string path) => $$"""
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: {{name}} }
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteMany]
          persistentVolumeReclaimPolicy: Retain
          storageClassName: {{name}}
          hostPath: {path: "{{path}}"}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: workspaces}
        spec:
          accessModes: [ReadWriteMany]
          storageClassName: {{name}}
          resources: {requests: {storage: 1Gi} }
        """;
}
