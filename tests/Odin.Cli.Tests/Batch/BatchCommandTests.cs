using System.Text.Json.Nodes;
using Odin.Cli.Tests.Lifecycle;

namespace Odin.Cli.Tests.Batch;

/// <summary><c>odin batch</c>, against the real server.</summary>
[Collection(RealServerCollection.Name)]
public sealed class BatchCommandTests : IDisposable
{
    private const string Request = """{"inputs": [{"name": "n", "shape": [2], "datatype": "INT64", "data": [1, 2]}]}""";

    private readonly CliTest cli = new();
    private readonly string id = $"b-{Guid.NewGuid():n}"[..12];

    public BatchCommandTests(RealServer server)
    {
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = server.Token;
    }

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task Job_IsMadeWaitedForShownAndDeleted()
    {
        var service = await CreateServiceAsync("for name in \"$ODAHU_INPUT_PATH\"/*; do echo predicting; echo '{\"outputs\": []}' > \"$ODAHU_OUTPUT_PATH/$(basename \"$name\")\"; done");
        Assert.Equal(new CliResult(0, $"The connection '{id}-in' is unchanged.\nThe connection '{id}-out' is unchanged.\nThe batch service '{id}' is unchanged.\n", ""), await cli.RunAsync("apply", "-f", service));

        var created = await cli.RunAsync("batch", "job", "create", "--service", id);
        Assert.True(created.ExitCode == 0, created.Out + created.Error);
        Assert.Matches($@"\AThe batch job 'job-{id}-[0-9a-f]{{5}}' was created\.\n", created.Out);
        Assert.Contains("\npredicting\n", created.Out, StringComparison.Ordinal);
        Assert.Equal($"Responses: 1, at 'predicted' of the connection '{id}-out'", created.Lines[^1]);
        Assert.True(File.Exists(cli.File("out/predicted/a.json")));

        var other = await cli.RunAsync("batch", "job", "create", "-f", cli.File("job.yaml", $"kind: InferenceJob\nspec:\n  inferenceServiceId: {id}\n  outputDestination: {{connection: {id}-out, path: other}}\n"));
        Assert.True(other.ExitCode == 0, other.Out + other.Error);
        Assert.True(File.Exists(cli.File("out/other/a.json")));

        var jobs = JsonNode.Parse((await cli.RunAsync("batch", "job", "get", "-o", "json")).Out)!.AsArray().Where(j => (string?)j!["spec"]!["inferenceServiceId"] == id).ToList();
        Assert.Equal(2, jobs.Count);
        var job = (string)jobs[0]!["id"]!;
        Assert.Matches($"\n{job} +\\| {id} +\\| succeeded +\\|", (await cli.RunAsync("batch", "job", "get")).Out);
        Assert.Contains("predicting\n", (await cli.RunAsync("batch", "job", "logs", job)).Out, StringComparison.Ordinal);
        Assert.StartsWith("error: Unable to delete service", (await cli.RunAsync("batch", "service", "delete", id)).Error, StringComparison.Ordinal);
        foreach (var one in jobs)
            Assert.Equal(0, (await cli.RunAsync("batch", "job", "delete", (string)one!["id"]!)).ExitCode);
        Assert.Equal(new CliResult(0, $"Inference Service {id} was deleted\n", ""), await cli.RunAsync("batch", "service", "delete", id));
    }

    [Fact]
    public async Task Job_ThatFails_SaysWhy_AndOneWithOtherPlacesIsMadeByOptions()
    {
        await CreateServiceAsync("echo sorry; exit 3");
        var result = await cli.RunAsync("batch", "job", "create", "--service", id, "--from", $"{id}-in:a.json", "--to", $"{id}-out:x/y", "--request-id", "r");
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("\nsorry\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("`odin batch job create` makes another one.", result.Error, StringComparison.Ordinal);
        var job = result.Lines[0].Split('\'')[1];
        var spec = JsonNode.Parse((await cli.RunAsync("batch", "job", "get", job, "-o", "json")).Out)![0]!["spec"]!;
        Assert.Equal(("r", $$"""{"connection":"{{id}}-in","path":"a.json"}""", $$"""{"connection":"{{id}}-out","path":"x/y"}"""), ((string?)spec["requestId"], spec["dataSource"]!.ToJsonString(), spec["outputDestination"]!.ToJsonString()));
    }

    [Theory]
    [InlineData("batch", "say what to work with: service, job")]
    [InlineData("batch job", "say what to do: get, delete, logs, create")]
    [InlineData("batch job create", "say which service predicts, or name a file of jobs, and not both")]
    [InlineData("batch job create --service s -f x.yaml", "say which service predicts, or name a file of jobs, and not both")]
    public async Task Mistake_IsSaid(string line, string message)
    {
        var result = await cli.RunAsync(line.Split(' '));
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.StartsWith($"error: {message}\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_OfAJob_SaysWhoMakesIt()
    {
        var file = cli.File("job.yaml", "kind: InferenceJob\nspec: {inferenceServiceId: x}\n");
        var result = await cli.RunAsync("apply", "-f", file);
        Assert.Equal((ExitCode.Usage, $"error: '{file}': each batch job is another one, with an id of the server's: `odin batch job create -f FILE` makes it"), (result.ExitCode, result.Error.Split('\n')[0]));
    }

    // The file of it, applied.
    private async Task<string> CreateServiceAsync(string script)
    {
        cli.File("in/a.json", Request);
        Directory.CreateDirectory(cli.File("out"));
        var service = new JsonObject
        {
            ["kind"] = "InferenceService",
            ["id"] = id,
            ["spec"] = new JsonObject
            {
                ["image"] = "i",
                ["command"] = new JsonArray("sh", "-c", script),
                ["modelSource"] = JsonNode.Parse("""{"local":{"meta":{"name":"m","version":"1"},"modelPath":"/"}}"""),
                ["dataSource"] = new JsonObject { ["connection"] = $"{id}-in" },
                ["outputDestination"] = new JsonObject { ["connection"] = $"{id}-out", ["path"] = "predicted" },
            },
        };
        var file = cli.File("service.yaml", $"kind: Connection\nid: {id}-in\nspec: {{type: local, uri: {cli.File("in")}}}\n---\nkind: Connection\nid: {id}-out\nspec: {{type: local, uri: {cli.File("out")}}}\n---\n{service.ToJsonString()}\n");
        var applied = await cli.RunAsync("apply", "-f", file);
        Assert.True(applied.ExitCode == 0, applied.Error);
        return file;
    }
}
