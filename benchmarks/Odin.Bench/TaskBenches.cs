using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Bench;

/// <summary>How fast tasks start, end, and are reported.</summary>
internal static class TaskBenches
{
    public static async Task<IReadOnlyList<BenchRow>> IndependentAsync()
    {
        const int count = 1000;
        await using var server = await BenchServer.StartAsync();
        await server.PutJobAsync("independent", Independent(count));
        await EndedAsync(server, await server.SubmitAsync("independent")); // Warms the server up; not counted.

        var best = double.MaxValue;
        for (var i = 0; i < 3; i++)
        {
            var watch = Stopwatch.StartNew();
            await EndedAsync(server, await server.SubmitAsync("independent"));
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }
        var xargs = double.MaxValue;
        for (var i = 0; i < 3; i++)
            xargs = Math.Min(xargs, await XargsAsync(count));
        return
        [
            BenchRow.AtLeast("independent-1000", count / best, 500, "tasks/s", $"{best:0.00} s from submit to end, best of 3"),
            BenchRow.AtMost("independent-1000-vs-xargs", best / xargs, 8, "times", $"xargs -P4: {xargs:0.00} s, best of 3"),
        ];
    }

    public static async Task<IReadOnlyList<BenchRow>> ChainAsync()
    {
        const int count = 200;
        await using var server = await BenchServer.StartAsync();
        await server.PutJobAsync("chain", Chain(count));
        await EndedAsync(server, await server.SubmitAsync("chain"));
        var run = await server.SubmitAsync("chain");
        await EndedAsync(server, run);
        var tasks = ((JsonArray)(await server.StatusAsync(run))["tasks"]!).Select(t => (JsonObject)t!)
            .OrderBy(t => t["name"]!.GetValue<string>(), StringComparer.Ordinal).ToList();
        var gaps = tasks.Zip(tasks.Skip(1)).Select(p => (Time(p.Second, "started") - Time(p.First, "completionTime")).TotalMilliseconds).ToList();
        return
        [
            BenchRow.AtMost("chain-200-p50", Percentile.Of(gaps, 0.50), 5, "ms", "from a task's end to the next one's start"),
            BenchRow.AtMost("chain-200-p99", Percentile.Of(gaps, 0.99), 50, "ms"),
        ];
    }

    public static async Task<IReadOnlyList<BenchRow>> LargeAsync()
    {
        const int count = 10_000;
        await using var server = await BenchServer.StartAsync();
        await server.PutJobAsync("large", Independent(count));
        var watch = Stopwatch.StartNew();
        var run = await server.SubmitAsync("large");
        var end = server.WaitAsync(run);
        var answers = new List<double>();
        while (!end.IsCompleted)
        {
            var one = Stopwatch.StartNew();
            using (var response = await server.Client.GetAsync($"/v1/pipelines/{run}"))
                await response.Content.CopyToAsync(Stream.Null);
            answers.Add(one.Elapsed.TotalMilliseconds);
            await Task.WhenAny(end, Task.Delay(200)); // A person who looks five times a second.
        }
        var status = await end;
        return
        [
            new BenchRow("large-10000-finishes", "DONE", $"{status} ({watch.Elapsed.TotalSeconds:0.0} s)", status == "DONE"),
            BenchRow.AtMost("large-10000-status-p95", Percentile.Of(answers, 0.95), 200, "ms", $"{answers.Count} answers with all tasks"),
            BenchRow.AtMost("large-10000-memory", server.PeakMegabytes, 400, "MB", "peak resident"),
        ];
    }

    private static async Task EndedAsync(BenchServer server, string run)
    {
        var status = await server.WaitAsync(run);
        if (status != "DONE")
            throw new InvalidOperationException($"Run '{run}' ended as {status}.");
    }

    private static DateTime Time(JsonObject task, string member) =>
        DateTime.Parse(task[member]!.GetValue<string>(), CultureInfo.InvariantCulture);

    private static string Independent(int count)
    {
        var text = new StringBuilder("name: bench\ntasks:\n");
        for (var i = 0; i < count; i++)
            text.Append(CultureInfo.InvariantCulture, $"- {{name: t{i:00000}, image: x, command: \"true\"}}\n");
        return text.ToString();
    }

    private static string Chain(int count)
    {
        var text = new StringBuilder("name: chain\ntasks:\n");
        for (var i = 0; i < count; i++)
        {
            var depends = i == 0 ? "" : $", depends: t{i - 1:00000}";
            text.Append(CultureInfo.InvariantCulture, $"- {{name: t{i:00000}, image: x, command: \"true\"{depends}}}\n");
        }
        return text.ToString();
    }

    private static async Task<double> XargsAsync(int count)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo("sh") { ArgumentList = { "-c", $"seq {count} | xargs -P4 -I{{}} sh -c true" } })!;
        await process.WaitForExitAsync();
        return watch.Elapsed.TotalSeconds;
    }
}
