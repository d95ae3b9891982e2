using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Odin.Bench;

/// <summary>What a training takes over the user's own program, on the wine example.</summary>
internal static class TrainingBenches
{
    private const int Rounds = 4;
    private const string Project = "examples/lifecycle/wine/project";

    public static async Task<IReadOnlyList<BenchRow>> RunAsync()
    {
        var root = Machine.Root;
        await using var server = await BenchServer.StartAsync();
        await PostAsync(server, "connection", new JsonObject { ["type"] = "git", ["uri"] = root }, "wine-source");
        await PostAsync(server, "connection", new JsonObject { ["type"] = "local", ["uri"] = Path.Combine(root, "examples/lifecycle/wine/data/wine-quality.csv") }, "wine-data");
        var (byHand, byTraining) = (new List<double>(), new List<double>());
        // In turns, so that whatever else the machine does hits both.
        for (var i = 0; i < Rounds; i++)
        {
            byHand.Add(await RunByHandAsync(root));
            byTraining.Add(await TrainAsync(server, $"wine-{i}"));
        }
        return
        [
            BenchRow.AtMost("training-overhead", byTraining.Min() - byHand.Min(), 1.0, "s", $"training {byTraining.Min():0.00} s, by hand {byHand.Min():0.00} s, best of {Rounds}"),
        ];
    }

    private static async Task<double> RunByHandAsync(string root)
    {
        var directory = Directory.CreateTempSubdirectory("odin-bench-");
        try
        {
            foreach (var file in new[] { $"{Project}/train.py", "examples/lifecycle/wine/data/wine-quality.csv" })
                File.Copy(Path.Combine(root, file), Path.Combine(directory.FullName, Path.GetFileName(file)));
            var start = new ProcessStartInfo(Python(), ["train.py", "--alpha", "1.0", "--l1-ratio", "0.1"]) { WorkingDirectory = directory.FullName, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["PYTHONPATH"] = Path.Combine(root, "python/odin_runtime/mlflow_shim");
            var watch = Stopwatch.StartNew();
            using var process = Process.Start(start)!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException(await output + await errors);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<double> TrainAsync(BenchServer server, string id)
    {
        var spec = new JsonObject
        {
            ["model"] = new JsonObject { ["name"] = "wine", ["version"] = "1.0" },
            ["toolchain"] = "mlflow",
            ["entrypoint"] = "main",
            ["workDir"] = Project,
            ["hyperParameters"] = new JsonObject { ["alpha"] = "1.0" },
            ["algorithmSource"] = new JsonObject { ["vcs"] = new JsonObject { ["connection"] = "wine-source" } },
            ["data"] = new JsonArray(new JsonObject { ["connection"] = "wine-data", ["localPath"] = $"{Project}/wine-quality.csv" }),
        };
        var watch = Stopwatch.StartNew();
        await PostAsync(server, "model/training", spec, id);
        // The log ends when the training has.
        var log = await server.Client.GetStringAsync($"/api/v1/model/training/{id}/log?follow=true");
        var state = "";
        while (state is not ("succeeded" or "failed"))
            state = (string)(await server.Client.GetFromJsonAsync<JsonNode>($"/api/v1/model/training/{id}"))!["status"]!["state"]!;
        return state == "succeeded" ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException(log);
    }

    private static async Task PostAsync(BenchServer server, string path, JsonObject spec, string id)
    {
        using var answer = await server.Client.PostAsJsonAsync($"/api/v1/{path}", new JsonObject { ["id"] = id, ["spec"] = spec });
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
    }

    private static string Python() => Environment.GetEnvironmentVariable("ODIN_PYTHON") ?? "python3";
}
