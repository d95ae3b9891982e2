using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>A small model over the API: its source, its data, a training and a packaging, which tests interrupt.</summary>
internal sealed class LifecycleWalk(OdinServer server, TemporaryDirectory directory)
{
    private const string Script = """
        import os, time
        log = os.environ["WALK_LOG"]
        with open(log, "a") as file:
            file.write("run\n")
        while os.path.exists(log + ".hold"):
            time.sleep(0.02)
        target = os.environ["ODIN_OUTPUT_DIR"]
        with open(os.path.join(target, "weights"), "wb") as file:
            file.write(os.urandom(int(os.environ.get("WALK_BYTES", "100000"))))
        with open(os.path.join(target, "entrypoint.py"), "w") as file:
            file.write("def init():\n    return 'matrix'\n\n\ndef predict_on_matrix(rows, provided_columns_names=None):\n    return [[1]], ('one',)\n\n\ndef info():\n    return [], []\n")
        """;

    public const string Program = "program";

    /// <summary>A line for each start of the program.</summary>
    public string ProgramLog => directory["program.log"];

    /// <summary>While it is there the program waits.</summary>
    public string Hold => ProgramLog + ".hold";

    /// <summary>Makes source, data and connections.</summary>
    public async Task PrepareAsync(int dataBytes = 1000)
    {
        var source = Directory.CreateDirectory(directory["source"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "train.py"), Script);
        await TestProgram.RunAsync("git", ["-C", source, "init", "--quiet", "-b", "main"]);
        await TestProgram.RunAsync("git", ["-C", source, "add", "."]);
        await TestProgram.RunAsync("git", ["-C", source, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "source"]);
        await File.WriteAllBytesAsync(Path.Combine(Directory.CreateDirectory(directory["data"]).FullName, "in"), new byte[dataBytes]);
        await PostAsync("connection", "source", new JsonObject { ["type"] = "git", ["uri"] = source });
        await PostAsync("connection", "data", new JsonObject { ["type"] = "local", ["uri"] = directory["data"] });
    }

    public Task TrainAsync(string id, int bytes = 100_000) => PostAsync("model/training", id, new JsonObject
    {
        ["model"] = new JsonObject { ["name"] = "m", ["version"] = "1", ["artifactNameTemplate"] = id + ".zip" },
        ["toolchain"] = "script",
        ["entrypoint"] = "python3 train.py",
        ["algorithmSource"] = new JsonObject { ["vcs"] = new JsonObject { ["connection"] = "source" } },
        ["data"] = new JsonArray(new JsonObject { ["connection"] = "data", ["localPath"] = "data/" }),
        ["envs"] = new JsonArray(
            new JsonObject { ["name"] = "WALK_LOG", ["value"] = ProgramLog }, new JsonObject { ["name"] = "WALK_BYTES", ["value"] = $"{bytes}" }),
    });

    /// <summary>Begins a training of some size, and waits until it is at a moment.</summary>
    /// <param name="moment">A text of its log, or <see cref="Program"/>: what it runs has begun, and waits.</param>
    public async Task TrainUntilAsync(string id, string moment)
    {
        // Large enough that the copying and the packing take a moment.
        await PrepareAsync(dataBytes: 60_000_000);
        if (moment == Program)
            await File.WriteAllTextAsync(Hold, "");
        await TrainAsync(id, bytes: 40_000_000);
        await Eventually.True(
            async () => moment == Program ? File.Exists(ProgramLog) : (await LogAsync("training", id)).Contains(moment, StringComparison.Ordinal), $"the training is at '{moment}'");
    }

    public Task PackAsync(string id, string artifact) => PostAsync("model/packaging", id, new JsonObject
    {
        ["artifactName"] = artifact,
        ["integrationName"] = "docker-cli",
        ["arguments"] = new JsonObject { ["dockerfileBaseImage"] = "scratch", ["imageName"] = $"{id}:1" },
    });

    /// <summary>The status of a training or packaging.</summary>
    public async Task<JsonNode> StatusAsync(string kind, string id) => (await server.Client.GetFromJsonAsync<JsonNode>($"/api/v1/model/{kind}/{id}"))!["status"]!;

    /// <summary>Its status once it has ended.</summary>
    public async Task<JsonNode> EndAsync(string kind, string id)
    {
        JsonNode status = null!;
        await Eventually.True(async () => (string?)(status = await StatusAsync(kind, id))["state"] is "succeeded" or "failed", $"the {kind} '{id}' ends", TimeSpan.FromMinutes(2));
        return status;
    }

    /// <summary>Its log so far; empty when it has not begun.</summary>
    public async Task<string> LogAsync(string kind, string id)
    {
        using var answer = await server.Client.GetAsync($"/api/v1/model/{kind}/{id}/log");
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : "";
    }

    /// <summary>Checks that an artifact is whole, as its record says.</summary>
    public async Task CheckArtifactAsync(string name)
    {
        var record = (await server.Client.GetFromJsonAsync<JsonNode>($"/api/v1/artifact/{name}"))!["spec"]!;
        var content = await server.Client.GetByteArrayAsync($"/api/v1/artifact/{name}/content");
        Assert.Equal((string?)record["digest"], $"sha256:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))}");
        using var zip = new ZipArchive(new MemoryStream(content));
        Assert.Contains(zip.Entries, e => e.FullName == "odahuflow.project.yaml");
    }

    private async Task PostAsync(string path, string id, JsonObject spec)
    {
        using var answer = await server.Client.PostAsJsonAsync($"/api/v1/{path}", new JsonObject { ["id"] = id, ["spec"] = spec });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
