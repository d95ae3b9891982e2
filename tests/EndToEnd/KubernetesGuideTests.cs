using System.ComponentModel;

namespace Odin.EndToEnd;

/// <summary>
/// The guide to Kubernetes, typed as it stands on a real cluster: images built and pushed, two servers, a pipeline, all of it
/// removed. It needs a cluster of one node, on this machine, with its registry at 127.0.0.1:5000.
/// </summary>
public sealed class KubernetesGuideTests : IDisposable
{
    public const string Page = "docs/guides/kubernetes.md";

    private const string Data = "/var/lib/odin", Marker = Data + "/made-by-a-test";

    private static readonly string[] Namespaces = ["odin", "odin-tasks", "odin-agents"];
    private static readonly string[] Volumes = ["odin-data", "odin-workspaces", "odin-tasks-workspaces", "odin-postgres"];
    private static readonly string[] Unwanted =
        ["sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "perl", "python3", "curl", "wget", "chroot", "su", "mount"];

    private readonly TemporaryDirectory home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Blocks_TypedOnACluster_LeadToAFinishedPipeline()
    {
        var kubeconfig = KubernetesCluster.Kubeconfig;
        await SkipWhereItCannotBeTypedAsync(kubeconfig);
        await RemoveAsync(kubeconfig);
        Directory.CreateDirectory(Data);
        await File.WriteAllTextAsync(Marker, "");
        try
        {
            Prepare();
            var blocks = TypedPage.Blocks(Page).Where(b => b.Language == "sh").ToList();
            await File.WriteAllTextAsync(home["typed.sh"], TypedPage.Script(Page, blocks));
            var typing = new CliProgram(home) { Deadline = TimeSpan.FromMinutes(25) };
            typing.Variables["KUBECONFIG"] = kubeconfig;
            // Building wants its packages and its sources of packages.
            typing.Variables["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? "/root";
            typing.Variables["XDG_CONFIG_HOME"] = home["config"];

            var result = await typing.RunAsync("/bin/sh", "-e", home["typed.sh"]);

            Assert.True(result.Code == 0, $"A block failed: the one after the last line that begins with ###.\n{result}\n{await DescribeAsync(kubeconfig)}");
            Assert.Equal(blocks.Count, result.Output.Split('\n').Count(l => l.StartsWith("### ", StringComparison.Ordinal)));
            Assert.Contains("HELLO, WORLD!", result.Output, StringComparison.Ordinal);
            var reference = result.Output.Split('\n').Single(l => l.StartsWith("127.0.0.1:5000/odin:", StringComparison.Ordinal)).Split(' ')[0];
            await HasNoShellAsync("localhost/odin:" + reference.Split(':')[^1]);
        }
        finally
        {
            await RemoveAsync(kubeconfig);
        }
    }

    private static async Task SkipWhereItCannotBeTypedAsync(string kubeconfig)
    {
        Assert.SkipUnless(Environment.UserName == "root", "The guide makes directories of the node, which takes root.");
        try
        {
            await TestProgram.RunAsync("buildah", ["--version"]);
        }
        catch (Win32Exception)
        {
            Assert.Skip("buildah is not installed, so the image cannot be built: apt-get install -y --no-install-recommends buildah");
        }
        var there = await KubectlAsync(kubeconfig, "get", "namespace", "odin", "--ignore-not-found", "-o", "name");
        Assert.SkipWhen(
            (there.Length > 0 || Directory.Exists(Data)) && !File.Exists(Marker),
            $"The cluster has a namespace 'odin', or this machine a directory '{Data}', that no test has made: that installation is left alone.");
    }

    // As at the root of a clone, but with the program of this build, and with what the test's cluster needs and others do not.
    private void Prepare()
    {
        var deploy = Directory.CreateDirectory(home["deploy"]).FullName;
        foreach (var script in new[] { "build-image", "build-postgres-image" })
            File.CreateSymbolicLink(Path.Combine(deploy, script), Path.Combine(Programs.Root, "deploy", script));
        var manifests = Path.Combine(Programs.Root, "deploy", "kubernetes");
        foreach (var file in Directory.GetFiles(manifests, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(deploy, "kubernetes", Path.GetRelativePath(manifests, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        // It has no DNS add-on, which the guide says what to do about.
        var overlay = Path.Combine(deploy, "kubernetes", "overlays", "single-node", "kustomization.yaml");
        File.WriteAllText(overlay, File.ReadAllText(overlay).Replace("- ../../workspaces\n", "- ../../workspaces\n- ../../without-dns\n", StringComparison.Ordinal));
        Directory.CreateSymbolicLink(home["examples"], Path.Combine(Programs.Root, "examples"));
        File.WriteAllText(home["odin"], $"#!/bin/sh\nexec '{Programs.Cli}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home["odin"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // Nothing that could run a command that somebody has smuggled in, and nothing to fetch one with.
    private static async Task HasNoShellAsync(string image)
    {
        var container = await TestProgram.RunAsync("buildah", ["from", "--pull-never", image]);
        try
        {
            var root = await TestProgram.RunAsync("buildah", ["mount", container]);
            var names = Directory.EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(f => Path.GetFileName(f)).ToHashSet();
            Assert.Contains("odin", names);
            Assert.Contains("git", names);
            Assert.DoesNotContain(Unwanted, names.Contains);
        }
        finally
        {
            await TestProgram.RunAsync("buildah", ["rm", container]);
        }
    }

    private static async Task<string> DescribeAsync(string kubeconfig)
    {
        var pods = await KubectlAsync(kubeconfig, "-n", "odin", "get", "pods", "-o", "wide");
        var events = await KubectlAsync(kubeconfig, "-n", "odin", "get", "events");
        return $"{pods}\n{events}\n{await KubectlAsync(kubeconfig, "-n", "odin", "logs", "--tail=20", "--selector", "app.kubernetes.io/component=server")}";
    }

    private static async Task RemoveAsync(string kubeconfig)
    {
        await KubectlAsync(kubeconfig, ["delete", "namespace", .. Namespaces, "--ignore-not-found", "--wait=false"]);
        await KubectlAsync(kubeconfig, ["delete", "persistentvolume", .. Volumes, "--ignore-not-found", "--wait=false"]);
        await Eventually.True(
            async () => await KubectlAsync(kubeconfig, ["get", "namespace", .. Namespaces, "--ignore-not-found", "-o", "name"]) == "", "the end of the namespaces", TimeSpan.FromMinutes(5));
        if (File.Exists(Marker))
            Directory.Delete(Data, recursive: true);
    }

    private static Task<string> KubectlAsync(string kubeconfig, params IReadOnlyList<string> arguments) =>
        TestProgram.RunAsync("kubectl", ["--kubeconfig", kubeconfig, .. arguments]);
}
