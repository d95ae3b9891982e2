using System.Text.Json.Nodes;
using Odin.Cli.Tests.Lifecycle;

namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>Entities through <c>odahuflowctl</c>, against the real server.</summary>
[Collection(RealServerCollection.Name)]
public sealed class EntityTests : IDisposable
{
    private const string Hint = "For more information rerun command with --verbose flag\n";

    private readonly CliTest cli = new() { Alias = "odahuflowctl" };
    private readonly RealServer server;
    private readonly string id = $"c-{Guid.NewGuid():n}"[..12];

    public EntityTests(RealServer server)
    {
        this.server = server;
        cli.Variables["API_URL"] = server.Url;
        cli.Variables["API_TOKEN"] = server.Token;
    }

    public void Dispose() => cli.Dispose();

    public static TheoryData<string, string, string, string, string> Nouns() => new()
    {
        { "connection", "conn", "Connection", "--conn-id", "spec: {type: git, uri: 'https://example.org/x.git', publicKey: c3NoLXJzYSBBQUFB, reference: SOMETHING}" },
        { "toolchain-integration", "ti", "ToolchainIntegration", "--ti-id", "spec: {entrypoint: run-me, defaultImage: SOMETHING}" },
        { "packaging-integration", "pi", "PackagingIntegration", "--pi-id", "spec: {entrypoint: pack-me, defaultImage: SOMETHING, schema: {targets: [], arguments: {properties: [], required: []}}}" },
    };

    [Theory]
    [MemberData(nameof(Nouns))]
    public async Task Entity_IsMadeShownChangedAndDeleted(string noun, string alias, string kind, string option, string spec)
    {
        var file = Write(kind, "another", spec.Replace("SOMETHING", "first", StringComparison.Ordinal));
        // The id of the command line comes before that of the file.
        var created = await cli.RunAsync(noun, "create", "-f", file, "--id", id);
        Assert.True(created.ExitCode == 0, created.Out + created.Error);
        Assert.StartsWith("- createdAt: ", created.Out.Replace("- id:", "- createdAt: ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains($"\n  kind: {kind}\n", created.Out, StringComparison.Ordinal);
        Assert.EndsWith("\n\n\n", created.Out, StringComparison.Ordinal);

        var shown = await cli.RunAsync(alias, "get", option, id);
        Assert.Equal(created.Out, shown.Out + "\n");
        Assert.Contains("first", shown.Out, StringComparison.Ordinal);
        Assert.Contains($"\n  id: {id}\n", "\n" + (await cli.RunAsync(alias, "get")).Out.Replace("- id:", "  id:", StringComparison.Ordinal), StringComparison.Ordinal);

        var edited = await cli.RunAsync(alias, "edit", "-f", Write(kind, id, spec.Replace("SOMETHING", "second", StringComparison.Ordinal)), "-o", "json");
        Assert.Equal((0, "second"), (edited.ExitCode, edited.Out.Contains("\"second\"", StringComparison.Ordinal) ? "second" : edited.Out));
        Assert.EndsWith("}]\n\n", edited.Out, StringComparison.Ordinal);

        var again = await cli.RunAsync(alias, "create", "-f", file, "--id", id);
        Assert.Equal(new CliResult(1, $"Error: Got error from server: entity \"{id}\" already exists (status: 409)\n{Hint}", ""), again);

        var deleted = await cli.RunAsync(alias, "delete", "-f", Write(kind, id, "spec: {}"));
        Assert.Equal((0, $" {id} was deleted\n"), (deleted.ExitCode, deleted.Out[deleted.Out.IndexOf($" {id}", StringComparison.Ordinal)..]));
        Assert.Equal(new CliResult(0, $"{kind} {id} was not found. Ignore\n", ""), await cli.RunAsync(alias, "delete", "--id", id, "--ignore-not-found"));
        var missing = new CliResult(1, $"Error: Got error from server: entity \"{id}\" is not found (status: 404)\n{Hint}", "");
        Assert.Equal(missing, await cli.RunAsync(alias, "delete", "--id", id));
        Assert.Equal(missing, await cli.RunAsync(alias, "delete", "--id", id, "--ignore-not-found", "--not-ignore-not-found"));
        Assert.Equal(missing, await cli.RunAsync(alias, "get", "--id", id));
        Assert.Equal(missing, await cli.RunAsync(alias, "edit", "-f", Write(kind, "another", spec), "--id", id));
    }

    [Fact]
    public async Task Get_Formats()
    {
        await cli.RunAsync("conn", "create", "-f", Write("Connection", id, "spec: {type: git, uri: 'https://example.org/x.git', publicKey: c3NoLXJzYSBBQUFB, description: 'né'}"));
        var json = (await cli.RunAsync("conn", "get", "--id", id, "-o", "json")).Out;
        Assert.StartsWith("[{\"kind\": \"Connection\", \"id\": ", json, StringComparison.Ordinal);
        Assert.Contains("\"description\": \"n\\u00e9\"", json, StringComparison.Ordinal);
        Assert.Equal(1, json.Count(c => c == '\n'));
        Assert.Contains("    description: \"n\\xE9\"\n", (await cli.RunAsync("conn", "get", "--id", id)).Out, StringComparison.Ordinal);
        Assert.Equal($"{id}\n", (await cli.RunAsync("conn", "get", "--id", id, "-o", "jsonpath=[*].id")).Out);
        Assert.Equal("git\n", (await cli.RunAsync("conn", "get", "--id", id, "--format", "jsonpath=$[0].spec.type")).Out);
        Assert.Equal("[]\n", (await cli.RunAsync("conn", "get", "--id", id, "-o", "jsonpath=[*].nope")).Out);
        Assert.Equal("[\"git\", \"https://example.org/x.git\"]\n", (await cli.RunAsync("conn", "get", "--id", id, "-o", "jsonpath=[0].spec.type,uri")).Out);
        Assert.Equal($"{id}\n", (await cli.RunAsync("conn", "get", "-o", $"jsonpath=[?(@.id == '{id}')].id")).Out);
        Assert.Equal($"{id}\n", (await cli.RunAsync("conn", "get", "--id", id, "-o", "name")).Out);
        Assert.Contains("| spec.type |", (await cli.RunAsync("conn", "get", "--id", id, "-o", "table")).Out, StringComparison.Ordinal);
        Assert.Equal("Empty!\n", (await cli.RunAsync("pack", "get", "-o", "table")).Out);
    }

    [Fact]
    public async Task Connection_Secrets_AreShownOnlyWhenAskedFor()
    {
        await cli.RunAsync("conn", "create", "-f", Write("Connection", id, "spec: {type: docker, uri: registry.example.org, username: u, password: c2VjcmV0}"));
        Assert.Equal("*****\n", (await cli.RunAsync("conn", "get", "--id", id, "-o", "jsonpath=$..password")).Out);
        Assert.Equal("c2VjcmV0\n", (await cli.RunAsync("conn", "get", "--id", id, "-d", "-o", "jsonpath=$..password")).Out);
        Assert.DoesNotContain("c2VjcmV0", (await cli.RunAsync("conn", "get", "--decrypted")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: ModelTraining\nid: x\nspec: {}\n", "'FILE' holds ModelTraining, but Connection is expected")]
    [InlineData("kind: Connection\nid: x\n---\nkind: Connection\nid: y\n", "'FILE' should hold exactly 1 entity, but it holds 2")]
    [InlineData("", "'FILE' should hold exactly 1 entity, but it holds 0")]
    [InlineData("id: x\n", "Kind of object in 'FILE' must be not null")]
    [InlineData("kind: [x]\n", "Kind of object in 'FILE' should be string")]
    [InlineData("kind: Nope\n", "Unknown kind of object: 'Nope'")]
    [InlineData("- x\n", "Invalid Odahuflow resource in file 'FILE'")]
    public async Task File_ThatIsWrong_IsSaid(string text, string message)
    {
        var file = cli.File("x.yaml", text);
        var expected = $"Error: {message.Replace("FILE", file, StringComparison.Ordinal)}\n{Hint}";
        foreach (var command in new[] { "create", "edit", "delete" })
            Assert.Equal(new CliResult(1, expected, ""), await cli.RunAsync("conn", command, "-f", file));
    }

    [Fact]
    public async Task File_ThatIsNoYaml_IsSaid()
    {
        var file = cli.File("x.yaml", "a: [\n");
        var result = await cli.RunAsync("conn", "create", "-f", file);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith($"Error: '{file}' is not valid JSON or YAML:\n", result.Out, StringComparison.Ordinal);
        Assert.Equal(new CliResult(1, $"Error: Resource file '{cli.Home}/no.yaml' not found\nCheck the path.\n{Hint}", ""), await cli.RunAsync("conn", "edit", "-f", $"{cli.Home}/no.yaml"));
        Assert.Equal(new CliResult(1, $"Error: [Errno 21] Is a directory: '{cli.Home}'\n{Hint}", ""), await cli.RunAsync("conn", "edit", "-f", cli.Home));
    }

    [Fact]
    public async Task File_OfJson_IsTakenToo()
    {
        var file = cli.File("x.json", $$"""[{"kind": "TrainingIntegration", "id": "{{id}}", "spec": {"entrypoint": "x", "defaultImage": "y"} }]""");
        Assert.Equal(0, (await cli.RunAsync("ti", "create", "-f", file)).ExitCode);
        Assert.Equal("y\n", (await cli.RunAsync("ti", "get", "--id", id, "-o", "jsonpath=$..defaultImage")).Out);
    }

    [Theory]
    [InlineData("conn delete", "Provide an ID or file parameter.")]
    [InlineData("conn delete --id x -f y", "Provide an ID or file parameter, not both.")]
    [InlineData("train logs", "Provide an ID or file parameter.")]
    [InlineData("pack logs --id x --file y", "Provide an ID or file parameter, not both.")]
    public async Task IdAndFile_ExactlyOneIsWanted(string line, string message) =>
        Assert.Equal(new CliResult(1, $"Error: {message}\n{Hint}", ""), await cli.RunAsync(line.Split(' ')));

    [Fact]
    public async Task Entity_ThatTheServerRefuses_IsSaid()
    {
        var result = await cli.RunAsync("conn", "create", "-f", Write("Connection", id, "spec: {type: nope}"));
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("Error: Got error from server: Validation of connection is failed: ", result.Out, StringComparison.Ordinal);
        Assert.EndsWith($" (status: 400)\n{Hint}", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_WithAFraction_StaysAsItIs()
    {
        await cli.RunAsync("ti", "create", "-f", Write("ToolchainIntegration", id, "spec: {entrypoint: 1.0, defaultImage: 4, additionalEnvironments: {A: 2.50, B: 10}}"));
        var spec = (await server.FindAsync($"toolchain/integration/{id}"))!["spec"]!;
        Assert.Equal("""{"entrypoint":"1.0","defaultImage":"4","additionalEnvironments":{"A":"2.5","B":"10"}}""", spec.ToJsonString());
    }

    [Fact]
    public async Task Url_OnTheGroup_ComesBeforeTheConfiguration()
    {
        cli.Variables["API_URL"] = "http://127.0.0.1:1";
        Assert.Equal(0, (await cli.RunAsync("conn", "--url", server.Url, "--token", server.Token, "get")).ExitCode);
        Assert.Equal(0, (await cli.RunAsync("conn", "get", "--url", server.Url + "/", "--token", server.Token)).ExitCode);
        // A token goes to the server that it was stored for.
        var elsewhere = await cli.RunAsync("conn", "delete", "--id", "nobodys", "--url", server.Url);
        Assert.Equal(1, elsewhere.ExitCode);
        Assert.StartsWith("Error: Credentials are missed.", elsewhere.Out, StringComparison.Ordinal);
        Assert.Equal(
            $"Warning: the stored token is for http://127.0.0.1:1 and is not sent to {server.Url}: log in there with \"odahuflowctl login --url\", or give --token\n", elsewhere.Error);
        cli.Variables.Remove("API_TOKEN");
        Assert.Equal(0, (await cli.RunAsync("ti", "--url", server.Url, "--token", server.Token, "create", "-f", Write("ToolchainIntegration", id, "spec: {entrypoint: x, defaultImage: y}"))).ExitCode);
        Assert.NotNull(await server.FindAsync($"toolchain/integration/{id}"));
    }

    [Fact]
    public async Task Server_OfThisUser_IsFoundAndNeedsNoToken()
    {
        cli.Variables.Clear();
        cli.Variables["ODIN_DATA"] = server.Data;
        Assert.Equal(0, (await cli.RunAsync("ti", "create", "-f", Write("ToolchainIntegration", id, "spec: {entrypoint: x, defaultImage: y}"))).ExitCode);
        Assert.NotNull(await server.FindAsync($"toolchain/integration/{id}"));
    }

    [Fact]
    public async Task Token_ThatIsWrong_IsSaid()
    {
        cli.Variables["API_TOKEN"] = "wrong";
        Assert.Equal(
            new CliResult(1, $"Error: Credentials are not correct.\nPlease provide correct temporary token or disable non interactive mode\n{Hint}", ""), await cli.RunAsync("conn", "get"));
        cli.Variables.Remove("API_TOKEN");
        Assert.Equal(
            new CliResult(1, $"Error: Credentials are missed.\nPlease provide correct temporary token or disable non interactive mode\n{Hint}", ""),
            await cli.RunAsync("conn", "delete", "--id", "x"));
    }

    private string Write(string kind, string name, string spec) => cli.File("entity.yaml", $"kind: {kind}\nid: {name}\n{spec}\n");
}
