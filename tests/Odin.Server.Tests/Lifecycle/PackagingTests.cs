using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Images;

[assembly: AssemblyFixture(typeof(RegistryServer))]

namespace Odin.Server.Tests.Lifecycle;

/// <summary>Packagings from an artifact to an image, through the real server and a real registry.</summary>
public sealed class PackagingTests(ServerFixture fixture, RegistryServer registry) : IClassFixture<ServerFixture>, IDisposable
{
    private const string Manifest = """
        binaries: {type: python, dependencies: conda, conda_path: odahuflow_model/conda.yaml}
        model: {name: Wine, version: 1.5, workDir: odahuflow_model, entrypoint: entrypoint}
        odahuflowVersion: "1.0"
        """;

    private const string Conda = "name: x\ndependencies:\n- python=3.11\n- pip:\n  - six==1.16.0\n  - 'left-pad>=1'\n";

    private readonly LifecycleClient client = new(fixture.Server);
    private readonly TemporaryDirectory directory = new();
    private readonly string id = $"p-{Guid.NewGuid():n}"[..12];

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Packaging_ForTheCommandLine_IsAnImageWithTheModelAndItsLineage()
    {
        await ConnectAsync();
        MakeArtifact((Manifest, Conda));
        await CreateAsync(Body("docker-cli", """{"dockerfileBaseImage":"scratch","imageName":"{{ Name }}:{{ Version }}-a"}"""));
        var status = await EndAsync();
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await LogAsync());
        var name = $"{registry.Host}/models/wine:1.5-a";
        Assert.Equal(("image", name), ((string?)status["results"]![0]!["name"], (string?)status["results"]![0]!["value"]));

        using var repository = new RemoteRepository(registry.Host, "models/wine", RegistryServer.Credentials);
        var manifest = await ReadAsync(repository, "1.5-a");
        Assert.Equal((string?)status["results"]![1]!["value"], (await repository.FindManifestAsync("1.5-a", default))!.Digest);
        var configuration = await ReadBlobAsync(repository, manifest["config"]!);
        var run = configuration["config"]!;
        Assert.Equal(["python3", "/opt/odin/odin_runtime", "invoke"], run["Entrypoint"]!.AsArray().Select(e => (string)e!));
        Assert.Equal(id, (string?)run["Labels"]!["dev.odin.packaging"]);
        Assert.Equal(("Wine", "1.5"), ((string?)run["Labels"]!["org.opencontainers.image.title"], (string?)run["Labels"]!["org.opencontainers.image.version"]));
        Assert.Contains("MODEL_LOCATION=/app/gppi/odahuflow_model", run["Env"]!.AsArray().Select(e => (string)e!));
        Assert.Contains("ODAHU_MODEL_VERSION=1.5", run["Env"]!.AsArray().Select(e => (string)e!));

        var sbom = await ReadSbomAsync(repository, (string)status["results"]![1]!["value"]!);
        var packages = sbom["packages"]!.AsArray().Select(p => ((string?)p!["name"], (string?)p["versionInfo"])).ToList();
        Assert.Contains(("Wine", "1.5"), packages);
        Assert.Contains(("six", "1.16.0"), packages);
        Assert.Contains(("left-pad", null), packages);
    }

    [Fact]
    public async Task Packaging_ForHttp_ExposesThePortOfTheArguments()
    {
        await ConnectAsync();
        MakeArtifact((Manifest, Conda));
        await CreateAsync(Body("docker-rest", """{"dockerfileBaseImage":"scratch","imageName":"rest:1","port":5055,"workers":3}"""));
        var status = await EndAsync();
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await LogAsync());
        using var repository = new RemoteRepository(registry.Host, "models/rest", RegistryServer.Credentials);
        var run = (await ReadBlobAsync(repository, (await ReadAsync(repository, "1"))["config"]!))["config"]!;
        Assert.True(run["ExposedPorts"]!.AsObject().ContainsKey("5055/tcp"));
        Assert.Equal(["--host", "0.0.0.0", "--port", "5055"], run["Entrypoint"]!.AsArray().Select(e => (string)e!).TakeLast(4));
        Assert.Contains("ODIN_PREDICT_WORKERS=3", run["Env"]!.AsArray().Select(e => (string)e!));
    }

    [Fact]
    public async Task Packaging_ASecondTime_IsTheSameImage()
    {
        await ConnectAsync();
        MakeArtifact((Manifest, Conda));
        var body = Body("docker-cli", """{"dockerfileBaseImage":"scratch","imageName":"same:1"}""");
        await CreateAsync(body);
        var first = await EndAsync();
        await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, "model/packaging", body);
        var second = await EndAsync((string)first["podName"]!);
        Assert.True("succeeded" == (string?)second["state"], second.ToJsonString());
        Assert.Equal((string?)first["results"]![1]!["value"], (string?)second["results"]![1]!["value"]);
    }

    [Fact]
    public async Task Packaging_ByAProgramOfOnesOwn_GetsTheRequestAndTellsTheResult()
    {
        await ConnectAsync();
        MakeArtifact((Manifest, Conda));
        var program = directory["packager"];
        await File.WriteAllTextAsync(program, """
            #!/usr/bin/env python3
            import json, os, sys
            request = json.load(open(sys.argv[2]))
            target = request["targets"][0]["connection"]["spec"]
            manifest = os.path.isfile(os.path.join(sys.argv[1], "odahuflow.project.yaml"))
            mode = oct(os.stat(sys.argv[2]).st_mode & 0o777)
            print("packing", request["trainingZipName"])
            json.dump({"b": mode, "image": "made/by:hand", "a": "%s %s %s" % (target["password"], manifest, request["modelPackaging"]["spec"]["arguments"]["speed"])}, open("result.json", "w"))
            """);
        await TestProgram.RunAsync("chmod", ["+x", program]);
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "packaging/integration", $$$"""
            {"id":"{{{id}}}-own","spec":{"entrypoint":"{{{program}}}","defaultImage":"x:1","schema":{"targets":[{"name":"docker-push","connectionTypes":["docker"],"required":true}],
             "arguments":{"properties":[{"name":"speed","parameters":[{"name":"type","value":"integer"},{"name":"default","value":7}]}]} } } }
            """);
        await CreateAsync(Body($"{id}-own", "{}"));
        var status = await EndAsync();
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await LogAsync());
        Assert.Equal(
            [("image", "made/by:hand"), ("a", "pass:word True 7"), ("b", "0o600")],
            status["results"]!.AsArray().Select(r => ((string?)r!["name"], (string?)r["value"])));
        var log = await LogAsync();
        Assert.Contains($"packing {id}.zip", log, StringComparison.Ordinal);
        Assert.DoesNotContain(RegistryServer.Password, log.Replace("Result: a = pass:word", "", StringComparison.Ordinal), StringComparison.Ordinal);
        var workspace = Path.Combine(fixture.Server.Data, "workspaces", ".lifecycle", "packaging", id, (string)status["podName"]!, "workspace");
        Assert.False(File.Exists(Path.Combine(workspace, "mp.json")), "the file with the password is still there");
    }

    [Theory]
    [InlineData("none", "{}", "NotFound", "There is no ")]
    [InlineData("no manifest", "{}", "Unfit", "the artifact has no manifest")]
    [InlineData("type", "{}", "Unfit", "Unsupported model binaries type: scala; odahuflowVersion is not set")]
    [InlineData("no conda", "{}", "Unfit", "names the environment 'odahuflow_model/conda.yaml'")]
    [InlineData("outside", "{}", "Unfit", "names the path \"../x\"")]
    [InlineData("slip", "{}", "Unfit", "leads out of the directory")]
    [InlineData("text", "{}", "Unfit", "neither a zip nor a tarball")]
    [InlineData("", """{"imageName":"{{ Name"}""", "Unfit", "the argument imageName is no template")]
    [InlineData("", """{"imageName":"{{ Foo }}:1"}""", "Unfit", "There is no 'Foo' here: known are Name, RandomUUID, Version.")]
    [InlineData("", """{"imageName":"{{ .Name }}:1"}""", "Unfit", "Write {{ Name }} here, without the dot")]
    [InlineData("", """{"imageName":"a b"}""", "Unfit", "the image cannot be called that")]
    [InlineData("", """{"dockerfileBaseImage":"no such:image:at all"}""", "Unfit", "the base image is not usable")]
    [InlineData("", """{"dockerfileBaseImage":"HOST/nothing/there:1"}""", "ImageFailed", "There is no image")]
    public async Task Packaging_ThatCannotBeDone_FailsWithTheReason(string what, string arguments, string reason, string message)
    {
        await ConnectAsync();
        if (what == "text")
            await File.WriteAllTextAsync(ArtifactPath(), "hello");
        else if (what == "slip")
            MakeArtifact((Manifest, Conda), "../../outside");
        else if (what != "none")
        {
            MakeArtifact(what switch
            {
                "no manifest" => (null, Conda),
                "type" => (Manifest.Replace("type: python", "type: scala", StringComparison.Ordinal).Replace("odahuflowVersion", "otherVersion", StringComparison.Ordinal), Conda),
                "no conda" => (Manifest, null),
                "outside" => (Manifest.Replace("conda_path: odahuflow_model/conda.yaml", "conda_path: ../x", StringComparison.Ordinal), Conda),
                _ => (Manifest, Conda),
            });
        }
        var given = (JsonObject)JsonNode.Parse(arguments.Replace("HOST", registry.Host, StringComparison.Ordinal))!;
        given.TryAdd("dockerfileBaseImage", "scratch");
        await CreateAsync(Body("docker-cli", given.ToJsonString()));
        var status = await EndAsync();
        Assert.Equal(("failed", reason), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains(message, (string?)status["message"], StringComparison.Ordinal);
        Assert.Null(status["results"]);
        Assert.Contains((string)status["message"]!, await LogAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packaging_WithAWrongPassword_SaysSo()
    {
        await ConnectAsync("wrong");
        MakeArtifact((Manifest, Conda));
        await CreateAsync(Body("docker-cli", """{"dockerfileBaseImage":"scratch","imageName":"never:1"}"""));
        var status = await EndAsync();
        Assert.Equal(("failed", "ImageFailed"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Contains(registry.Host, (string?)status["message"], StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", (string?)status["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_BeforeItHasBegun_IsAnInheritedMessage()
    {
        Assert.Equal($"entity \"{id}\" is not found", (string?)(await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"model/packaging/{id}/log"))["message"]);
    }

    private static async Task<JsonNode> ReadAsync(RemoteRepository repository, string selector) =>
        JsonNode.Parse((await repository.FindManifestAsync(selector, default))!.Content.Span)!;

    private static async Task<JsonNode> ReadBlobAsync(RemoteRepository repository, JsonNode descriptor)
    {
        await using var content = await repository.OpenBlobAsync((string)descriptor["digest"]!, default);
        return (await JsonNode.ParseAsync(content))!;
    }

    // By the tag that stands in for the list of referrers.
    private static async Task<JsonNode> ReadSbomAsync(RemoteRepository repository, string digest)
    {
        var attached = (await ReadAsync(repository, digest.Replace(':', '-')))["manifests"]!.AsArray().Single(m => (string?)m!["artifactType"] == "application/spdx+json")!;
        return await ReadBlobAsync(repository, (await ReadAsync(repository, (string)attached["digest"]!))["layers"]![0]!);
    }

    private async Task ConnectAsync(string password = RegistryServer.Password)
    {
        await registry.StartAsync();
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(password));
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection",
            $$$"""{"id":"{{{id}}}-reg","spec":{"type":"docker","uri":"{{{registry.Host}}}/models","username":"{{{RegistryServer.UserName}}}","password":"{{{encoded}}}"}}""");
    }

    private string ArtifactPath() => Path.Combine(Directory.CreateDirectory(Path.Combine(fixture.Server.Data, "artifacts")).FullName, id + ".zip");

    private void MakeArtifact((string? Manifest, string? Conda) files, string? extra = null)
    {
        using var zip = ZipFile.Open(ArtifactPath(), ZipArchiveMode.Create);
        Add("odahuflow.project.yaml", files.Manifest);
        Add("odahuflow_model/conda.yaml", files.Conda);
        Add("odahuflow_model/entrypoint.py", "def init():\n    return 'matrix'\n");
        if (extra is not null)
            Add(extra, "x");

        void Add(string name, string? content)
        {
            if (content is null)
                return;
            using var to = zip.CreateEntry(name).Open();
            to.Write(Encoding.UTF8.GetBytes(content));
        }
    }

    private string Body(string integration, string arguments) => $$$"""
        {"id":"{{{id}}}","spec":{"artifactName":"{{{id}}}.zip","integrationName":"{{{integration}}}","arguments":{{{arguments}}},
         "targets":[{"name":"docker-push","connectionName":"{{{id}}}-reg"}]}}
        """;

    private async Task CreateAsync(string body) => await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "model/packaging", body);

    private async Task<JsonNode> EndAsync(string? otherThan = null) => (await client.EndAsync("packaging", id, otherThan))["status"]!;

    private Task<string> LogAsync() => client.LogAsync("packaging", id);
}
