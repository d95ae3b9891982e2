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

        var packaging = await RunAsync(cli, "packaging", "create", "-f", File("packaging.yaml"));
        Assert.Contains($"Image: {server.Url.Authority}/wine:1.0\n", packaging, StringComparison.Ordinal);
        var command = await RunAsync(cli, "packaging", "create", "-f", File("packaging-cli.yaml"));
        Assert.Contains($"Image: {server.Url.Authority}/wine-cli:1.0\n", command, StringComparison.Ordinal);
        using var podman = new ContainerTool("podman", "runc");
        await PredictAsync(podman, $"{server.Url.Authority}/wine-cli:1.0");
        await ServeAsync(podman, $"{server.Url.Authority}/wine:1.0");
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
