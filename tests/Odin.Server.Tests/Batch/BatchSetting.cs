using System.Net;
using System.Text.Json.Nodes;
using Odin.Server.Tests.Lifecycle;

namespace Odin.Server.Tests.Batch;

/// <summary>A toy model that multiplies whole numbers, its program, requests, and a server that is told of them.</summary>
internal sealed class BatchSetting(TestServer server, TemporaryDirectory directory) : IDisposable
{
    // Waits while a file is there.
    private const string Program = """
        import json, os, time
        places = [os.environ["ODAHU_" + name] for name in ("MODEL_PATH", "INPUT_PATH", "OUTPUT_PATH")]
        assert places == [os.environ["ODAHU_" + name] for name in ("MODEL", "MODEL_INPUT", "MODEL_OUTPUT")]
        model, source, target = places
        open(os.environ["HOLD"] + ".began", "a").write("began\n")
        while os.path.exists(os.environ["HOLD"]):
            time.sleep(0.02)
        factor = int(open(os.path.join(model, "multiplier.txt")).read())
        print("multiplying by", factor, "for", os.environ["ODAHU_MODEL_NAME"], os.environ["ODAHU_MODEL_VERSION"], os.environ["ODAHU_REQUEST_ID"])
        for name in os.listdir(source):
            numbers = json.load(open(os.path.join(source, name)))["inputs"][0]["data"]
            if numbers == ["die"]:
                raise SystemExit("no luck")
            answer = {"model_name": "m", "outputs": [{"name": "r", "shape": [len(numbers)], "datatype": "INT64", "data": [n * factor for n in numbers]}]}
            if numbers == [13]:
                answer = {"outputs": "none"}
            json.dump(answer, open(os.path.join(target, name), "w"))
        """;

    public LifecycleClient Client { get; } = new(server);

    /// <summary>While this file is there, the program waits; with <c>.began</c> behind it, a line for each time it has begun.</summary>
    public string Hold => directory["hold"];

    public string Output => directory["out"];

    public void Dispose() => Client.Dispose();

    public static string Request(params object[] numbers) =>
        new JsonObject { ["inputs"] = new JsonArray(new JsonObject { ["name"] = "n", ["shape"] = new JsonArray(numbers.Length), ["datatype"] = "INT64", ["data"] = new JsonArray([.. numbers.Select(n => JsonValue.Create(n))]) }) }.ToJsonString();

    /// <summary>Makes the connections <c>in</c>, <c>out</c> and <c>models</c> of directories.</summary>
    public async Task PrepareAsync(params (string Name, string Text)[] requests)
    {
        await File.WriteAllTextAsync(directory["predict.py"], Program.Replace("os.environ[\"HOLD\"]", $"\"{Hold}\"", StringComparison.Ordinal));
        foreach (var (name, text) in requests)
            await WriteAsync("in/" + name, text);
        await WriteAsync("models/plain/multiplier.txt", "2");
        await WriteAsync("models/plain/odahuflow.project.yaml", "model: {name: mult, version: '1.0'}\n");
        foreach (var id in (string[])["in", "out", "models"])
        {
            Directory.CreateDirectory(directory[id]);
            await Client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", $$$"""{"id":"{{{id}}}","spec":{"type":"local","uri":"{{{directory[id]}}}"}}""");
        }
    }

    public async Task WriteAsync(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(directory[name])!);
        await File.WriteAllTextAsync(directory[name], text);
    }

    public JsonObject Service(string id, Action<JsonObject>? configure = null)
    {
        var spec = new JsonObject
        {
            ["image"] = "multiplier:1",
            ["command"] = new JsonArray("python3"),
            ["args"] = new JsonArray(directory["predict.py"]),
            ["modelRegistry"] = JsonNode.Parse("""{"remote":{"modelConnection":"models","modelPath":"plain"}}"""),
            ["dataSource"] = JsonNode.Parse("""{"connection":"in","path":""}"""),
            ["outputDestination"] = JsonNode.Parse("""{"connection":"out","path":"predicted"}"""),
        };
        configure?.Invoke(spec);
        return new JsonObject { ["id"] = id, ["spec"] = spec };
    }

    public Task CreateServiceAsync(string id, Action<JsonObject>? configure = null) =>
        Client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "batch/service", Service(id, configure).ToJsonString());

    /// <summary>Makes a job and returns its id.</summary>
    public async Task<string> CreateJobAsync(string service, string more = "") =>
        (string)(await Client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "batch/job", $$$"""{"id":"mine","spec":{"inferenceServiceId":"{{{service}}}"{{{more}}}}}"""))["id"]!;

    /// <summary>The status of a job once it has ended.</summary>
    public async Task<JsonNode> EndAsync(string id)
    {
        JsonNode status = null!;
        await Eventually.True(
            async () => (string?)(status = (await Client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"batch/job/{id}"))["status"]!)["state"] is "succeeded" or "failed",
            $"the job {id} ends", TimeSpan.FromMinutes(2));
        return status;
    }

    public async Task<string> LogAsync(string id)
    {
        using var http = server.Admin();
        return await http.GetStringAsync(new Uri($"/api/v1/batch/job/{id}/log", UriKind.Relative));
    }
}
