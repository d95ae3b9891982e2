using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Odin.ObjectStorage;
using Odin.Trainings;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>Trainings between buckets, and under the limits of a server.</summary>
public sealed class TrainingSurroundingsTests(MotoServer moto) : IDisposable
{
    // Waits while a file is there, and leaves a model that tells what it was given.
    private const string Script = """
        import os, time
        open(os.environ["MARK"] + ".began", "w").close()
        while os.path.exists(os.environ["MARK"]):
            time.sleep(0.02)
        target = os.environ["ODIN_OUTPUT_DIR"]
        with open(os.path.join(target, "entrypoint.py"), "w") as out:
            out.write("def init():\n    return 'matrix'\n\n\ndef predict_on_matrix(rows, provided_columns_names=None):\n    return [[1]], ('one',)\n\n\ndef info():\n    return [], []\n")
        print("greeting", os.environ.get("GREETING"), os.environ.get("ODIN_PARAM_DEPTH"), os.path.basename(os.getcwd()))
        for name in ("data/in.txt", "data/more/b.txt"):
            print("data", open(name).read() if os.path.exists(name) else "none")
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Training_BetweenBuckets_TakesSourceAndDataAndLeavesItsArtifactThere()
    {
        var bucket = await moto.CreateBucketAsync();
        using var storage = new S3ObjectStorage(new S3StorageOptions { Bucket = bucket, Region = "us-east-1", KeyId = "key", KeySecret = "s3cret", Endpoint = moto.Endpoint });
        await SaveAsync(storage, "src/project/train.py", Script);
        await SaveAsync(storage, "in/in.txt", "hello");
        await SaveAsync(storage, "in/more/b.txt", "there");
        await using var server = await TestServer.StartAsync();
        using var client = new LifecycleClient(server);
        var connection = new JsonObject { ["type"] = "s3", ["uri"] = $"{moto.Endpoint}/{bucket}/out", ["region"] = "us-east-1", ["keyID"] = Base64("key"), ["keySecret"] = Base64("s3cret") };
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", new JsonObject { ["id"] = "bucket", ["spec"] = connection }.ToJsonString());

        await CreateAsync(client, "t", spec =>
        {
            spec["algorithmSource"] = JsonNode.Parse("""{"objectStorage":{"connection":"bucket","path":"src"}}""");
            spec["workDir"] = "project";
            spec["data"] = JsonNode.Parse("""[{"connection":"bucket","localPath":"project/data/","remotePath":"in"}]""");
            spec["outputConnection"] = "bucket";
        });
        var status = (await client.EndAsync("training", "t"))["status"]!;
        var log = await client.LogAsync("training", "t");

        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + log);
        Assert.Contains("greeting hello 3 project", log, StringComparison.Ordinal);
        Assert.Contains("data hello", log, StringComparison.Ordinal);
        Assert.Contains("data there", log, StringComparison.Ordinal);
        Assert.Contains("Downloading 2 files, 10 bytes, from ", log, StringComparison.Ordinal);
        var artifact = await storage.FindAsync("out/t.zip", CancellationToken.None);
        var shown = (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, "artifact/t.zip"))["spec"]!;
        Assert.Equal((artifact!.Length, "out/t.zip"), ((long)shown["length"]!, (string?)shown["key"]));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(server.Data, "artifacts")));
    }

    [Fact]
    public async Task Training_LongerThanItMayTake_IsEndedWithTheReason()
    {
        await using var server = await TestServer.StartAsync(o => o with { Engine = engine => engine.Trainings = new TrainingOptions { Timeout = TimeSpan.FromSeconds(3) } });
        using var client = new LifecycleClient(server);
        await PrepareAsync(client);
        await File.WriteAllTextAsync(Mark("t"), "");
        await CreateAsync(client, "t");

        var status = (await client.EndAsync("training", "t"))["status"]!;

        Assert.Equal(("failed", "Timeout"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Equal("stopped in the step 'main': it ran longer than 3 s", (string?)status["message"]);
    }

    [Fact]
    public async Task Training_WhenAsManyAreWorkedOnAsMayBe_WaitsForItsTurnAndSaysSo()
    {
        await using var server = await TestServer.StartAsync(o => o with { Engine = engine => engine.Trainings = new TrainingOptions { MaxParallel = 1 } });
        using var client = new LifecycleClient(server);
        await PrepareAsync(client);
        string[] ids = ["a", "b", "c"];
        foreach (var id in ids)
            await File.WriteAllTextAsync(Mark(id), "");
        await CreateAsync(client, "a");
        await Eventually.True(() => File.Exists(Mark("a") + ".began"), "the first one runs");
        await CreateAsync(client, "b");
        await Eventually.True(async () => await MessageAsync(client, "b") == "1 are worked on, 0 wait before this one", "the second one waits for its turn");
        await CreateAsync(client, "c");
        await Eventually.True(async () => await MessageAsync(client, "c") == "1 are worked on, 1 wait before this one", "the third one waits behind it");
        Assert.False(File.Exists(Mark("b") + ".began"));

        // Who waits and is deleted is in nobody's way.
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, "model/training/b");
        File.Delete(Mark("a"));
        await Eventually.True(() => File.Exists(Mark("c") + ".began"), "the third one has its turn");
        File.Delete(Mark("c"));
        foreach (var id in (string[])["a", "c"])
            Assert.Equal("succeeded", (string?)(await client.EndAsync("training", id))["status"]!["state"]);
        Assert.False(File.Exists(Mark("b") + ".began"));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static Task<StoredObject> SaveAsync(S3ObjectStorage storage, string key, string text) =>
        storage.SaveAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(text)), SaveMode.Overwrite, CancellationToken.None);

    private static async Task<string?> MessageAsync(LifecycleClient client, string id)
    {
        var status = (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"model/training/{id}"))["status"]!;
        return (string?)status["reason"] == "WaitingForTurn" ? (string?)status["message"] : null;
    }

    private string Mark(string id) => directory[string.Create(CultureInfo.InvariantCulture, $"hold-{id}")];

    private async Task PrepareAsync(LifecycleClient client)
    {
        var source = Directory.CreateDirectory(directory["source"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "train.py"), Script);
        await TestProgram.RunAsync("git", ["-C", source, "init", "--quiet", "-b", "main"]);
        await TestProgram.RunAsync("git", ["-C", source, "add", "."]);
        await TestProgram.RunAsync("git", ["-C", source, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "source"]);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", new JsonObject { ["id"] = "source", ["spec"] = new JsonObject { ["type"] = "git", ["uri"] = source } }.ToJsonString());
    }

    private async Task CreateAsync(LifecycleClient client, string id, Action<JsonObject>? configure = null)
    {
        var spec = new JsonObject
        {
            ["model"] = new JsonObject { ["name"] = "m", ["version"] = "1", ["artifactNameTemplate"] = id + ".zip" },
            ["toolchain"] = "script",
            ["entrypoint"] = "python3 train.py",
            ["hyperParameters"] = new JsonObject { ["depth"] = "3" },
            ["envs"] = new JsonArray(new JsonObject { ["name"] = "GREETING", ["value"] = "hello" }, new JsonObject { ["name"] = "MARK", ["value"] = Mark(id) }),
            ["algorithmSource"] = new JsonObject { ["vcs"] = new JsonObject { ["connection"] = "source" } },
        };
        configure?.Invoke(spec);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", new JsonObject { ["id"] = id, ["spec"] = spec }.ToJsonString());
    }
}
