using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;

namespace Odin.Bench;

/// <summary>How much slower pods are through us than made by hand, on the cluster of <c>ODIN_TEST_KUBECONFIG</c>, else of <c>KUBECONFIG</c>.</summary>
internal static partial class KubernetesBenches
{
    // The image of the cluster's own registry that the tests use too.
    private static readonly string Image = Environment.GetEnvironmentVariable("ODIN_TEST_IMAGE") ?? "127.0.0.1:5000/busybox:1";

    public static async Task<IReadOnlyList<BenchRow>> FanOutAsync()
    {
        const int count = 50, rounds = 2;
        await using var cluster = await BenchCluster.StartAsync();
        await using var server = await BenchServer.StartAsync(cluster.ServerArguments);
        await server.PutJobAsync("fan-out", Pods(count, chained: false));
        await DoneAsync(server, await server.SubmitAsync("fan-out"));
        var requests = await RequestsAsync(server);

        // In turns, so that both meet the same weather.
        var (ours, direct) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            direct.Add((await cluster.RunPodsAsync(Image, $"direct-{round}", count)).TotalSeconds);
            var watch = Stopwatch.StartNew();
            await DoneAsync(server, await server.SubmitAsync("fan-out"));
            ours.Add(watch.Elapsed.TotalSeconds);
        }
        var perTask = (await RequestsAsync(server)).ToDictionary(r => r.Key, r => (r.Value - requests.GetValueOrDefault(r.Key)) / (rounds * count));
        return
        [
            BenchRow.AtMost("kubernetes-fan-out-50", ours.Min() / direct.Min(), 1.15, "times", $"{ours.Min():0.0} s, by hand {direct.Min():0.0} s, best of {rounds}"),
            BenchRow.AtMost("kubernetes-fan-out-requests", perTask.Values.Sum(), 8, "requests a task", string.Join(", ", perTask.OrderByDescending(r => r.Value).Where(r => r.Value > 0.05).Select(r => $"{r.Key} {r.Value:0.0}"))),
        ];
    }

    public static async Task<IReadOnlyList<BenchRow>> ChainAsync()
    {
        const int count = 20, rounds = 2;
        await using var cluster = await BenchCluster.StartAsync();
        await using var server = await BenchServer.StartAsync(cluster.ServerArguments);
        await server.PutJobAsync("chain", Pods(count, chained: true));
        var (ours, direct) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var alone = TimeSpan.Zero;
            for (var i = 0; i < count; i++)
                alone += await cluster.RunPodsAsync(Image, $"direct-{round}-{i}", 1);
            direct.Add(alone.TotalSeconds);
            var watch = Stopwatch.StartNew();
            await DoneAsync(server, await server.SubmitAsync("chain"));
            ours.Add(watch.Elapsed.TotalSeconds);
        }
        return
        [
            BenchRow.AtMost("kubernetes-chain-20", (ours.Min() - direct.Min()) / count, 0.5, "s a link",
                $"{ours.Min() / count:0.00} s a link, a pod by hand {direct.Min() / count:0.00} s, best of {rounds}"),
        ];
    }

    public static async Task<IReadOnlyList<BenchRow>> ManyRunsAsync()
    {
        const int count = 200;
        await using var cluster = await BenchCluster.StartAsync();
        await using var server = await BenchServer.StartAsync(cluster.ServerArguments);
        await server.PutJobAsync("one", Pods(1, chained: false));
        await DoneAsync(server, await server.SubmitAsync("one"));
        var made = cluster.TimeUntilMadeAsync(count + 1);

        var latencies = new ConcurrentBag<double>();
        var watch = Stopwatch.StartNew();
        var runs = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => TimedAsync(latencies, () => server.SubmitAsync("one"))));
        var ends = Task.WhenAll(runs.Select(run => DoneAsync(server, run)));
        // Somebody looks at them meanwhile.
        for (var i = 0; !ends.IsCompleted; i++)
        {
            await TimedAsync(latencies, () => server.StatusAsync(runs[i % count]));
            await TimedAsync(latencies, () => server.Client.GetStringAsync("/v1/pipelines?limit=50"));
            await Task.WhenAny(ends, Task.Delay(20));
        }
        await ends;
        return
        [
            BenchRow.AtMost("kubernetes-200-runs-p99", Percentile.Of(latencies, 0.99), 500, "ms",
                $"{latencies.Count} requests to our API, all runs done after {watch.Elapsed.TotalSeconds:0} s"),
            // Some clients limit themselves to five requests a second; then this would be less.
            BenchRow.AtLeast("kubernetes-200-runs-made", count / (await made).TotalSeconds, 5, "pods/s", "from the first to the last of them made"),
        ];
    }

    private static string Pods(int count, bool chained)
    {
        var text = new StringBuilder($"name: b\ntasks:\n");
        for (var i = 0; i < count; i++)
        {
            var depends = chained && i > 0 ? $", depends: t{i - 1:000}" : "";
            text.Append(CultureInfo.InvariantCulture, $"- {{name: t{i:000}, image: \"{Image}\", command: \"true\"{depends}}}\n");
        }
        return text.ToString();
    }

    private static async Task DoneAsync(BenchServer server, string run)
    {
        if (await server.WaitAsync(run) is var state && state != "DONE")
            throw new InvalidOperationException($"The run {run} ended as {state}: {await server.StatusAsync(run)}");
    }

    private static async Task<T> TimedAsync<T>(ConcurrentBag<double> latencies, Func<Task<T>> ask)
    {
        var watch = Stopwatch.StartNew();
        var answer = await ask();
        latencies.Add(watch.Elapsed.TotalMilliseconds);
        return answer;
    }

    // As the server itself counts them.
    private static async Task<Dictionary<string, double>> RequestsAsync(BenchServer server) =>
        (await server.Client.GetStringAsync("/metrics")).Split('\n')
            .Select(static l => RequestCount().Match(l)).Where(static m => m.Success && !m.Groups["labels"].Value.Contains("verb=\"watch\"", StringComparison.Ordinal))
            .GroupBy(static m => $"{Label(m, "verb")} {Label(m, "resource")}")
            .ToDictionary(static g => g.Key, static g => g.Sum(m => double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture)));

    private static string Label(Match line, string name) => Regex.Match(line.Groups["labels"].Value, name + "=\"([^\"]*)\"").Groups[1].Value;

    [GeneratedRegex("^odin_kubernetes_requests[a-z_]*\\{(?<labels>.*)\\} (?<value>[0-9.e+]+)")]
    private static partial Regex RequestCount();
}

/// <summary>A namespace for a bench; it goes away with everything in it.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private readonly KubernetesClient client;
    private readonly string @namespace = $"odin-bench-{Guid.NewGuid().ToString("n")[..8]}";

    private BenchCluster(string kubeconfig)
    {
        ServerArguments = ["--executor", "kubernetes", "--kubernetes-kubeconfig", kubeconfig, "--kubernetes-namespace", @namespace, "--kubernetes-pull-secrets", ""];
        var options = new KubernetesApiOptions { Kubeconfig = kubeconfig, Namespace = @namespace };
        client = new KubernetesClient(KubernetesConfiguration.Load(options, TimeProvider.System), options, TimeProvider.System, NullLogger<KubernetesClient>.Instance);
    }

    /// <summary>For a server whose tasks run in this namespace.</summary>
    public string[] ServerArguments { get; }

    public static async Task<BenchCluster> StartAsync()
    {
        var kubeconfig = Environment.GetEnvironmentVariable("ODIN_TEST_KUBECONFIG") ?? Environment.GetEnvironmentVariable("KUBECONFIG")
            ?? throw new InvalidOperationException("There is no cluster: set ODIN_TEST_KUBECONFIG to the kubeconfig of one that may be used; eng/test-cluster makes one.");
        var cluster = new BenchCluster(kubeconfig);
        await cluster.client.CreateAsync(KubernetesResources.Namespaces, null, new JsonObject { ["metadata"] = new JsonObject { ["name"] = cluster.@namespace } }, default);
        for (var i = 0; i < 200 && await cluster.client.FindAsync(KubernetesResources.ServiceAccounts, cluster.@namespace, "default", default) is null; i++)
            await Task.Delay(50);
        return cluster;
    }

    /// <summary>Makes that many pods at once, the same as ours but for the labels, and waits by one watch until all have succeeded.</summary>
    public async Task<TimeSpan> RunPodsAsync(string image, string name, int count)
    {
        var selector = $"bench={name}";
        var left = Enumerable.Range(0, count).Select(i => $"{name}-{i}").ToHashSet(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var events = client.WatchAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = @namespace, LabelSelector = selector }, limit.Token).GetAsyncEnumerator(limit.Token);
        await using (events)
        {
            // The watch stands before the clock starts, as ours does.
            await events.MoveNextAsync();
            var watch = Stopwatch.StartNew();
            var made = Task.WhenAll(left.ToList().Select(pod => client.CreateAsync(KubernetesResources.Pods, @namespace, Pod(image, name, pod), limit.Token)));
            while (left.Count > 0 && await events.MoveNextAsync())
            {
                foreach (var pod in events.Current.Objects.Where(p => p.Status.Phase == "Succeeded"))
                    left.Remove(pod.Metadata.Name);
            }
            await made;
            return watch.Elapsed;
        }
    }

    /// <summary>From now on: the time between the first new pod and the one with which there are so many.</summary>
    public async Task<TimeSpan> TimeUntilMadeAsync(int count)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        Stopwatch? watch = null;
        await foreach (var change in client.WatchAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = @namespace }, limit.Token))
        {
            seen.UnionWith(change.Objects.Select(p => p.Metadata.Name));
            if (change.Kind != WatchEventKind.Synced)
                watch ??= Stopwatch.StartNew();
            if (seen.Count >= count)
                break;
        }
        return watch?.Elapsed ?? throw new InvalidOperationException("The pods were there before anybody looked.");
    }

    public async ValueTask DisposeAsync()
    {
        await client.DeleteAsync(KubernetesResources.Namespaces, null, @namespace, new DeleteOptions(), default);
        client.Dispose();
    }

    private static JsonObject Pod(string image, string bench, string name) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["bench"] = bench } },
        ["spec"] = new JsonObject
        {
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = image, ["imagePullPolicy"] = "IfNotPresent", ["command"] = new JsonArray("true") }),
            ["restartPolicy"] = "Never",
        },
    };
}
