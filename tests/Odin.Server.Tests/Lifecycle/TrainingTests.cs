using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>Trainings from source and data to an artifact, through the real server, git and Python.</summary>
public sealed class TrainingTests(ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    // A model that needs nothing but Python.
    private const string Script = """
        import json, os, sys
        target = os.environ["ODIN_OUTPUT_DIR"]
        print("training with", os.environ.get("ODIN_PARAM_FACTOR"))
        with open(os.path.join(target, "entrypoint.py"), "w") as out:
            out.write("def init():\n    return 'matrix'\n\n\ndef predict_on_matrix(rows, provided_columns_names=None):\n    return [[2 * row[0]] for row in rows], ('result',)\n\n\ndef info():\n    return [], []\n")
        with open(os.path.join(target, "data.txt"), "w") as out:
            out.write(open("data/in.txt").read())
        """;

    private readonly LifecycleClient client = new(fixture.Server);
    private readonly TemporaryDirectory directory = new();
    private readonly string id = $"t-{Guid.NewGuid():n}"[..12];

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Training_FromGitWithData_LeavesAnArtifactWithItsLineage()
    {
        var commit = await PrepareAsync(Script);
        await CreateAsync();
        var ended = await EndAsync();
        Assert.True("succeeded" == (string?)ended["status"]!["state"], await LogAsync());

        var artifact = ended["status"]!["artifacts"]!.AsArray().Single()!;
        Assert.Equal(commit, (string?)artifact["commitID"]);
        var file = Path.Combine(fixture.Server.Data, "artifacts", (string)artifact["artifactName"]!);
        using (var zip = await ZipFile.OpenReadAsync(file))
        {
            var names = zip.Entries.Select(e => e.FullName).ToList();
            Assert.Contains("odahuflow.project.yaml", names);
            Assert.Contains("odahuflow.model.yaml", names);
            Assert.Contains(names, n => n.EndsWith("/entrypoint.py", StringComparison.Ordinal));
            using var reader = new StreamReader(zip.Entries.Single(e => e.Name == "data.txt").Open());
            Assert.Equal("hello", await reader.ReadToEndAsync());
        }
        var log = await LogAsync();
        Assert.Contains($"The source is commit {commit}", log, StringComparison.Ordinal);
        Assert.Contains("training with 2", log, StringComparison.Ordinal);
        Assert.Contains("INFO", log, StringComparison.Ordinal);
        Assert.True(log.IndexOf("The source is", StringComparison.Ordinal) < log.IndexOf("training with", StringComparison.Ordinal));
        Assert.True(log.IndexOf("training with", StringComparison.Ordinal) < log.IndexOf("Packing the model", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_IsFollowed_EndsWithTheTraining()
    {
        await PrepareAsync(Script);
        await CreateAsync();
        using var http = fixture.Server.Admin();
        var text = await http.GetStringAsync(new Uri($"/api/v1/model/training/{id}/log?follow=True", UriKind.Relative));
        Assert.True(text.Contains("Saved '", StringComparison.Ordinal), text + (await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"model/training/{id}")));
        Assert.Equal("succeeded", (string?)(await EndAsync())["status"]!["state"]);
    }

    [Fact]
    public async Task Replace_RunsAgain_DeleteLeavesNothing()
    {
        await PrepareAsync(Script);
        await CreateAsync();
        var first = await EndAsync();
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/training", Body().Replace("\"factor\":\"2\"", "\"factor\":\"3\"", StringComparison.Ordinal));
        var second = await EndAsync((string)first["status"]!["podName"]!);
        Assert.True("succeeded" == (string?)second["status"]!["state"], second["status"]!.ToJsonString() + await LogAsync());
        Assert.Contains("training with 3", await LogAsync(), StringComparison.Ordinal);

        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"model/training/{id}");
        var attempts = new[] { first, second }.Select(t => (string)t["status"]!["podName"]!).ToList();
        await Eventually.True(
            () => Task.FromResult(!Directory.Exists(Path.Combine(fixture.Server.Data, "workspaces", ".lifecycle", "training", id))
                && !attempts.Any(a => Directory.Exists(Path.Combine(fixture.Server.Data, "logs", a)))),
            "workspaces and logs go");
    }

    [Fact]
    public async Task Delete_WhileItRuns_EndsTheProgram()
    {
        var mark = directory["pid"];
        await PrepareAsync($"import os, time\nopen({Quote(mark + ".new")}, 'w').write(str(os.getpid()))\nos.rename({Quote(mark + ".new")}, {Quote(mark)})\ntime.sleep(1000)\n");
        await CreateAsync();
        await Eventually.True(() => Task.FromResult(File.Exists(mark)), "the program runs");
        var process = int.Parse(await File.ReadAllTextAsync(mark), CultureInfo.InvariantCulture);
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Delete, $"model/training/{id}");
        await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"model/training/{id}");
        await Eventually.True(() => Task.FromResult(!Directory.Exists($"/proc/{process}")), "the program ends");
    }

    [Theory]
    [InlineData("reference", "NoSuchBranch", "ConnectionFailed", "can't find 'NoSuchBranch' refs in git repository")]
    [InlineData("script", "raise SystemExit('no luck')", "NonZeroExit", "exit code 2")]
    [InlineData("script", "print('no model')", "NonZeroExit", "exit code 2")]
    [InlineData("data", "missing.txt", "NotFound", "There is nothing at 'missing.txt'")]
    [InlineData("local", "../out", "", "leads out of the source")]
    public async Task Training_CannotBeDone_FailsWithTheReason(string what, string value, string reason, string message)
    {
        await PrepareAsync(what == "script" ? value : Script);
        var body = what switch
        {
            "reference" => Body().Replace("\"reference\":\"\"", $"\"reference\":\"{value}\"", StringComparison.Ordinal),
            "data" => Body().Replace("in.txt\",\"remotePath\":\"in.txt", $"in.txt\",\"remotePath\":\"{value}", StringComparison.Ordinal),
            "local" => Body().Replace("\"data/in.txt\"", $"\"{value}\"", StringComparison.Ordinal),
            _ => Body(),
        };
        if (reason.Length == 0)
        {
            Assert.Contains(message, (string)(await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "model/training", body))["message"]!, StringComparison.Ordinal);
            return;
        }
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", body);
        var status = (await EndAsync())["status"]!;
        Assert.Equal(("failed", reason), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains(message, (string?)status["message"], StringComparison.Ordinal);
        Assert.Null(status["artifacts"]);
    }

    [Theory]
    [InlineData("    pass\n", "Expected to find exactly 1 model, found 0")]
    [InlineData("    log('one')\n    log('two')\n", "Expected to find exactly 1 model, found 2: 'one', 'two'")]
    [InlineData("    log('one')\n    sample('one', [['no number']])\n", "The self-check of the model failed: TypeError")]
    public async Task Training_OfAnMlflowProjectWithoutOneGoodModel_FailsAndSaysWhy(string body, string message)
    {
        await PrepareAsync(
            $$"""
            import pickle
            import mlflow
            from halver import Halver

            def log(name):
                mlflow.pyfunc.log_model(name, python_model=Halver(), code_paths=["halver.py"])

            def sample(name, rows):
                with open("head_input.pkl", "wb") as file:
                    pickle.dump(rows, file)
                mlflow.log_artifact("head_input.pkl", name)

            with mlflow.start_run():
            {{body}}
            """,
            ("MLproject", "name: halves\nentry_points:\n  main: {command: python train.py}\n"),
            ("halver.py", "import mlflow.pyfunc\n\n\nclass Halver(mlflow.pyfunc.PythonModel):\n    def predict(self, context, model_input):\n        return [[value / 2 for value in row] for row in getattr(model_input, 'values', model_input)]\n"));
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", Body()
            .Replace("\"script\",\"entrypoint\":\"python3 train.py\",\"hyperParameters\":{\"factor\":\"2\"}", "\"mlflow\",\"entrypoint\":\"main\"", StringComparison.Ordinal));
        var status = (await EndAsync())["status"]!;
        Assert.Equal(("failed", "NonZeroExit"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains(message, await LogAsync(), StringComparison.Ordinal);
        Assert.Contains(message, (string?)status["message"], StringComparison.Ordinal);
        Assert.Null(status["artifacts"]);
    }

    [Fact]
    public async Task ArtifactName_IsTakenByAnother_IsRefused()
    {
        await PrepareAsync(Script);
        var named = Body().Replace("\"version\":\"1\"", $"\"version\":\"1\",\"artifactNameTemplate\":\"{id}.zip\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(fixture.Server.Data, "artifacts")).FullName, id + ".zip"), "somebody's");
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", named);
        var status = (await EndAsync())["status"]!;
        Assert.Equal(("failed", "ResultFailed"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains($"The name '{id}.zip' is taken", (string?)status["message"], StringComparison.Ordinal);
        Assert.Equal("somebody's", await File.ReadAllTextAsync(Path.Combine(fixture.Server.Data, "artifacts", id + ".zip")));
    }

    [Fact]
    public async Task ArtifactName_OfAnotherTraining_IsRefusedBeforeAnythingRuns()
    {
        await PrepareAsync(Script);
        var named = Body().Replace("\"version\":\"1\"", $"\"version\":\"1\",\"artifactNameTemplate\":\"{id}.zip\"", StringComparison.Ordinal);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", named);
        await EndAsync();
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", named.Replace($"\"id\":\"{id}\"", $"\"id\":\"{id}-b\"", StringComparison.Ordinal));
        var status = (await client.EndAsync("training", $"{id}-b"))["status"]!;
        Assert.Equal(("failed", "ResultFailed"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains($"The name '{id}.zip' is taken in the output connection, by training '{id}'", (string?)status["message"], StringComparison.Ordinal);
        Assert.DoesNotContain("training with", await client.LogAsync("training", $"{id}-b"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Toolchain_ThatLeavesNoModel_Fails()
    {
        await PrepareAsync(Script);
        var program = directory["toolchain"];
        await File.WriteAllTextAsync(program, "#!/bin/sh\nmkdir -p output\n");
        await TestProgram.RunAsync("chmod", ["+x", program]);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "toolchain/integration", $$$"""{"id":"{{{id}}}-own","spec":{"entrypoint":"{{{program}}}","defaultImage":"x:1"}}""");
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", Body().Replace("\"script\"", $"\"{id}-own\"", StringComparison.Ordinal));
        var status = (await EndAsync())["status"]!;
        Assert.Equal(("failed", "ResultFailed"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains("The toolchain has left no model: there is neither odahuflow.project.yaml nor odahuflow.model.yaml", (string?)status["message"], StringComparison.Ordinal);
        Assert.Null(status["artifacts"]);
    }

    private static string Quote(string text) => $"'{text}'";

    private string Body() => $$$"""
        {"id":"{{{id}}}","spec":{"model":{"name":"m","version":"1"},"toolchain":"script","entrypoint":"python3 train.py","hyperParameters":{"factor":"2"},
         "algorithmSource":{"vcs":{"connection":"{{{id}}}-git","reference":""}},"data":[{"connection":"{{{id}}}-data","localPath":"data/in.txt","remotePath":"in.txt"}]}}
        """;

    // The commit of the source.
    private async Task<string> PrepareAsync(string script, params (string Name, string Text)[] files)
    {
        var (source, data) = (directory["source"], directory["data"]);
        Directory.CreateDirectory(source);
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(Path.Combine(source, "train.py"), script);
        foreach (var (name, text) in files)
            await File.WriteAllTextAsync(Path.Combine(source, name), text);
        await File.WriteAllTextAsync(Path.Combine(data, "in.txt"), "hello");
        await TestProgram.RunAsync("git", ["-C", source, "init", "--quiet", "-b", "main"]);
        await TestProgram.RunAsync("git", ["-C", source, "add", "."]);
        await TestProgram.RunAsync("git", ["-C", source, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", "source"]);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", $$$"""{"id":"{{{id}}}-git","spec":{"type":"git","uri":"file://{{{source}}}"}}""");
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", $$$"""{"id":"{{{id}}}-data","spec":{"type":"local","uri":"{{{data}}}"}}""");
        return (await TestProgram.RunAsync("git", ["-C", source, "rev-parse", "HEAD"])).Trim();
    }

    private async Task CreateAsync() => await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/training", Body());

    private Task<JsonNode> EndAsync(string? otherThan = null) => client.EndAsync("training", id, otherThan);

    private Task<string> LogAsync() => client.LogAsync("training", id);
}
