using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests.Models;

/// <summary>A real model: that of the tutorial, made by the toolchain, with pandas and scikit-learn.</summary>
public sealed class WineTests
{
    private static readonly string Example = Path.Combine(SourceTree.Root, "examples/lifecycle/wine");

    private static string Python => Environment.GetEnvironmentVariable("ODIN_DEMO_PYTHON") ?? "/usr/bin/python3";

    [Fact]
    public async Task Invoke_Wine_IsTheSameInAnyOrderAndAnyBatch()
    {
        using var directory = new TemporaryDirectory();
        var model = await TrainAsync(directory);
        await using var server = await PredictorServer.StartAsync(model: model, settings: new() { ["ODIN_PREDICT_PYTHON"] = Python, ["ODIN_PREDICT_THREADS"] = "2" });
        var request = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Example, "request.json")))!;
        var columns = request["columns"]!.AsArray().Select(c => (string)c!).ToList();
        var row = request["data"]![0]!.AsArray().Select(v => (double)v!).ToList();
        var expected = await PredictAsync(server, columns, [row]);
        Assert.Equal(expected, await PredictAsync(server, [.. columns.AsEnumerable().Reverse()], [[.. row.AsEnumerable().Reverse()]]));

        // Many at once, each with other rows, give what each gives alone.
        var rows = Enumerable.Range(0, 40).Select(i => row.Select(v => v * (1 + (i / 100.0))).ToList()).ToList();
        var alone = new List<double[]>();
        foreach (var one in rows)
            alone.Add(await PredictAsync(server, columns, [one]));
        var together = await Task.WhenAll(rows.Select(r => PredictAsync(server, columns, [r])));
        Assert.Equal(alone.SelectMany(a => a), together.SelectMany(t => t));
        Assert.Equal(alone.SelectMany(a => a), await PredictAsync(server, columns, rows));

        var info = JsonNode.Parse(await server.Client.GetStringAsync("/api/model/info"))!;
        Assert.Equal("quality", (string)info["paths"]!["/api/model/invoke"]!["post"]!["responses"]!["200"]!["properties"]!["columns"]!["example"]![0]!);

        // Scikit-learn's model takes no missing values: the client is told, and where.
        request["data"]![0]![0] = null;
        var (code, body) = await PredictorServer.ReadAsync(server.PostAsync(request.ToJsonString()));
        Assert.Equal(400, code);
        Assert.Contains("missing values", body, StringComparison.Ordinal);
        request["data"]![0]![0] = "strong";
        (code, body) = await PredictorServer.ReadAsync(server.PostAsync(request.ToJsonString()));
        Assert.Equal(400, code);
        Assert.Contains("in column 'alcohol', which must be a number", body, StringComparison.Ordinal);
    }

    private static async Task<double[]> PredictAsync(PredictorServer server, IReadOnlyList<string> columns, IReadOnlyList<List<double>> rows)
    {
        var body = new JsonObject
        {
            ["columns"] = new JsonArray([.. columns.Select(c => (JsonNode)c)]),
            ["data"] = new JsonArray([.. rows.Select(r => (JsonNode)new JsonArray([.. r.Select(v => (JsonNode)v)]))]),
        };
        var (code, text) = await PredictorServer.ReadAsync(server.PostAsync(body.ToJsonString()));
        Assert.True(code == 200, text);
        return [.. JsonNode.Parse(text)!["prediction"]!.AsArray().Select(v => (double)v!)];
    }

    private static async Task<string> TrainAsync(TemporaryDirectory directory)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Example, "project")).Append(Path.Combine(Example, "data/wine-quality.csv")))
            File.Copy(file, directory[Path.GetFileName(file)]);
        await File.WriteAllTextAsync(directory["mt.json"], """
            {"modelTraining": {"id": "wine", "spec": {"model": {"name": "wine", "version": "1.0"}, "workDir": ".", "entrypoint": "main", "hyperParameters": {"alpha": "0.01"}, "envs": []}}}
            """);
        await TestProgram.RunAsync("/usr/bin/env",
            [$"ODIN_PYTHON={Python}", "PYTHONDONTWRITEBYTECODE=1", Path.Combine(SourceTree.Root, "python/bin/odin-mlflow-runner"), "--mt", "mt.json", "--target", "output"], directory.Path);
        return directory["output/odahuflow_model"];
    }
}
