using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Bench;

/// <summary>A server of the bench's own that serves the wine model: trained, packaged and deployed as the tutorial does it.</summary>
internal sealed class ServedWine : IAsyncDisposable
{
    private readonly BenchServer server;
    private readonly List<string> deployments = [];

    private ServedWine(BenchServer server, string body) => (this.server, Body) = (server, body);

    public string Url => server.Client.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>A request of one row.</summary>
    public string Body { get; }

    /// <param name="workers">Python processes of each replica.</param>
    public static async Task<ServedWine> StartAsync(int workers = ServingBenches.Workers)
    {
        var files = Path.Combine(WineModel.Root, "examples/lifecycle/wine");
        var served = new ServedWine(await BenchServer.StartAsync(), await File.ReadAllTextAsync(Path.Combine(files, "request.json")));
        try
        {
            await served.PostAsync("connection", "wine-source", new JsonObject { ["type"] = "git", ["uri"] = WineModel.Root });
            await served.PostAsync("connection", "wine-data", new JsonObject { ["type"] = "local", ["uri"] = Path.Combine(files, "data/wine-quality.csv") });
            await served.PostAsync("model/training", "wine", new JsonObject
            {
                ["model"] = new JsonObject { ["name"] = "wine", ["version"] = "1.0", ["artifactNameTemplate"] = "wine.zip" },
                ["toolchain"] = "mlflow",
                ["entrypoint"] = "main",
                ["workDir"] = "examples/lifecycle/wine/project",
                ["hyperParameters"] = new JsonObject { ["alpha"] = "1.0" },
                ["algorithmSource"] = new JsonObject { ["vcs"] = new JsonObject { ["connection"] = "wine-source" } },
                ["data"] = new JsonArray(new JsonObject { ["connection"] = "wine-data", ["localPath"] = "examples/lifecycle/wine/project/wine-quality.csv" }),
            });
            await served.WaitForStateAsync("model/training/wine", "succeeded");
            await served.PostAsync("model/packaging", "wine", new JsonObject
            {
                ["artifactName"] = "wine.zip",
                ["integrationName"] = "docker-rest",
                ["arguments"] = new JsonObject { ["imageName"] = "wine:1.0", ["workers"] = workers, ["threads"] = ServingBenches.Threads },
            });
            await served.WaitForStateAsync("model/packaging/wine", "succeeded");
            return served;
        }
        catch
        {
            await served.DisposeAsync();
            throw;
        }
    }

    /// <summary>Deploys the model under a name, and waits until it answers.</summary>
    /// <param name="window">How long nobody must ask before it sleeps; null: the server's default.</param>
    public async Task DeployAsync(string id, int replicas, string? window = null)
    {
        deployments.Add(id);
        await PostAsync("model/deployment", id, new JsonObject
        {
            ["image"] = "wine:1.0",
            ["predictor"] = "odahu-ml-server",
            ["minReplicas"] = replicas,
            ["maxReplicas"] = Math.Max(1, replicas),
            ["annotations"] = window is null ? null : new JsonObject { ["autoscaling.knative.dev/window"] = window },
        });
        await WaitForAsync($"/model/{id}");
    }

    /// <summary>Whether a prediction is answered well.</summary>
    /// <param name="mayBeMissing">404 is no loss: the route is not there yet.</param>
    public async Task<bool> TryPredictAsync(string prefix, bool mayBeMissing = false)
    {
        using var response = await server.Client.PostAsync($"{prefix}/api/model/invoke", new StringContent(Body, Encoding.UTF8, "application/json"));
        if (!response.IsSuccessStatusCode && !(mayBeMissing && response.StatusCode == HttpStatusCode.NotFound))
            Console.Error.WriteLine($"{prefix}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        return response.IsSuccessStatusCode;
    }

    public async Task WaitForAsync(string prefix)
    {
        for (var watch = Stopwatch.StartNew(); !await TryPredictAsync(prefix, mayBeMissing: true); await Task.Delay(2))
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(2))
                throw new InvalidOperationException($"Nothing answers at {prefix}.");
        }
    }

    /// <summary>Returns when the deployment has no replica.</summary>
    public async Task WaitUntilAsleepAsync(string id)
    {
        for (var watch = Stopwatch.StartNew(); (int)(await StatusAsync($"model/deployment/{id}"))["replicas"]! > 0; await Task.Delay(10))
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(2))
                throw new InvalidOperationException($"{id} does not go to sleep.");
        }
    }

    public async Task SendAsync(HttpMethod method, string path, JsonObject body)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        using var response = await server.Client.SendAsync(request);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{method} {path}: {await response.Content.ReadAsStringAsync()}");
    }

    public async ValueTask DisposeAsync()
    {
        // Their processes would outlive the server.
        foreach (var id in deployments)
        {
            using (await server.Client.DeleteAsync($"/api/v1/model/deployment/{id}"))
            {
            }
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromMinutes(1); await Task.Delay(50))
            {
                using var found = await server.Client.GetAsync($"/api/v1/model/deployment/{id}");
                if (found.StatusCode == HttpStatusCode.NotFound)
                    break;
            }
        }
        await server.DisposeAsync();
    }

    private Task PostAsync(string path, string id, JsonObject spec) => SendAsync(HttpMethod.Post, path, new JsonObject { ["id"] = id, ["spec"] = spec });

    private async Task<JsonNode> StatusAsync(string path) => JsonNode.Parse(await server.Client.GetStringAsync($"/api/v1/{path}"))!["status"]!;

    private async Task WaitForStateAsync(string path, string state)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var status = await StatusAsync(path);
            if ((string?)status["state"] == state)
                return;
            if ((string?)status["state"] == "failed" || watch.Elapsed > TimeSpan.FromMinutes(5))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{path}: {status}"));
        }
    }
}
