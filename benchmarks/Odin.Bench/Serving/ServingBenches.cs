using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Odin.Bench;

/// <summary>The wine model behind our model server, and behind what one would write by hand: gunicorn with Flask.</summary>
internal static class ServingBenches
{
    private const int Rounds = 3, Connections = 32;

    /// <summary>Processes that hold the model, and calls that each runs at once.</summary>
    public const int Workers = 2, Threads = 4;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    /// <summary>Requests of one row, 32 connections, two workers with four threads each.</summary>
    public static async Task<IReadOnlyList<BenchRow>> DirectAsync()
    {
        using var model = await WineModel.TrainAsync();
        var body = await File.ReadAllTextAsync(Path.Combine(WineModel.Root, "examples/lifecycle/wine/request.json"));
        await using var ours = await StartOursAsync(model, body);
        await using var theirs = await StartFlaskAsync(model, body);
        var (fast, slow) = (new List<LoadResult>(), new List<LoadResult>());
        // In turns, so that whatever else the machine does hits both. The first round warms both up.
        for (var i = 0; i <= Rounds; i++)
        {
            fast.Add(await LoadGenerator.PostAsync($"{ours.Url}/api/model/invoke", body, Connections, Duration));
            slow.Add(await LoadGenerator.PostAsync($"{theirs.Url}/api/model/invoke", body, Connections, Duration));
        }
        var (a, b) = (Middle(fast), Middle(slow));
        return
        [
            BenchRow.AtLeast("serving-rate", a.Rate / b.Rate, 4, "x", Text($"{a.Rate:0}/s, gunicorn {b.Rate:0}/s")),
            BenchRow.AtMost("serving-p99", a.P99, b.P99, "ms", Text($"median {a.Median:0.0} ms, gunicorn {b.Median:0.0} ms")),
        ];
    }

    public static LoadResult Middle(List<LoadResult> rounds) => rounds.Skip(1).OrderBy(r => r.Rate).ElementAt(Rounds / 2);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static Task<ServingProcess> StartOursAsync(WineModel model, string body) => ServingProcess.StartAsync(
        Path.Combine(WineModel.Root, "artifacts/bin/Odin.Predictor/release/odin-predictor"),
        port => ["--host", "127.0.0.1", "--port", Text($"{port}")],
        new Dictionary<string, string>
        {
            ["MODEL_LOCATION"] = model.Location,
            ["ODAHU_MODEL_NAME"] = "wine",
            ["ODIN_PREDICT_PYTHON"] = WineModel.Python,
            ["ODIN_PREDICT_WORKERS"] = Text($"{Workers}"),
            ["ODIN_PREDICT_THREADS"] = Text($"{Threads}"),
        },
        body);

    private static Task<ServingProcess> StartFlaskAsync(WineModel model, string body) => ServingProcess.StartAsync(
        WineModel.Python,
        port => ["-m", "gunicorn", "--workers", Text($"{Workers}"), "--threads", Text($"{Threads}"), "--bind", Text($"127.0.0.1:{port}"), "flask_handler:app"],
        new Dictionary<string, string>
        {
            ["MODEL_LOCATION"] = model.Location,
            ["MLFLOW_PATH"] = Path.Combine(WineModel.Root, "python/odin_runtime/mlflow_shim"),
            ["PYTHONPATH"] = string.Join(':', Path.Combine(WineModel.Root, "benchmarks/Odin.Bench/Serving"), Path.Combine(WineModel.Root, "python")),
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        },
        body);
}

/// <summary>The model of the wine example, trained for the bench.</summary>
internal sealed class WineModel : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("odin-bench-");

    public static string Python => Environment.GetEnvironmentVariable("ODIN_PYTHON") ?? "/usr/bin/python3";

    public static string Root { get; } = FindRoot();

    /// <summary>The directory with the model's entry point.</summary>
    public string Location => Path.Combine(directory.FullName, "output/odahuflow_model");

    public static async Task<WineModel> TrainAsync()
    {
        var model = new WineModel();
        var path = model.directory.FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(Root, "examples/lifecycle/wine/project")).Append(Path.Combine(Root, "examples/lifecycle/wine/data/wine-quality.csv")))
            File.Copy(file, Path.Combine(path, Path.GetFileName(file)));
        var training = new JsonObject
        {
            ["modelTraining"] = new JsonObject
            {
                ["id"] = "wine",
                ["spec"] = new JsonObject
                {
                    ["model"] = new JsonObject { ["name"] = "wine", ["version"] = "1.0" },
                    ["workDir"] = ".",
                    ["entrypoint"] = "main",
                    ["hyperParameters"] = new JsonObject { ["alpha"] = "1.0" },
                    ["envs"] = new JsonArray(),
                },
            },
        };
        await File.WriteAllTextAsync(Path.Combine(path, "mt.json"), training.ToJsonString());
        var start = new ProcessStartInfo(Path.Combine(Root, "python/bin/odin-mlflow-runner"), ["--mt", "mt.json", "--target", "output"])
        {
            WorkingDirectory = path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ODIN_PYTHON"] = Python;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? model : throw new InvalidOperationException(await output + await errors);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private static string FindRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Odin.slnx")))
            root = root.Parent ?? throw new InvalidOperationException("The bench does not lie in the repository.");
        return root.FullName;
    }
}
