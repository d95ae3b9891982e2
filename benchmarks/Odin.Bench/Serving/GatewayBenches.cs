using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Odin.Bench;

/// <summary>The wine model behind the gateway of a server: what the gateway costs, how a model wakes, how routes change.</summary>
internal static class GatewayBenches
{
    private const int Rounds = 3, Connections = 32, ColdStarts = 20, Sleepers = 4, Cycles = 250, Changes = 100;
    private const string Route = "/custom/ab";
    // What a gateway adds is less than what the machine varies by from one second to the next: many short pairs.
    private const int QuietRounds = 21;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5), QuietDuration = TimeSpan.FromSeconds(2);

    /// <summary>Rate and latency through the gateway, with capture on, beside the model server alone.</summary>
    public static async Task<IReadOnlyList<BenchRow>> CostAsync()
    {
        await using var server = await ServedWine.StartAsync();
        await server.DeployAsync("wine", replicas: 1);
        using var model = await WineModel.TrainAsync();
        await using var direct = await ServingBenches.StartOursAsync(model, server.Body);
        var (through, alone) = ($"{server.Url}/model/wine/api/model/invoke", $"{direct.Url}/api/model/invoke");
        var rates = await CompareAsync(through, alone, server.Body, Rounds, Duration, TimeSpan.Zero);
        var (full, fullAlone) = (ServingBenches.Middle([.. rates.Select(r => r.Through)]), ServingBenches.Middle([.. rates.Select(r => r.Alone)]));
        // With this pause the same connections send a quarter of what the gateway can take at most.
        var pause = TimeSpan.FromSeconds(4 * Connections / full.Rate) - TimeSpan.FromMilliseconds(full.Median / 2);
        var quiet = await CompareAsync(through, alone, server.Body, QuietRounds, QuietDuration, pause);
        var added = quiet.Select(r => r.Through.Median - r.Alone.Median).Skip(1).Order().ToList();
        var (typical, rate) = (quiet.Select(r => r.Alone.Median).Skip(1).Order().ElementAt(QuietRounds / 2), quiet[^1].Through.Rate);
        return
        [
            BenchRow.AtLeast("gateway-rate", full.Rate / fullAlone.Rate, 0.6, "x", Text($"{full.Rate:0}/s with capture, without a gateway {fullAlone.Rate:0}/s; p99 {full.P99:0.0} ms, without {fullAlone.P99:0.0} ms")),
            BenchRow.AtMost("gateway-p50", added[QuietRounds / 2], 0.5, "ms", Text($"added to {typical:0.00} ms at {rate:0}/s; the middle of {QuietRounds} pairs from {added[0]:0.00} to {added[^1]:0.00}")),
        ];
    }

    /// <summary>From zero: how long the first answer takes beside the model's own import.</summary>
    public static async Task<IReadOnlyList<BenchRow>> WakingAsync()
    {
        await using var server = await ServedWine.StartAsync();
        await server.DeployAsync("wine", replicas: 0, window: "100ms");
        using var model = await WineModel.TrainAsync();
        var (times, imports) = (new List<double>(), new List<double>());
        for (var i = 0; i < ColdStarts; i++)
        {
            await server.WaitUntilAsleepAsync("wine");
            var watch = Stopwatch.StartNew();
            if (!await server.TryPredictAsync("/model/wine"))
                throw new InvalidOperationException("A request that woke the model was not answered.");
            times.Add(watch.Elapsed.TotalMilliseconds);
            imports.Add(await ImportAsync(model));
        }
        times.Sort();
        imports.Sort();
        var (p95, import) = (times[(int)Math.Ceiling(times.Count * 0.95) - 1], imports[imports.Count / 2]);
        return [BenchRow.AtMost("cold-start-p95", (p95 - import) / 1000, 1.5, "s", Text($"beside the {import:0} ms of the model's own import; {p95:0} ms with it, median {times[times.Count / 2]:0} ms, {ColdStarts} starts"))];
    }

    /// <summary>A thousand times from zero to one and back, four models at once, with requests all the time; each must be answered.</summary>
    public static async Task<IReadOnlyList<BenchRow>> CyclesAsync()
    {
        // What takes the time is Python's import, which each worker does.
        await using var server = await ServedWine.StartAsync(workers: 1);
        var names = Enumerable.Range(0, Sleepers).Select(i => $"wine-{i}").ToList();
        foreach (var name in names)
            await server.DeployAsync(name, replicas: 0, window: "100ms");
        var (sent, lost) = (0, 0);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(names.Select(async name =>
        {
            for (var cycle = 0; cycle < Cycles; cycle++)
            {
                // Right when it falls asleep: this is where one could get lost.
                await server.WaitUntilAsleepAsync(name);
                foreach (var answered in await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.TryPredictAsync($"/model/{name}"))))
                {
                    Interlocked.Increment(ref sent);
                    if (!answered)
                        Interlocked.Increment(ref lost);
                }
            }
        }));
        return [BenchRow.AtMost("sleep-cycles-lost", lost, 0, "requests", Text($"of {sent} in {Sleepers * Cycles} cycles, {watch.Elapsed.TotalSeconds / Cycles:0.0} s each"))];
    }

    /// <summary>From the moment a route is sent to the first answer that came by it, under load; nothing may be lost meanwhile.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RoutesAsync()
    {
        await using var server = await ServedWine.StartAsync();
        await server.DeployAsync("wine-a", replicas: 1);
        await server.DeployAsync("wine-b", replicas: 1);
        await server.SendAsync(HttpMethod.Post, "model/route", RouteOf("load", Route, "wine-a"));
        await server.WaitForAsync(Route);
        using var stop = new CancellationTokenSource();
        var (sent, lost) = (0, 0);
        var load = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                Interlocked.Increment(ref sent);
                if (!await server.TryPredictAsync(Route))
                    Interlocked.Increment(ref lost);
            }
        }).ToList();
        var times = new List<double>();
        for (var i = 0; i < Changes; i++)
        {
            await server.SendAsync(HttpMethod.Put, "model/route", RouteOf("load", Route, i % 2 == 0 ? "wine-b" : "wine-a"));
            var watch = Stopwatch.StartNew();
            await server.SendAsync(HttpMethod.Post, "model/route", RouteOf($"new-{i}", $"/custom/new{i}", "wine-a"));
            await server.WaitForAsync($"/custom/new{i}");
            times.Add(watch.Elapsed.TotalMilliseconds);
        }
        await stop.CancelAsync();
        await Task.WhenAll(load);
        times.Sort();
        return
        [
            BenchRow.AtMost("route-change-p95", times[(int)(Changes * 0.95) - 1], 200, "ms", Text($"median {times[Changes / 2]:0} ms, with the request that makes it and the first that goes by it, under load")),
            BenchRow.AtMost("route-change-lost", lost, 0, "requests", Text($"of {sent} while weights changed {Changes} times")),
        ];
    }

    // In turns, so that whatever else the machine does hits both. The first round warms both up.
    private static async Task<List<(LoadResult Through, LoadResult Alone)>> CompareAsync(string through, string alone, string body, int rounds, TimeSpan duration, TimeSpan pause)
    {
        var results = new List<(LoadResult, LoadResult)>();
        for (var i = 0; i <= rounds; i++)
        {
            results.Add((
                await LoadGenerator.PostAsync(through, body, Connections, duration, pause),
                await LoadGenerator.PostAsync(alone, body, Connections, duration, pause)));
        }
        return results;
    }

    private static JsonObject RouteOf(string id, string prefix, string deployment) => new()
    {
        ["id"] = id,
        ["spec"] = new JsonObject { ["urlPrefix"] = prefix, ["modelDeployments"] = new JsonArray(new JsonObject { ["mdName"] = deployment }) },
    };

    // What any server of the model would have to wait for.
    private static async Task<double> ImportAsync(WineModel model)
    {
        var start = new ProcessStartInfo(WineModel.Python, ["-c", "import entrypoint; entrypoint.init()"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONPATH"] = string.Join(':', model.Location, Path.Combine(WineModel.Root, "python"), Path.Combine(WineModel.Root, "python/odin_runtime/mlflow_shim"));
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? watch.Elapsed.TotalMilliseconds : throw new InvalidOperationException(await output + await errors);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
