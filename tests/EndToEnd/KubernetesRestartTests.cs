using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>A run of 30 pods ends right, each task once, whoever is killed in the middle of it.</summary>
public sealed class KubernetesRestartTests
{
    private const int Tasks = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Kill_OurServer_TheRunGoesOn()
    {
        await using var cluster = await KubernetesCluster.StartAsync();
        await using var server = await StartAsync(cluster);
        var run = await SubmitAsync(server);
        for (var seen = 3; seen < Tasks; seen += 9)
        {
            await EndedAsync(server, run, seen);
            await server.KillAsync();
            await server.StartAgainAsync();
        }
        await EachOnceAsync(cluster, server, run);
    }

    [Fact]
    public async Task Kill_OneOfTwoServers_TheOtherGoesOn()
    {
        await using var cluster = await KubernetesCluster.StartAsync();
        await using var postgres = new PostgresServer();
        var database = await postgres.CreateDatabaseAsync();
        using var shared = new TemporaryDirectory();
        var setup = new ServerSetup { DataDirectory = shared["data"], Arguments = [.. Arguments(cluster), "--database", database] };
        await using var one = await OdinServer.StartAsync(setup);
        await using var two = await OdinServer.StartAsync(setup);
        // The server that takes the request has the run; each of them dies once with one in its hands.
        var run = await SubmitAsync(one);
        await EndedAsync(two, run, 6);
        await one.KillAsync();
        await EndedAsync(two, run, 15);
        await one.StartAgainAsync();
        await two.KillAsync();
        await EachOnceAsync(cluster, one, run);
    }

    [Theory]
    [InlineData("kube-apiserver")]
    [InlineData("kubelet")]
    public async Task Kill_PartOfTheCluster_TheRunGoesOn(string part)
    {
        var pids = Environment.GetEnvironmentVariable("ODIN_TEST_CLUSTER_PIDS");
        Assert.SkipWhen(string.IsNullOrEmpty(pids), "ODIN_TEST_CLUSTER_PIDS does not name the directory with the pid files of the cluster's parts, so none of them may be killed.");
        await using var cluster = await KubernetesCluster.StartAsync();
        await using var server = await StartAsync(cluster);
        var run = await SubmitAsync(server);
        await EndedAsync(server, run, 5);
        await KillAndStartAgainAsync(Path.Combine(pids!, part + ".pid"));
        await EachOnceAsync(cluster, server, run);
    }

    // Whoever started it is not asked: the same command is run again, and its pid takes the place of the old one.
    private static async Task KillAndStartAgainAsync(string pidFile)
    {
        var pid = int.Parse(await File.ReadAllTextAsync(pidFile), CultureInfo.InvariantCulture);
        var command = (await File.ReadAllTextAsync($"/proc/{pid}/cmdline")).TrimEnd('\0').Split('\0');
        var program = new FileInfo($"/proc/{pid}/exe").ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        var directory = new DirectoryInfo($"/proc/{pid}/cwd").ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        using (var process = Process.GetProcessById(pid))
        {
            process.Kill();
            // Its port is free only then.
            await process.WaitForExitAsync();
        }
        await TestProgram.RunAsync("/bin/sh",
            ["-c", """cd "$1"; pidfile=$2; shift 2; setsid "$@" >>"${pidfile%.pid}.again.log" 2>&1 </dev/null & echo $! >"$pidfile" """, "sh", directory, pidFile, program, .. command.Skip(1)]);
    }

    private static Task<OdinServer> StartAsync(KubernetesCluster cluster) => OdinServer.StartAsync(Arguments(cluster));

    private static string[] Arguments(KubernetesCluster cluster) =>
        ["--executor", "kubernetes", "--kubernetes-kubeconfig", KubernetesCluster.Kubeconfig, "--kubernetes-namespace", cluster.Namespace];

    // Three columns of ten, so that pods start, run and end at any moment.
    private static async Task<string> SubmitAsync(OdinServer server)
    {
        var text = new StringBuilder("name: thirty\ntasks:\n");
        for (var i = 0; i < Tasks; i++)
        {
            var depends = i < 3 ? "" : $", depends: t{i - 3:00}";
            text.AppendLine($"- {{name: t{i:00}, image: \"127.0.0.1:5000/busybox:1\", command: sh, args: [-c, \"echo t{i:00}; sleep 1\"]{depends}}}");
        }
        await server.PutJobAsync("thirty", text.ToString());
        return await server.SubmitAsync("thirty");
    }

    private static Task EndedAsync(OdinServer server, string run, int count) => Eventually.True(
        async () => TasksOf(await server.StatusAsync(run)).Count(t => t["state"]!.GetValue<string>() == "Succeeded") >= count, $"{count} tasks have ended", Patience);

    private static async Task EachOnceAsync(KubernetesCluster cluster, OdinServer server, string run)
    {
        JsonObject? status = null;
        await Eventually.True(async () => (status = await server.StatusAsync(run))["status"]!.GetValue<string>() is "DONE" or "TERMINATED", "the run ends", Patience);
        Assert.True(status!["status"]!.GetValue<string>() == "DONE", status.ToJsonString());
        Assert.All(TasksOf(status), task => Assert.Equal(("Succeeded", 1), (task["state"]!.GetValue<string>(), task["attempt"]!.GetValue<int>())));
        var pods = (await cluster.KubectlAsync("get", "pods", "-l", $"odin/run={run}", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Tasks, pods.Length);
        for (var i = 0; i < Tasks; i++)
        {
            var log = JsonNode.Parse(await server.Client.GetStringAsync($"/v1/resources/{run}--t{i:00}/logs"))!.GetValue<string>();
            Assert.EndsWith($"----------------\nt{i:00}\n", log, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<JsonObject> TasksOf(JsonObject status) => ((JsonArray)status["tasks"]!).Select(t => (JsonObject)t!);
}
