using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Odin.ObjectStorage;

namespace Odin.EndToEnd;

/// <summary>Batch jobs whose server is killed in each of their steps, in the middle.</summary>
public sealed class BatchTroubleTests : IAsyncDisposable
{
    private const int Files = 40;

    private readonly TemporaryDirectory directory = new();
    private readonly MotoServer moto = new();

    public async ValueTask DisposeAsync()
    {
        await moto.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData("setup")]
    [InlineData("main")]
    [InlineData("result")]
    public async Task Job_WhoseServerIsKilled_IsDoneOnce(string step)
    {
        var bucket = await moto.CreateBucketAsync();
        // Between the server and its requests, and between it and its responses. The bucket takes a connection for each object.
        using var requests = new TroubleProxy(moto.Port) { Plan = number => step == "setup" && number > Files / 2 ? new Trouble { HoldAfter = 100 } : null };
        using var responses = new TroubleProxy(moto.Port) { Plan = number => step == "result" && number > Files / 2 ? new Trouble { HoldRequestAfter = 100 } : null };
        await using var server = await OdinServer.StartAsync();
        var (hold, began) = (directory["hold"], directory["began"]);
        if (step == "main")
            await File.WriteAllTextAsync(hold, "");
        await PrepareAsync(server, bucket, requests.Port, responses.Port, $"echo began >> '{began}'; while [ -e '{hold}' ]; do sleep 0.05; done; cp \"$ODAHU_INPUT_PATH\"/* \"$ODAHU_OUTPUT_PATH\"");
        var made = await PostAsync(server, "batch/job", new JsonObject { ["spec"] = new JsonObject { ["inferenceServiceId"] = "s", ["requestId"] = "r" } });
        var id = (string)made["id"]!;
        await Eventually.True(() => step switch { "setup" => requests.Held > 0, "result" => responses.Held > 0, _ => File.Exists(began) }, $"the job is in the middle of '{step}'");
        JsonNode status = null!;
        await Eventually.True(async () => (string?)(status = await StatusAsync(server, id))["state"] == "running", "it says so");
        Assert.Equal(step, (string?)status["step"]);
        // Some have come through, and not all.
        Assert.Equal(step != "setup", File.Exists(began));
        Assert.InRange((await KeysAsync(bucket, "out/")).Count, step == "result" ? 1 : 0, step == "result" ? Files - 1 : 0);
        await server.KillAsync();
        requests.Plan = responses.Plan = _ => null;
        File.Delete(hold);
        await server.StartAgainAsync();

        await Eventually.True(async () => (string?)(status = await StatusAsync(server, id))["state"] is "succeeded" or "failed", "the job ends", TimeSpan.FromMinutes(2));
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await LogAsync(server, id));
        Assert.Equal("began\n", await File.ReadAllTextAsync(began));
        Assert.Equal((Files, Files), ((int)status["inputFiles"]!, (int)status["outputFiles"]!));
        Assert.Equal(Files, (await KeysAsync(bucket, "out/")).Count);
        // What was recorded before is replaced.
        var records = Directory.GetFiles(Path.Combine(server.DataDirectory, "feedback", "model_log"), "*.json", SearchOption.AllDirectories);
        Assert.Equal([Files, Files], records.Select(r => File.ReadLines(r).Count()));
    }

    private async Task PrepareAsync(OdinServer server, string bucket, int requestsPort, int responsesPort, string script)
    {
        using (var storage = Open(bucket))
        {
            for (var i = 0; i < Files; i++)
                await storage.SaveAsync($"in/{i}.json", new MemoryStream(Encoding.UTF8.GetBytes($$"""{"inputs": [], "outputs": [], "parameters": {"filled": "{{new string('x', 20_000)}}"} }""")), SaveMode.Overwrite, CancellationToken.None);
        }
        foreach (var (name, port) in new[] { ("in", requestsPort), ("out", responsesPort) })
        {
            var spec = new JsonObject { ["type"] = "s3", ["uri"] = $"http://127.0.0.1:{port}/{bucket}/{name}", ["region"] = "us-east-1", ["keyID"] = "dGVzdA==", ["keySecret"] = "dGVzdA==" };
            await PostAsync(server, "connection", new JsonObject { ["id"] = name, ["spec"] = spec });
        }
        await PostAsync(server, "batch/service", new JsonObject
        {
            ["id"] = "s",
            ["spec"] = new JsonObject
            {
                ["image"] = "i",
                ["command"] = new JsonArray("sh", "-c", script),
                ["modelRegistry"] = JsonNode.Parse("""{"local":{"meta":{"name":"m","version":"1"},"modelPath":"/"}}"""),
                ["dataSource"] = JsonNode.Parse("""{"connection":"in","path":""}"""),
                ["outputDestination"] = JsonNode.Parse("""{"connection":"out","path":""}"""),
            },
        });
    }

    private S3ObjectStorage Open(string bucket) => new(new S3StorageOptions { Bucket = bucket, Region = "us-east-1", KeyId = "test", KeySecret = "test", Endpoint = moto.Endpoint });

    private async Task<List<string>> KeysAsync(string bucket, string prefix)
    {
        using var storage = Open(bucket);
        return await storage.ListAsync(prefix, CancellationToken.None).Select(o => o.Key).ToListAsync();
    }

    private static async Task<JsonNode> StatusAsync(OdinServer server, string id) => JsonNode.Parse(await server.Client.GetStringAsync($"/api/v1/batch/job/{id}"))!["status"]!;

    private static async Task<JsonNode> PostAsync(OdinServer server, string path, JsonObject body)
    {
        using var response = await server.Client.PostAsJsonAsync($"/api/v1/{path}", body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Created, text);
        return JsonNode.Parse(text)!;
    }

    // There is none before it has begun.
    private static async Task<string> LogAsync(OdinServer server, string id)
    {
        using var response = await server.Client.GetAsync(new Uri($"/api/v1/batch/job/{id}/log", UriKind.Relative));
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : "";
    }
}
