using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Tests.Operators;
using Odin.Runs;

namespace Odin.Kubernetes.Tests;

/// <summary>The example of distributed tasks, by the whole engine on a real cluster; and what people read of it.</summary>
public sealed class DistributedExampleTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public async Task Example_OnTheCluster_SucceedsAndItsLogsOutliveIt()
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        await using var operators = await StandInTrainingOperator.StartAsync(cluster.NewClient(), cluster.Namespace);
        await using var engine = await EngineHost.StartAsync(
            configure: options => options.DefaultExecutor = "kubernetes",
            services: services => services.AddKubernetes(
                new KubernetesApiOptions { Kubeconfig = KubernetesCluster.Kubeconfig, Namespace = cluster.Namespace },
                new KubernetesExecutorOptions { Namespace = cluster.Namespace, PullSecrets = [] }));
        var file = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "examples", "pipelines", "distributed", "main.yml"));
        Assert.Contains(Pause, file, StringComparison.Ordinal);
        // The registry of the test cluster, which has no other.
        var run = await engine.SubmitAsync("distributed", file.Replace("busybox:1.36", TestCluster.Image, StringComparison.Ordinal).Replace(Pause, Wait, StringComparison.Ordinal));
        var logs = engine.Get<RunLogs>();
        var followed = ReadAsync(await logs.FindAsync(run.Id, new LogRequest(Follow: true), default));
        // When the master ends the job has succeeded, however far its workers are, and however far we are with their logs.
        foreach (var rank in new[] { 1, 2 })
            await Eventually.True(() => Task.FromResult(HasKept(engine.Get<LogStore>(), $"rank {rank} of 3 trains")), $"what worker {rank - 1} says is kept", TimeSpan.FromMinutes(5));
        await TestProgram.RunAsync("kubectl", ["--kubeconfig", KubernetesCluster.Kubeconfig, "--namespace", cluster.Namespace, "exec", $"{run.Id}--train-master-0", "--", "touch", "/tmp/go"]);

        // Seven pods, on a cluster that may have much else to do.
        await Eventually.True(
            async () => (run = (await engine.Store.FindAsync<Run>(run.Id, default))!).Status.IsEnded, $"run {run.Id} ends", TimeSpan.FromMinutes(5));
        var failed = (await engine.TasksAsync(run)).Values.Where(t => !t.Status.IsSuccess).Select(t => $"{t.Id}: {t.Status.Reason} {t.Status.Message}");
        Assert.True(run.Status.Phase == RunPhase.Succeeded, string.Join('\n', failed));

        var train = $"{run.Id}--train";
        var (master, one, two) = ($"{train}-master-0", $"{train}-worker-0", $"{train}-worker-1");
        var blocks = Block(master, "rank 0 of 3 trains\n") + Block(one, "rank 1 of 3 trains\n") + Block(two, "rank 2 of 3 trains\n");
        await engine.Get<RunCleaner>().CleanAsync(run.Id, purgeRecords: false, purgeFiles: false, default);
        Assert.Equal($"Found 3 pods,\n{master}\n{one}\n{two}\nusing pod/{master}\n{blocks}", await ReadAsync(await logs.FindAsync(train, new LogRequest(), default)));
        Assert.Equal("rank 2 of 3 trains\n", await ReadAsync(await logs.FindAsync(two, new LogRequest(Follow: true), default)));
        Assert.Equal(Block(two, "rank 2 of 3 trains\n"), await ReadAsync(await logs.FindSnapshotAsync(two, new LogRequest(), default)));
        var all = await ReadAsync(await logs.FindAsync(run.Id, new LogRequest(), default));
        // The launcher may be through before its workers have begun.
        Assert.Matches($"^Found [456] pods,\n{master}\n", all);
        Assert.Contains(blocks, all, StringComparison.Ordinal);
        Assert.Contains("\n----------------\nthe launcher scores a model with a loss of 0.25\n", all, StringComparison.Ordinal);

        var lines = (await followed).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["[score] the launcher scores a model with a loss of 0.25", "[train] [worker-0] rank 1 of 3 trains", "[train] [worker-1] rank 2 of 3 trains", "[train] rank 0 of 3 trains"],
            lines.Where(l => !l.EndsWith("the worker waits", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    private static bool HasKept(LogStore store, string text) => Directory.Exists(store.Directory) && Directory.EnumerateFiles(store.Directory, "*", SearchOption.AllDirectories).Any(file =>
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Contains(text, StringComparison.Ordinal);
    });

    // Instead of a moment, what the master of a real training does: it waits for the others. It does not wait for ever.
    private const string Pause = "sleep 2\n", Wait = "i=0; until [ $${RANK:-0} != 0 ] || [ -e /tmp/go ] || [ $$i -gt 1200 ]; do sleep 0.25; i=$$((i+1)); done\n";

    private static string Block(string pod, string text) => $"================\n{pod}\n----------------\n{text}";

    private static async Task<string> ReadAsync(IAsyncEnumerable<string>? text) => string.Concat(await text!.ToListAsync());
}
