using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>The walk of the tutorial with the real programs: connections, a training, its artifact, two images of it.</summary>
public sealed class WineLifecycleTests : IDisposable
{
    private readonly TemporaryDirectory home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Example_FromNothingToAnImage()
    {
        await using var server = await OdinServer.StartAsync(new ServerSetup { Environment = new Dictionary<string, string> { ["ODIN_PYTHON"] = Python() } });
        var cli = new CliProgram(home);
        cli.Variables["ODIN_DATA"] = server.DataDirectory;
        await RunAsync(cli, "auth", "--username", "admin", "--password", OdinServer.Password);

        await RunAsync(cli, "connection", "create", "-f", File("connections.yaml"));
        Assert.Contains("works", await RunAsync(cli, "connection", "test", "wine-source"), StringComparison.Ordinal);
        Assert.Contains("works", await RunAsync(cli, "connection", "test", "wine-data"), StringComparison.Ordinal);

        var training = await RunAsync(cli, "training", "create", "-f", File("training.yaml"));
        Assert.Contains("rmse 0.8746", training, StringComparison.Ordinal);
        Assert.Contains("The self-check of the model is successful", training, StringComparison.Ordinal);
        Assert.EndsWith("Artifact: wine-1.0.zip\n", training, StringComparison.Ordinal);
        var shown = JsonNode.Parse(await RunAsync(cli, "artifact", "show", "wine-1.0.zip", "-o", "json"))!["spec"]!;
        Assert.Equal("wine", (string?)shown["trainingID"]);
        Assert.Equal((await TestProgram.RunAsync("git", ["-C", SourceTree.Root, "rev-parse", "HEAD"])).Trim(), (string?)shown["commitID"]);
        Assert.InRange((double)shown["metrics"]!["rmse"]!, 0.87, 0.88);
        await RunAsync(cli, "artifact", "get", "wine-1.0.zip", "--to", home["model.zip"]);
        Assert.Equal((long)shown["length"]!, new FileInfo(home["model.zip"]).Length);

        await PredictManyAsync(cli, server);
        var packaging = await RunAsync(cli, "packaging", "create", "-f", File("packaging.yaml"));
        Assert.Contains($"Image: {server.Url.Authority}/wine:1.0\n", packaging, StringComparison.Ordinal);
        var command = await RunAsync(cli, "packaging", "create", "-f", File("packaging-cli.yaml"));
        Assert.Contains($"Image: {server.Url.Authority}/wine-cli:1.0\n", command, StringComparison.Ordinal);
        await DeployAsync(cli, server);
        using var podman = new ContainerTool("podman", "runc");
        await PredictAsync(podman, $"{server.Url.Authority}/wine-cli:1.0");
        await ServeAsync(podman, $"{server.Url.Authority}/wine:1.0");
    }

    private static async Task PredictManyAsync(CliProgram cli, OdinServer server)
    {
        await RunAsync(cli, "apply", "-f", File("batch.yaml"));
        Assert.EndsWith("Responses: 3, at 'predictions/wine' of the connection 'models-output'\n", await RunAsync(cli, "batch", "job", "create", "--service", "wine"), StringComparison.Ordinal);
        var response = JsonNode.Parse(await System.IO.File.ReadAllTextAsync(Path.Combine(server.DataDirectory, "artifacts", "predictions", "wine", "wines-2.json")))!;
        Assert.Equal(("wines-2", "wine", "1.0", "quality"), ((string?)response["id"], (string?)response["model_name"], (string?)response["model_version"], (string?)response["outputs"]![0]!["name"]));
        var qualities = response["outputs"]![0]!["data"]!.AsArray().Select(q => (double)q!).ToList();
        Assert.Equal(20, qualities.Count);
        Assert.All(qualities, quality => Assert.InRange(quality, 3, 9));
    }

    // Without any container engine, and through the death of the server.
    private static async Task DeployAsync(CliProgram cli, OdinServer server)
    {
        try
        {
            Assert.Contains("is ready", await RunAsync(cli, "deployment", "create", "-f", File("deployment.yaml")), StringComparison.Ordinal);
            Assert.Contains("alcohol", await RunAsync(cli, "model", "info", "--md", "wine"), StringComparison.Ordinal);
            var asked = await cli.OdinAsync("model", "invoke", "--md", "wine", "--json-file", File("request.json"), "-o", "json");
            Assert.True(asked.Code == 0, asked.ToString());
            Assert.Contains("quality", asked.Output, StringComparison.Ordinal);
            var request = asked.Error.Split('\n').Single(l => l.StartsWith("Request-Id: ", StringComparison.Ordinal))["Request-Id: ".Length..].Split(',')[0].Trim();
            await RunAsync(cli, "model", "feedback", "--md", "wine", "--request-id", request, "--json", """{"truthful": 1}""");
            await Eventually.True(async () => (await RunAsync(cli, "feedback", "join", "--model-name", "wine", "-o", "json")).Contains(request, StringComparison.Ordinal), "the prediction is joined with what was said of it");
            Assert.Contains("ready after", await RunAsync(cli, "deployment", "logs", "wine"), StringComparison.Ordinal);
            // It sees the files of its image, and not those of this machine.
            var replica = Replica(server);
            Assert.False(Directory.Exists($"/proc/{replica}/root{SourceTree.Root}"), "the replica sees the files of the machine");

            await server.KillAsync();
            server.Launch();
            await Eventually.True(
                async () =>
                {
                    try
                    {
                        using var answer = await server.Client.PostAsync("/model/wine/api/model/invoke", new StringContent(await System.IO.File.ReadAllTextAsync(File("request.json"))));
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                "the gateway is back and answers");
            Assert.Equal(replica, Replica(server));
        }
        finally
        {
            await Eventually.True(server.IsReadyAsync, "the server is ready");
            await RunAsync(cli, "deployment", "delete", "wine");
        }
        Assert.Empty(Directory.Exists(Path.Combine(server.DataDirectory, "executions", "deployment-wine")) ? Directory.EnumerateDirectories(Path.Combine(server.DataDirectory, "executions", "deployment-wine")) : []);
    }

    // The process of the only replica: the child of its shim.
    private static string Replica(OdinServer server)
    {
        var directory = Assert.Single(Directory.EnumerateDirectories(Path.Combine(server.DataDirectory, "executions", "deployment-wine")));
        var shim = System.IO.File.ReadLines(Path.Combine(directory, "claim")).First();
        return System.IO.File.ReadAllText($"/proc/{shim}/task/{shim}/children").Trim();
    }

    // As anybody would with a container engine.
    private async Task PredictAsync(ContainerTool podman, string image)
    {
        Directory.CreateDirectory(home["io"]);
        System.IO.File.Copy(File("request.json"), home["io/request.json"]);
        await podman.RunAsync("podman", "pull", "--quiet", "--tls-verify=false", "--creds", $"admin:{OdinServer.Password}", image);
        string[] run = ["run", "--rm", "--network", "none", "--read-only", "--cap-drop", "all", "--volume", $"{home["io"]}:/io", image];
        await podman.RunAsync("podman", [.. run, "predict", "/io/request.json", "/io"]);
        var result = JsonNode.Parse(await System.IO.File.ReadAllTextAsync(home["io/results.json"]))!;
        Assert.Equal("quality", (string?)result["columns"]![0]);
        Assert.InRange((double)result["prediction"]![0]!, 5, 8);
        Assert.Contains("\"name\": \"alcohol\"", await podman.RunAsync("podman", [.. run, "info"]), StringComparison.Ordinal);
    }

    // Asked from within, so that no port of this machine is taken.
    private static async Task ServeAsync(ContainerTool podman, string image)
    {
        const string Ask = """
            import json, sys, urllib.request
            body = sys.argv[2].encode() if len(sys.argv) > 2 else None
            print(urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:5000" + sys.argv[1], body, {"Content-Type": "application/json"}), timeout=60).read().decode())
            """;
        await podman.RunAsync("podman", "pull", "--quiet", "--tls-verify=false", "--creds", $"admin:{OdinServer.Password}", image);
        var container = await podman.RunAsync("podman", "run", "--detach", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", image);
        try
        {
            await Eventually.True(async () => (await podman.TryAsync("podman", "exec", container, "python3", "-c", Ask, "/readyz")).Code == 0, "the model is loaded", TimeSpan.FromMinutes(2));
            var answer = JsonNode.Parse(await podman.RunAsync("podman", "exec", container, "python3", "-c", Ask, "/api/model/invoke", await System.IO.File.ReadAllTextAsync(File("request.json"))))!;
            Assert.Equal("quality", (string?)answer["columns"]![0]);
            Assert.InRange((double)answer["prediction"]![0]!, 5, 8);
            var info = JsonNode.Parse(await podman.RunAsync("podman", "exec", container, "python3", "-c", Ask, "/api/model/info"))!;
            Assert.Equal(("wine", "1.0"), ((string?)info["info"]!["title"], (string?)info["info"]!["version"]));
        }
        finally
        {
            await podman.RunAsync("podman", "rm", "--force", "--time", "20", container);
        }
    }

    private static string File(string name) => Path.Combine(SourceTree.Root, "examples", "lifecycle", "wine", name);

    private static string Python() => Environment.GetEnvironmentVariable("ODIN_DEMO_PYTHON") ?? "/usr/bin/python3";

    private static async Task<string> RunAsync(CliProgram cli, params string[] arguments)
    {
        var result = await cli.OdinAsync(arguments);
        Assert.True(result.Code == 0, $"odin {string.Join(' ', arguments)}: {result}");
        return result.Output;
    }
}
