using System.Text.Json.Nodes;

namespace Odin.Cli.Tests.Lifecycle;

/// <summary><c>odin connection</c>, <c>odin training</c> and their like, against the real server.</summary>
[Collection(RealServerCollection.Name)]
public sealed class NounCommandTests : IDisposable
{
    private readonly CliTest cli = new();
    private readonly RealServer server;
    private readonly string id = $"n-{Guid.NewGuid():n}"[..12];

    public NounCommandTests(RealServer server)
    {
        this.server = server;
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = server.Token;
    }

    public void Dispose() => cli.Dispose();

    public static TheoryData<string, string, string> Nouns() => new()
    {
        { "connection", "Connection", "spec: {type: git, uri: 'https://example.org/x.git', publicKey: c3NoLXJzYSBBQUFB, description: DESCRIPTION}" },
        { "toolchain", "ToolchainIntegration", "spec: {entrypoint: run-me, defaultImage: DESCRIPTION}" },
        { "packaging-integration", "PackagingIntegration", "spec: {entrypoint: pack-me, defaultImage: DESCRIPTION, schema: {targets: [], arguments: {properties: [], required: []}}}" },
        { "packaging", "ModelPackaging", "spec: {artifactName: DESCRIPTION, integrationName: docker-rest}" },
    };

    [Theory]
    [MemberData(nameof(Nouns))]
    public async Task Noun_IsMadeShownChangedAndDeleted(string noun, string kind, string spec)
    {
        var file = cli.File("entity.yaml", Manifest(kind, spec, "first.zip"));
        string[] store = noun == "packaging" ? ["-f", file, "--no-wait"] : ["-f", file];
        var singular = noun.Replace('-', ' ');

        Assert.Equal(new CliResult(0, $"The {singular} '{id}' was created.\n", ""), await cli.RunAsync([noun, "create", .. store]));
        var again = await cli.RunAsync([noun, "create", .. store]);
        Assert.Equal((ExitCode.Failure, $"error: entity \"{id}\" already exists\n`odin {noun} edit -f FILE` replaces it.\n"), (again.ExitCode, again.Error));
        Assert.Equal(new CliResult(0, $"The {singular} '{id}' exists already.\n", ""), await cli.RunAsync([noun, "create", .. store, "--ignore-if-exists"]));
        Assert.Contains("first.zip", (await cli.RunAsync(noun, "get", id)).Out, StringComparison.Ordinal);
        Assert.Contains(id, (await cli.RunAsync(noun, "get")).Out, StringComparison.Ordinal);

        cli.File("entity.yaml", Manifest(kind, spec, "second.zip"));
        Assert.Equal(new CliResult(0, $"The {singular} '{id}' was replaced.\n", ""), await cli.RunAsync([noun, "edit", .. store]));
        Assert.Contains("second.zip", JsonNode.Parse((await cli.RunAsync(noun, "get", id, "-o", "json")).Out)![0]!["spec"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal($"{id}\n", (await cli.RunAsync(noun, "get", id, "-o", "name")).Out);

        var deleted = await cli.RunAsync(noun, "delete", id);
        Assert.Equal((0, $" {id} was deleted\n"), (deleted.ExitCode, deleted.Out[deleted.Out.IndexOf($" {id}", StringComparison.Ordinal)..]));
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync(noun, "get", id)).ExitCode);
        Assert.Equal(new CliResult(0, $"{kind} {id} was not found. Ignore\n", ""), await cli.RunAsync(noun, "delete", id, "--ignore-not-found"));
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync(noun, "edit", "-f", file)).ExitCode);
    }

    [Fact]
    public async Task Training_Create_WaitsStreamsTheLogAndPrintsTheArtifact()
    {
        var source = await ModelSource.CreateAsync(cli.Home);
        Assert.Equal(0, (await cli.RunAsync("connection", "create", "-f", cli.File("connection.yaml", source.Connection))).ExitCode);

        var result = await cli.RunAsync("training", "create", "-f", cli.File("training.yaml", source.Training));

        Assert.True(result.ExitCode == 0, result.Out + result.Error);
        Assert.Contains("training with 2\n", result.Out, StringComparison.Ordinal);
        Assert.Equal(1, result.Lines.Count(l => l == "training with 2"));
        Assert.Matches($"^Artifact: doubler-1.0-.*\\.zip$", result.Lines[^1]);
        Assert.Contains("training with 2\n", (await cli.RunAsync("training", "logs", source.Id)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Training_ThatFails_SaysWhy()
    {
        var source = await ModelSource.CreateAsync(cli.Home, "raise SystemExit('no luck')");
        await cli.RunAsync("connection", "create", "-f", cli.File("connection.yaml", source.Connection));
        var result = await cli.RunAsync("training", "create", "-f", cli.File("training.yaml", source.Training));
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("no luck", result.Out, StringComparison.Ordinal);
        Assert.Contains($"error: the training '{source.Id}' failed: ", result.Error, StringComparison.Ordinal);
        Assert.Contains($"`odin training logs {source.Id}`", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_OfAnotherKind_IsRefused()
    {
        var file = cli.File("x.yaml", $"kind: ModelTraining\nid: {id}\nspec: {{}}\n");
        var result = await cli.RunAsync("packaging", "create", "-f", file);
        Assert.Equal(
            (ExitCode.Usage, $"error: '{file}' holds a ModelTraining, and `odin packaging` takes a ModelPackaging\n`odin apply -f {file}` takes all kinds.\n"),
            (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task File_WithoutKindOrId_IsRefusedBeforeAnythingElse()
    {
        var file = cli.File("x.yaml", "spec: {entrypoint: ''}\n---\nkind: ToolchainIntegration\n");
        var result = await cli.RunAsync("toolchain", "create", "-f", file);
        Assert.Equal(
            (ExitCode.Usage, $"error: '{file}', entity 1: 'kind' and 'id' are missing\n'{file}', entity 2: 'id' is missing\nEach is a map with 'kind: ToolchainIntegration', 'id' and 'spec'.\n"),
            (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task Field_ThatNobodyKnows_IsRefusedWithWhatMayHaveBeenMeant()
    {
        var file = cli.File("x.yaml", Manifest("ToolchainIntegration", "spec: {entrypoint: run, defaultImage: i, aditionalEnvironments: {A: b}}", ""));
        foreach (var command in new[] { "toolchain create", "apply" })
        {
            var result = await cli.RunAsync([.. command.Split(' '), "-f", file]);
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains("unknown field spec.aditionalEnvironments: did you mean additionalEnvironments?", result.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>What is shown to programs can be given back.</summary>
    [Fact]
    public async Task Get_ThenEdit_ChangesNothing()
    {
        await cli.RunAsync("packaging", "create", "-f", cli.File("x.yaml", Manifest("ModelPackaging", "spec: {artifactName: none.zip, integrationName: docker-rest}", "")), "--no-wait");
        var shown = cli.File("y.yaml", (await cli.RunAsync("packaging", "get", id, "-o", "yaml")).Out);
        Assert.Equal(new CliResult(0, $"The packaging '{id}' was replaced.\n", ""), await cli.RunAsync("packaging", "edit", "-f", shown, "--no-wait"));
        await cli.RunAsync("packaging", "delete", id);
    }

    [Fact]
    public async Task Get_OfOne_IsTidyForPeople_ATableWhenAsked_AndWholeForPrograms()
    {
        var file = cli.File("x.yaml", Manifest("ModelPackaging", "spec: {artifactName: none.zip, integrationName: docker-rest}", ""));
        await cli.RunAsync("packaging", "create", "-f", file, "--no-wait");

        var shown = (await cli.RunAsync("packaging", "get", id)).Out;
        Assert.StartsWith($"kind: ModelPackaging\nid: {id}\ncreatedAt: ", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("targets", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("podName", shown, StringComparison.Ordinal);
        Assert.Single(shown.Split('\n'), line => line.Contains("createdAt", StringComparison.Ordinal));
        var table = (await cli.RunAsync("packaging", "get", id, "-o", "table")).Lines;
        Assert.Matches("^id +\\| artifact +\\| integration ", table[0]);
        Assert.Equal(3, table.Length);
        var whole = JsonNode.Parse((await cli.RunAsync("packaging", "get", id, "-o", "json")).Out)![0]!;
        Assert.Equal("ModelPackaging", (string?)whole["kind"]);
        Assert.True(whole["spec"]!.AsObject().ContainsKey("targets"));
        await cli.RunAsync("packaging", "delete", id);
    }

    [Fact]
    public async Task Logs_OfNone_SaysWhatThereIs()
    {
        var result = await cli.RunAsync("training", "logs", "nope");
        Assert.Equal((ExitCode.NotFound, "error: entity \"nope\" is not found\n`odin training get` shows those that there are.\n"), (result.ExitCode, result.Error));
        var followed = await cli.RunAsync("training", "logs", "nope", "--follow");
        Assert.Equal((result.ExitCode, result.Error), (followed.ExitCode, followed.Error));
    }

    [Fact]
    public async Task Help_OfAGroup_ShowsWhatMayBeLeftOut()
    {
        var help = (await cli.RunAsync("training", "--help")).Out;
        Assert.Matches("\n  get \\[<ID>\\] +Shows one, or all\\.", help);
        Assert.Matches("\n  delete <ID> +Deletes one\\.", help);
    }

    private string Manifest(string kind, string spec, string description) =>
        $"kind: {kind}\nid: {id}\n{spec.Replace("DESCRIPTION", description, StringComparison.Ordinal)}\n";
}
