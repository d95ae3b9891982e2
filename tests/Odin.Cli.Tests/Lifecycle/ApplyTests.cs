using System.Text.Json.Nodes;

namespace Odin.Cli.Tests.Lifecycle;

/// <summary><c>odin apply</c> and <c>odin delete</c>, against the real server.</summary>
[Collection(RealServerCollection.Name)]
public sealed class ApplyTests : IDisposable
{
    private readonly CliTest cli = new();

    public ApplyTests(RealServer server)
    {
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = server.Token;
    }

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task Apply_AllKindsInAnyOrder_MakesThemInTheirOrder_ThenLeavesThemAlone_ThenRunsAgainWhatChanged()
    {
        var source = await ModelSource.CreateAsync(cli.Home);
        var id = source.Id;
        // The packaging stands first, and takes what the training is only about to make.
        var file = cli.File("all.yaml", string.Join("\n---\n", Packaging(id), Training(source), source.Connection));

        var rehearsal = await cli.RunAsync("apply", "-f", file, "--dry-run");
        Assert.Equal(new CliResult(0, $"The connection '{id}-git' would be created.\nThe training '{id}' would be created.\nThe packaging '{id}' would be created.\n", ""), rehearsal);
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync("connection", "get", $"{id}-git")).ExitCode);

        var first = await cli.RunAsync("apply", "-f", file);
        Assert.True(first.ExitCode == 0, first.Out + first.Error);
        AssertInOrder(first.Out, $"The connection '{id}-git' was created.", $"The training '{id}' was created.", "training with 2", $"Artifact: {id}.zip", $"The packaging '{id}' was created.", "Image: ");

        var again = await cli.RunAsync("apply", "-f", file, "-o", "name");
        Assert.Equal((0, $"connection/{id}-git\ntraining/{id}\npackaging/{id}\n"), (again.ExitCode, again.Out));
        Assert.Equal(
            $"The connection '{id}-git' is unchanged.\nThe training '{id}' is unchanged; `odin training edit -f {file}` would run it again.\n"
            + $"The packaging '{id}' is unchanged; `odin packaging edit -f {file}` would run it again.\n",
            again.Error);

        // The image is made of what the training makes, so it is made anew with it.
        cli.File("all.yaml", (await File.ReadAllTextAsync(file)).Replace("factor: 2", "factor: 3", StringComparison.Ordinal));
        var changed = await cli.RunAsync("apply", "-f", file, "-o", "json");
        Assert.True(changed.ExitCode == 0, changed.Out + changed.Error);
        AssertInOrder(changed.Error, $"The training '{id}' was replaced.", "training with 3", $"The packaging '{id}' was replaced.", "Image: ");
        Assert.Equal(["Connection", "ModelTraining", "ModelPackaging"], JsonNode.Parse(changed.Out)!.AsArray().Select(e => (string?)e!["kind"]));

        var deleted = await cli.RunAsync("delete", "-f", file);
        Assert.Equal(new CliResult(0, $"The packaging '{id}' was deleted.\nThe training '{id}' was deleted.\nThe connection '{id}-git' was deleted.\n", ""), deleted);
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync("delete", "-f", file)).ExitCode);
        Assert.Equal(0, (await cli.RunAsync("delete", "-f", file, "--ignore-not-found")).ExitCode);
    }

    [Fact]
    public async Task Apply_TrainingThatFails_LeavesItsPackagingOut_AndTheNextRunsItAgain()
    {
        var source = await ModelSource.CreateAsync(cli.Home, "raise SystemExit('no luck')");
        var directory = Path.GetDirectoryName(cli.File("wine/b.yaml", Packaging(source.Id)))!;
        cli.File("wine/a.yml", $"{Training(source)}\n---\n{source.Connection}");
        cli.File("wine/request.json", "{}");
        for (var i = 0; i < 2; i++)
        {
            var result = await cli.RunAsync("apply", "-f", directory);
            Assert.Equal(ExitCode.Failure, result.ExitCode);
            Assert.Contains($"The training '{source.Id}' was {(i == 0 ? "created" : "replaced")}.\n", result.Out, StringComparison.Ordinal);
            AssertInOrder(
                result.Error, $"'{directory}/request.json' is left out: it holds no entities.", $"error: the training '{source.Id}' failed: ",
                $"error: the packaging '{source.Id}' is left out, as the training '{source.Id}' has no artifact for it");
        }
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync("packaging", "get", source.Id)).ExitCode);
    }

    [Fact]
    public async Task Apply_Mistakes_AreAllSaidBeforeAnythingIsDone()
    {
        var (first, second) = (
            cli.File("a.yaml", "id: a\nspec: {}\n---\nkind: Connection\nid: b\nspec: {type: local, uri: /tmp}\n---\nkind: Wine\nid: c\n"), cli.File("b.yaml", "kind: Connection\nid: b\n"));
        var result = await cli.RunAsync("apply", "-f", first, second);
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Equal(
            $"error: '{first}', entity 1: 'kind' is missing\n"
            + $"'{first}', entity 3: the kind 'Wine' is none of Connection, ToolchainIntegration, PackagingIntegration, ModelTraining, ModelPackaging, ModelDeployment, ModelRoute, InferenceService\n"
            + $"the connection 'b' is there twice: in '{first}' and '{second}'\n"
            + "Each entity is a map with 'kind', 'id' and 'spec': docs/reference/manifests.md has them all.\n",
            result.Error);
    }

    [Fact]
    public async Task Apply_WhatTheServerRefuses_DoesNotStopTheRest()
    {
        var id = $"a-{Guid.NewGuid():n}"[..12];
        var file = cli.File("a.yaml", $"kind: Connection\nid: {id}\nspec: {{type: s3}}\n---\nkind: ToolchainIntegration\nid: {id}\nspec: {{entrypoint: run, defaultImage: i}}\n");
        var result = await cli.RunAsync("apply", "-f", file);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal($"The toolchain '{id}' was created.\n", result.Out);
        Assert.Contains($"error: the connection '{id}' of '{file}': ", result.Error, StringComparison.Ordinal);
    }

    private static void AssertInOrder(string text, params string[] parts)
    {
        var at = 0;
        foreach (var part in parts)
        {
            at = text.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(at >= 0, $"'{part}' is missing, or comes too early, in:\n{text}");
        }
    }

    private static string Training(ModelSource source) =>
        source.Training.Replace("version: \"1.0\"", $"version: \"1.0\", artifactNameTemplate: {source.Id}.zip", StringComparison.Ordinal);

    private static string Packaging(string id) => $"""
        kind: ModelPackaging
        id: {id}
        spec:
          artifactName: {id}.zip
          integrationName: docker-cli
          arguments: {"{"}dockerfileBaseImage: scratch, imageName: "{id}:1"{"}"}
        """;
}
