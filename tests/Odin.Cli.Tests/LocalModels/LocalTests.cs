using System.Text;
using Odin.Cli.Tests.Lifecycle;
using Odin.ObjectStorage;

namespace Odin.Cli.Tests.LocalModels;

/// <summary>Training and packaging on this machine, under both names of the program, without a server and with one.</summary>
[Collection(RealServerCollection.Name)]
public sealed class LocalTests : IDisposable
{
    private const string Hint = "For more information rerun command with --verbose flag\n";

    private const string Packager = """
        #!/bin/sh
        test -f "$1/odahuflow.project.yaml" || exit 3
        grep -q '"modelPackaging"' "$2" || exit 4
        cp "$2" "$1/../seen.json"
        echo "packing $(basename "$1")"
        printf '{"image": "doubler:1", "digest": "sha256:0"}' > "$1/result.json"
        """;

    private readonly RealServer server;
    private readonly CliTest cli = new();

    public LocalTests(RealServer server)
    {
        this.server = server;
        cli.WorkingDirectory = Directory.CreateDirectory(cli.File("source")).FullName;
        cli.File("source/train.py", ModelSource.Program);
        cli.Variables["PATH"] = $"{cli.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
    }

    public void Dispose() => cli.Dispose();

    private string Output => cli.File(".odahuflow/training_output");

    public static TheoryData<string?> Names { get; } = new((string?)null, "odahuflowctl");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Train_WithoutAServer_LeavesAModel(string? alias)
    {
        cli.Alias = alias;
        var result = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training("factor-3.zip"));
        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        Assert.Contains("\ntraining with 2\n", result.Out, StringComparison.Ordinal);
        Assert.EndsWith($"\nModel factor-3 was saved in the {Output} directory\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("The ToolchainIntegration \"script\" is in none of the files. Using the built-in one\n", alias is null ? result.Error : result.Out, StringComparison.Ordinal);
        Assert.True(File.Exists($"{Output}/factor-3/odahuflow.project.yaml"));
        // Nothing of ours stays in the source.
        Assert.Equal(["train.py"], Directory.GetFileSystemEntries(cli.WorkingDirectory!).Select(Path.GetFileName));

        Assert.Equal(new CliResult(0, "Training artifacts:\n* factor-3\n", ""), await cli.RunAsync("local", "train", "list"));
        Assert.Equal(new CliResult(0, "[\n  \"factor-3\"\n]\n", ""), await cli.RunAsync("local", "training", "list", "-o", "json"));
        Assert.Equal(new CliResult(0, "", ""), await cli.RunAsync("local", "train", "cleanup-artifacts"));
        Assert.False(Directory.Exists(Output));
        Assert.Equal(new CliResult(0, "Artifacts not found\n", ""), await cli.RunAsync("local", "train", "list"));
        Assert.Equal(new CliResult(0, "[]\n", ""), await cli.RunAsync("local", "train", "list", "-o", "json"));
    }

    [Fact]
    public async Task Train_WithoutATemplate_NamesTheModelItself()
    {
        cli.Alias = "odahuflowctl";
        var result = await cli.RunAsync("local", "train", "run", "--train-id", "t", "-d", Path.GetDirectoryName(Training(null))!, "--output-dir", cli.File("here"));
        Assert.Equal(0, result.ExitCode);
        Assert.Matches($@"\nModel doubler-1\.0-[0-9a-f-]{{36}} was saved in the {cli.File("here")} directory\n\z", result.Out);
    }

    [Fact]
    public async Task Train_ThatFails_IsSaidWithTheCode()
    {
        cli.Alias = "odahuflowctl";
        cli.File("source/train.py", "raise SystemExit('no luck')");
        var result = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training(null));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no luck", result.Out, StringComparison.Ordinal);
        Assert.EndsWith($"\nError: Process finished with 2 error code\n{Hint}", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_ThatFails_UnderOurName_IsSaidInOurWords()
    {
        cli.File("source/train.py", "raise SystemExit('no luck')");
        var result = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training(null));
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.DoesNotContain("Process ", result.Out, StringComparison.Ordinal);
        Assert.EndsWith("error: the training 't' failed: its program ended with exit code 2\nIts own words are above.\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pack_WithoutAModel_NamesThoseThatThereAre()
    {
        var file = cli.File("m/p.yaml", "kind: ModelPackaging\nid: p\nspec: {integrationName: docker-cli}\n---\nkind: ModelPackaging\nid: q\nspec: {artifactName: nope.zip, integrationName: docker-cli}\n");
        Assert.Contains("error: the packaging names no model\nThere are none yet: `odin local train run` makes one.\n", (await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", file)).Error, StringComparison.Ordinal);
        cli.File(".odahuflow/training_output/iris-1/odahuflow.project.yaml", "");
        cli.File(".odahuflow/training_output/wine-1/odahuflow.project.yaml", "");
        var unnamed = await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", file);
        Assert.EndsWith("error: the packaging names no model\nName the model with --artifact-name; there are: iris-1, wine-1\n", unnamed.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, unnamed.ExitCode);
        var unknown = await cli.RunAsync("local", "pack", "run", "--id", "q", "-f", file);
        Assert.EndsWith($"error: there is no model 'nope' in '{Output}'\nName the model with --artifact-name; there are: iris-1, wine-1\n", unknown.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotFound, unknown.ExitCode);
    }

    [Fact]
    public async Task Train_DataOfThisMachine_IsThereForAsLongAsItTakes()
    {
        cli.Alias = "odahuflowctl";
        Program("my-trainer", "#!/bin/sh\ncat data/in.txt more/in.txt\nmkdir -p \"$5\"\n");
        cli.File("outside/in.txt", "hello\n");
        var entities = cli.File("m/more.yaml", "kind: ToolchainIntegration\nid: mine\nspec: {entrypoint: my-trainer, defaultImage: x}\n---\nkind: Connection\nid: here\nspec: {type: local, uri: ../outside}\n---\nkind: Connection\nid: there\nspec: {type: docker, uri: b/x}\n");
        var training = Training("x", "mine");
        await File.AppendAllTextAsync(training, "  data: [{connection: here, localPath: data/in.txt, remotePath: in.txt}, {connName: here, localPath: more/, remotePath: in.txt}, {connection: there, localPath: far.txt}]\n");
        var result = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", training, "-f", entities);
        Assert.True(result.ExitCode == 0, result.Out);
        Assert.Contains("\nhello\nhello\nModel x was saved", result.Out, StringComparison.Ordinal);
        Assert.Equal("The data 'far.txt' of the connection \"there\" is not fetched: put it there yourself\n", result.Error);
        Assert.Equal([cli.File("source/train.py")], Directory.GetFileSystemEntries(cli.WorkingDirectory!, "*", SearchOption.AllDirectories));

        foreach (var (path, message) in new[] { ("../x", "The local path '../x' of the data leads out of the source"), ("gone.txt", $"The connection \"here\" has no '{cli.File("outside")}/gone.txt'") })
        {
            await File.WriteAllTextAsync(training, (await File.ReadAllTextAsync(Training("x", "mine"))) + $"  data: [{{connection: here, localPath: {path}, remotePath: gone.txt}}]\n");
            Assert.Equal($"Error: {message}\n{Hint}", (await cli.RunAsync("local", "train", "run", "--id", "t", "-f", training, "-f", entities)).Out);
        }
    }

    [Fact]
    public async Task Train_DataOfABucket_IsDownloadedForAsLongAsItTakes()
    {
        using var bucket = new FakeGcsServer();
        using (var storage = new GcsObjectStorage(new GcsStorageOptions { Bucket = FakeGcsServer.Bucket, ServiceAccountJson = bucket.ServiceAccountJson, Endpoint = bucket.Endpoint }))
        {
            foreach (var name in new[] { "wine/a.txt", "wine/deep/b.txt" })
                await storage.SaveAsync(name, new MemoryStream(Encoding.UTF8.GetBytes(name + "\n")), SaveMode.Overwrite, CancellationToken.None);
        }
        Program("my-trainer", "#!/bin/sh\ncat data/a.txt data/deep/b.txt one.txt\nmkdir -p \"$5\"\n");
        var key = Convert.ToBase64String(Encoding.UTF8.GetBytes(bucket.ServiceAccountJson));
        var entities = cli.File("m/more.yaml", $"kind: ToolchainIntegration\nid: mine\nspec: {{entrypoint: my-trainer, defaultImage: x}}\n---\nkind: Connection\nid: there\nspec: {{type: gcs, uri: '{bucket.Endpoint}/{FakeGcsServer.Bucket}/wine', region: r, keySecret: {key}}}\n");
        var training = Training("x", "mine");
        await File.AppendAllTextAsync(training, "  data: [{connection: there, localPath: data/}, {connection: there, localPath: one.txt, remotePath: wine/a.txt}]\n");

        var result = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", training, "-f", entities);

        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        Assert.StartsWith("wine/a.txt\nwine/deep/b.txt\nwine/a.txt\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("Downloading 2 files, 27 bytes, from ", result.Error, StringComparison.Ordinal);
        Assert.Equal([cli.File("source/train.py")], Directory.GetFileSystemEntries(cli.WorkingDirectory!, "*", SearchOption.AllDirectories));

        await File.WriteAllTextAsync(training, (await File.ReadAllTextAsync(Training("x", "mine"))) + "  data: [{connection: there, localPath: data/, remotePath: beer}]\n");
        var missing = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", training, "-f", entities);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("There is nothing at 'beer' in ", missing.Error, StringComparison.Ordinal);
        Assert.Equal([cli.File("source/train.py")], Directory.GetFileSystemEntries(cli.WorkingDirectory!, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Train_ProgramOfAnImage_IsFoundByItsName()
    {
        cli.Alias = "odahuflowctl";
        Program("my-trainer", "#!/bin/sh\necho \"$1 $2 $4 $GREETING\"\nmkdir -p \"$5\"\n");
        var toolchain = cli.File("m/toolchain.yaml", "kind: ToolchainIntegration\nid: mine\nspec: {entrypoint: /opt/conda/bin/my-trainer, defaultImage: x, additionalEnvironments: {GREETING: hello}}\n");
        var result = await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training("x", "mine"), "-f", toolchain);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"\AProcess \d+ has been started\n--verbose --mt --target hello\nModel x was saved in", result.Out);
    }

    [Fact]
    public async Task Train_ProgramThatIsNotThere_IsSaid()
    {
        cli.Alias = "odahuflowctl";
        var toolchain = cli.File("m/toolchain.yaml", "kind: ToolchainIntegration\nid: mine\nspec: {entrypoint: /opt/no-such-trainer, defaultImage: x}\n");
        Assert.Equal(
            new CliResult(1, $"Error: There is no program '/opt/no-such-trainer': neither beside this one nor in PATH\n{Hint}", ""),
            await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training("x", "mine"), "-f", toolchain));
    }

    [Fact]
    public async Task Train_EntityThatIsNowhere_IsSaid()
    {
        const string Message = "ModelTraining 'nope' is in none of the files, and there is no server to ask: give it with -f or -d, or name the server with --url";
        Assert.Equal(new CliResult(1, "", $"error: {Message}\n"), await cli.RunAsync("local", "train", "run", "--id", "nope"));
        cli.Alias = "odahuflowctl";
        Assert.Equal(new CliResult(1, $"Error: {Message}\n{Hint}", ""), await cli.RunAsync("local", "train", "run", "--id", "nope"));
        Assert.Equal(
            new CliResult(1, $"Error: Got error from server: entity \"nope\" is not found (status: 404)\n{Hint}", ""),
            await cli.RunAsync("local", "train", "--url", server.Url, "--token", server.Token, "run", "--id", "nope"));
        Assert.Equal(
            $"Error: Credentials are not correct.\nPlease provide correct temporary token or disable non interactive mode\n{Hint}",
            (await cli.RunAsync("local", "train", "--url", server.Url, "--token", "bad", "run", "--id", "nope")).Out);
        Assert.Equal($"Error: {cli.Home}/no is not a directory\n{Hint}", (await cli.RunAsync("local", "train", "run", "--id", "x", "-d", $"{cli.Home}/no")).Out);
        Assert.Equal($"Error: Resource file '{cli.Home}/no' not found\nCheck the path.\n{Hint}", (await cli.RunAsync("local", "train", "run", "--id", "x", "-f", $"{cli.Home}/no")).Out);
    }

    [Fact]
    public async Task Train_EntitiesOfAServer_AreFetched()
    {
        cli.Alias = "odahuflowctl";
        var id = $"l-{Guid.NewGuid():n}"[..12];
        Program("my-trainer", "#!/bin/sh\nmkdir -p \"$5\"\n");
        string[] place = ["--url", server.Url, "--token", server.Token];
        Assert.Equal(0, (await cli.RunAsync(["ti", .. place, "create", "-f", cli.File("m/t.yaml", $"kind: ToolchainIntegration\nid: {id}\nspec: {{entrypoint: my-trainer, defaultImage: x}}\n")])).ExitCode);
        var result = await cli.RunAsync(["local", "train", .. place, "run", "--id", "t", "-f", Training("x", id)]);
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith($"The ToolchainIntegration \"{id}\" is in none of the files. Fetched from the server\n", result.Out, StringComparison.Ordinal);

        cli.Alias = null;
        cli.Variables["ODIN_TOKEN"] = server.Token;
        Assert.Equal(0, (await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training("y", id), "--url", server.Url)).ExitCode);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Pack_RunsThePackagerAndPrintsItsResults(string? alias)
    {
        cli.Alias = alias;
        Program("my-packager", Packager);
        Artifact();
        var result = await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", Packaging(""), "-a", "doubler.zip");
        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        Assert.StartsWith("Package targets are disabled: the local packager will not push images.", result.Out, StringComparison.Ordinal);
        Assert.EndsWith("\npacking doubler\nPackager results:\n* image - doubler:1\n* digest - sha256:0\n", result.Out, StringComparison.Ordinal);
        Assert.False(File.Exists($"{Output}/doubler/mp.json"));
    }

    [Fact]
    public async Task Pack_WithABuiltInPackager_MakesAnImageWithoutAServer()
    {
        Assert.Equal(0, (await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training("m"))).ExitCode);
        var packaging = cli.File("m/p.yaml", "kind: ModelPackaging\nid: p\nspec: {integrationName: docker-cli, artifactName: m.zip, arguments: {dockerfileBaseImage: scratch, imageName: 'mine/{{ Name }}:{{ Version }}'}}\n");
        var result = await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", packaging);
        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        Assert.Matches($@"\nPackager results:\n\* image - localhost/mine/doubler:1\.0\n\* digest - sha256:[0-9a-f]{{64}}\n\* layout - oci:{Output}/images/mine/doubler:1\.0\n\z", result.Out);
        Assert.Contains("\"org.opencontainers.image.ref.name\": \"1.0\"", (await File.ReadAllTextAsync($"{Output}/images/mine/doubler/index.json")).Replace("\":\"", "\": \"", StringComparison.Ordinal), StringComparison.Ordinal);

        cli.File("m/p.yaml", (await File.ReadAllTextAsync(packaging)).Replace("dockerfileBaseImage: scratch", "nope: 1", StringComparison.Ordinal));
        Assert.Equal(new CliResult(1, "Package targets are disabled: the local packager will not push images. Turn them on with --no-disable-package-targets.\n", "error: (root): Additional property nope is not allowed\n"),
            (await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", packaging)) is var wrong ? wrong with { Error = wrong.Error[wrong.Error.IndexOf("error:", StringComparison.Ordinal)..] } : null);
    }

    [Fact]
    public async Task Pack_WithTargets_HandsTheirConnectionsOver()
    {
        cli.Alias = "odahuflowctl";
        Program("my-packager", Packager);
        Artifact();
        var connection = cli.File("m/c.yaml", "kind: Connection\nid: reg\nspec: {type: docker, uri: example.org, password: c2VjcmV0}\n");
        var result = await cli.RunAsync(
            "local", "pack", "run", "--id", "p", "-f", Packaging("targets: [{name: push, connectionName: reg}], "), "-f", connection, "--no-disable-package-targets", "--disable-target", "pull");
        Assert.True(result.ExitCode == 0, result.Out);
        Assert.Contains("\"targets\":[{\"name\":\"push\",\"connection\":{\"kind\":\"Connection\",\"id\":\"reg\",\"spec\":{\"type\":\"docker\",\"uri\":\"example.org\",\"password\":\"secret\"}}}]", await File.ReadAllTextAsync($"{Output}/seen.json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pack_TargetsThatAreWrong_AreSaidAllAtOnce()
    {
        cli.Alias = "odahuflowctl";
        Artifact();
        var connection = cli.File("m/c.yaml", "kind: Connection\nid: reg\nspec: {type: s3, uri: example.org}\n");
        var result = await cli.RunAsync(
            "local", "pack", "run", "--id", "p", "-f", Packaging("targets: [{name: nope, connectionName: reg}, {name: push, connectionName: reg}], "), "-f", connection, "--no-disable-package-targets");
        Assert.Equal(
            new CliResult(1, "Error: Target \"nope\" is unknown to the packaging integration \"mine\"\nConnection \"reg\" of the target \"push\" has the type s3, which the target does not take\n"
                + $"Connection \"gone\" of the target \"pull\" is not found\n{Hint}", ""),
            result);
    }

    [Fact]
    public async Task Pack_ArtifactThatIsNotThere_IsSaid()
    {
        cli.Alias = "odahuflowctl";
        Assert.Equal(new CliResult(1, $"Error: {cli.Home}/x/doubler is not a directory\n{Hint}", ""), await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", Packaging(""), "--artifact-path", cli.File("x")));
    }

    [Fact]
    public async Task Pack_ThatFails_IsSaid()
    {
        cli.Alias = "odahuflowctl";
        Artifact();
        Program("my-packager", "#!/bin/sh\nexit 7\n");
        Assert.EndsWith($"\nError: Process finished with 7 error code\n{Hint}", (await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", Packaging(""))).Out, StringComparison.Ordinal);
        Program("my-packager", "#!/bin/sh\nexit 0\n");
        Assert.EndsWith($"\nError: The packager has left no result.json\n{Hint}", (await cli.RunAsync("local", "pack", "run", "--id", "p", "-f", Packaging(""))).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("pack")]
    public async Task Containers_ThereAreNone(string group)
    {
        cli.Alias = "odahuflowctl";
        Assert.Equal(new CliResult(0, "There are no containers\n", ""), await cli.RunAsync("local", group, "cleanup-containers"));
    }

    [Fact]
    public async Task Gppi_TestsAndPredicts()
    {
        cli.Alias = "odahuflowctl";
        Assert.Equal(0, (await cli.RunAsync("local", "train", "run", "--id", "t", "-f", Training("m"))).ExitCode);
        var tested = await cli.RunAsync("gppi", "-m", $"{Output}/m", "--use-current-env", "test");
        Assert.Equal((0, "OK\nThe GPPI is correct and could be packaged or deployed.\n"), (tested.ExitCode, tested.Out));
        var predicted = await cli.RunAsync("gppi", "--use-current-env", "--gppi-model-path", $"{Output}/m", "predict", cli.File("in.json", """{"data": [[21]]}"""), cli.File("out"), "-o", "r.json");
        Assert.True(predicted.ExitCode == 0, predicted.Out);
        Assert.Equal($"Prediction file: {cli.File("out/r.json")}\n", predicted.Out);
        Assert.Contains("42", await File.ReadAllTextAsync(cli.File("out/r.json")), StringComparison.Ordinal);

        Assert.Equal(new CliResult(1, $"Error: Missing path to the GPPI: give it by --gppi-model-path or ODAHUFLOW_GPPI_MODEL_PATH.\n{Hint}", ""), await cli.RunAsync("gppi", "test"));
        await File.WriteAllTextAsync($"{Output}/m/odahuflow_model/entrypoint.py", "def init():\n    raise ValueError('broken')\n");
        Assert.Equal(
            $"Error: Exception raised while invoke model entrypoint. GPPI self-check failed. Fix your model and try again.\n{Hint}",
            (await cli.RunAsync("gppi", "-m", $"{Output}/m", "--use-current-env", "test")).Out);
    }

    private string Training(string? name, string toolchain = "script") => cli.File(
        "manifests/training.yaml",
        $"kind: ModelTraining\nid: t\nspec:\n  model: {{name: doubler, version: 1.0{(name is null ? "" : $", artifactNameTemplate: {name}")}}}\n  toolchain: {toolchain}\n  entrypoint: python3 train.py\n  hyperParameters: {{factor: 2}}\n");

    private string Packaging(string targets) => cli.File(
        "manifests/packaging.yaml",
        $$"""
        kind: ModelPackaging
        id: p
        spec: { {{targets}}integrationName: mine, artifactName: doubler.zip}
        ---
        kind: PackagingIntegration
        id: mine
        spec: {entrypoint: my-packager, defaultImage: x, schema: {targets: [{name: push, connectionTypes: [docker]}, {name: pull, connectionTypes: [docker], default: gone}], arguments: {properties: []} } }
        """);

    private void Artifact() => cli.File(".odahuflow/training_output/doubler/odahuflow.project.yaml", "model: {}\n");

    private void Program(string name, string script)
    {
        var file = cli.File($"bin/{name}", script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
