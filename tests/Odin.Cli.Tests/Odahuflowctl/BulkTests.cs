using Odin.Cli.Tests.Lifecycle;

namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary><c>odahuflowctl bulk</c> and <c>template</c>, against the real server.</summary>
[Collection(RealServerCollection.Name)]
public sealed class BulkTests(RealServer server) : IDisposable
{
    private const string Hint = "For more information rerun command with --verbose flag\n";
    private readonly CliTest cli = new() { Alias = "odahuflowctl", Variables = { ["API_URL"] = server.Url, ["API_TOKEN"] = server.Token } };
    private readonly string id = $"b-{Guid.NewGuid():n}"[..12];

    public void Dispose() => cli.Dispose();

    private string Connection => $"kind: Connection\nid: {id}-c\nspec: {{type: local, uri: {cli.Home}}}\n---\n";

    private string Toolchain => $"kind: ToolchainIntegration\nid: {id}-t\nspec: {{entrypoint: x, defaultImage: y}}\n---\n";

    // It names what stands above it.
    private string Training => $"kind: ModelTraining\nid: {id}-m\nspec: {{model: {{name: a, version: '1'}}, toolchain: {id}-t, entrypoint: e, algorithmSource: {{objectStorage: {{connection: {id}-c}}}}}}\n---\n";

    private string Packaging => $"kind: ModelPackaging\nid: {id}-p\nspec: {{integrationName: docker-rest, artifactName: a.zip}}\n---\n";

    [Fact]
    public async Task Apply_MakesThenChanges_DeleteRemoves()
    {
        var file = cli.File("all.yaml", Connection + Toolchain + Training);
        var names = $"(Connection {id}-c, ToolchainIntegration {id}-t, ModelTraining {id}-m)";
        Assert.Equal(new CliResult(0, $"Operation completed, created resources: 3 {names}\n", ""), await cli.RunAsync("bulk", "apply", file));
        Assert.Equal(new CliResult(0, $"Operation completed, changed resources: 3 {names}\n", ""), await cli.RunAsync("bulk", "apply", file));
        cli.File("all.yaml", Connection + Packaging);
        Assert.Equal(
            new CliResult(0, $"Operation completed, created resources: 1 (ModelPackaging {id}-p), changed resources: 1 (Connection {id}-c)\n", ""), await cli.RunAsync("bulk", "apply", file));
        cli.File("all.yaml", Connection + Toolchain + Training + Packaging);
        Assert.Equal(
            new CliResult(0, $"Operation completed, removed resources: 4 (Connection {id}-c, ToolchainIntegration {id}-t, ModelTraining {id}-m, ModelPackaging {id}-p)\n", ""),
            await cli.RunAsync("bulk", "delete", file));
        Assert.Equal(new CliResult(0, "Operation completed\n", ""), await cli.RunAsync("bulk", "delete", file));
    }

    [Fact]
    public async Task Apply_BatchServicesAndJobs_EachJobIsANewOne()
    {
        var service = $"kind: InferenceService\nid: {id}\nspec: {{image: i, command: ['true'], modelRegistry: {{local: {{meta: {{name: m, version: '1'}}}}}}, dataSource: {{connection: {id}-c}}, outputDestination: {{connection: {id}-c}}}}\n---\n";
        var file = cli.File("batch.yaml", $"{Connection}{service}kind: InferenceJob\nspec: {{inferenceServiceId: {id}}}\n");
        var made = await cli.RunAsync("bulk", "apply", file);
        Assert.Matches($@"\AOperation completed, created resources: 3 \(Connection {id}-c, InferenceService {id}, InferenceJob job-{id}-[0-9a-f]{{5}}\)\n\z", made.Out);
        Assert.Matches($@"created resources: 1 \(InferenceJob job-{id}-[0-9a-f]{{5}}\), changed resources: 2 ", (await cli.RunAsync("bulk", "apply", file)).Out);
        // One does not go while it has jobs.
        Assert.Contains("there are child jobs", (await cli.RunAsync("bulk", "delete", file)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_InTheWrongOrder_GoesOnBehindTheMistake()
    {
        var result = await cli.RunAsync("bulk", "apply", cli.File("all.yaml", Training + Connection + Toolchain));
        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.Equal($"Operation completed, created resources: 2 (Connection {id}-c, ToolchainIntegration {id}-t)", result.Lines[0]);
        Assert.Equal("Some errors detected:", result.Lines[1]);
        Assert.StartsWith($"\tCan not update resource #1. {id}-m: Got error from server: Validation of model training is failed: ", result.Lines[2], StringComparison.Ordinal);
        Assert.Contains("is not found", result.Lines[2], StringComparison.Ordinal);
        Assert.Equal(3, result.Lines.Length);
    }

    [Fact]
    public async Task Apply_Json_IsTakenToo()
    {
        var file = cli.File("all.json", $$"""[{"kind": "ToolchainIntegration", "id": "{{id}}", "spec": {"entrypoint": "x", "defaultImage": "y"} }]""");
        Assert.Equal($"Operation completed, created resources: 1 (ToolchainIntegration {id})\n", (await cli.RunAsync("bulk", "apply", file)).Out);
    }

    [Fact]
    public async Task Delete_OfWhatMustStay_IsAnError()
    {
        var file = cli.File("all.yaml", $"kind: Connection\nid: {id}\nspec: {{type: local, uri: {cli.Home}, vital: true}}\n");
        await cli.RunAsync("bulk", "apply", file);
        Assert.Equal(
            new CliResult(1, $"Operation completed\nSome errors detected:\n\tCan not delete resource #1. {id}: Got error from server: {id} connection is vital, it cannot be deleted (status: 400)\n", ""),
            await cli.RunAsync("bulk", "delete", file));
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsAnErrorForEach()
    {
        cli.Variables["API_URL"] = "http://127.0.0.1:1";
        Assert.Equal(
            new CliResult(1, $"Operation completed\nSome errors detected:\n\tCan not get status of resource #1. {id}-c: Can not reach http://127.0.0.1:1\n\tCan not get status of resource #2. {id}-t: Can not reach http://127.0.0.1:1\n", ""),
            await cli.RunAsync("bulk", "apply", cli.File("all.yaml", Connection + Toolchain)));
    }

    [Theory]
    [InlineData("kind: Nope\nid: x\n", "Unknown kind of object: 'Nope'")]
    [InlineData("a: [\n", "is not valid JSON or YAML")]
    public async Task File_ThatIsWrong_ChangesNothing(string text, string message)
    {
        foreach (var command in new[] { "apply", "delete" })
        {
            var result = await cli.RunAsync("bulk", command, cli.File("all.yaml", Connection + text));
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(message, result.Out, StringComparison.Ordinal);
            Assert.EndsWith(Hint, result.Out, StringComparison.Ordinal);
        }
        Assert.Null(await server.FindAsync($"connection/{id}-c"));
    }

    [Fact]
    public async Task Templates_AreListed() => Assert.Equal(
        new CliResult(0, "Templates:\n* deployment\n* docker_packaging\n* gcp_connection\n* git_connection\n* mlflow_training\n", ""), await cli.RunAsync("temp", "all"));

    [Fact]
    public async Task Template_ThatIsNotThere_IsAnError() =>
        Assert.Equal(new CliResult(1, $"Error: Cannot find nope template\n{Hint}", ""), await cli.RunAsync("template", "generate", "--name", "nope"));

    [Fact]
    public async Task Templates_AreValidAsTheyAre()
    {
        foreach (var name in new[] { "gcp_connection", "git_connection", "docker_packaging", "mlflow_training", "deployment" })
        {
            var text = (await cli.RunAsync("template", "generate", "--name", name)).Out;
            var result = await cli.RunAsync("bulk", "apply", cli.File($"{name}.yaml", text));
            Assert.True(result.ExitCode == 0, name + result.Out);
        }
        foreach (var name in new[] { "deployment", "mlflow_training", "docker_packaging", "git_connection", "gcp_connection" })
            Assert.Equal(0, (await cli.RunAsync("bulk", "delete", cli.File($"{name}.yaml"))).ExitCode);
    }
}
