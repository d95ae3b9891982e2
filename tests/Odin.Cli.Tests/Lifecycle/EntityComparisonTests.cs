using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;

namespace Odin.Cli.Tests.Lifecycle;

public sealed class EntityComparisonTests
{
    // As the server shows a training: with both generations' names, and what it has filled in.
    private const string Stored = """
        spec:
          model: {name: wine, version: "1.0", artifactNameTemplate: "{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip"}
          toolchain: mlflow
          entrypoint: main
          workDir: ./
          algorithmSource: {vcs: {connection: source, reference: main}, objectStorage: {}}
          vcsName: source
          reference: main
          hyperParameters: {alpha: "1.0", image: big}
          outputConnection: models-output
          image: odin:latest
          resources: {limits: {cpu: 250m}}
          data: [{connection: data, connName: data, localPath: wine.csv}]
        """;

    [Theory]
    [InlineData("model: {name: wine, version: 1.0}, toolchain: mlflow, entrypoint: main, vcsName: source, reference: main, hyperParameters: {alpha: 1.0, image: big}, data: [{connName: data, localPath: wine.csv}]", true)]
    [InlineData("model: {name: wine, version: '1.0'}, trainingIntegration: mlflow, entrypoint: main, algorithmSource: {vcs: {connection: source}}, hyperParameters: {alpha: '1.0', image: big}, data: [{connection: data, localPath: wine.csv, remotePath: ''}]", true)]
    [InlineData("model: {name: wine, version: '1.0'}, toolchain: mlflow, entrypoint: main, vcsName: source, hyperParameters: {alpha: '2.0', image: big}, data: [{connName: data, localPath: wine.csv}]", false)]
    [InlineData("model: {name: wine, version: '1.0'}, toolchain: mlflow, entrypoint: main, vcsName: source, hyperParameters: {alpha: '1.0'}, data: [{connName: data, localPath: wine.csv}]", false)]
    [InlineData("model: {name: wine, version: '1.0'}, toolchain: mlflow, entrypoint: main, vcsName: source, hyperParameters: {alpha: '1.0', image: big}", false)]
    [InlineData("model: {name: wine, version: '1.0', artifactNameTemplate: x.zip}, toolchain: mlflow, entrypoint: main, vcsName: source, hyperParameters: {alpha: '1.0', image: big}, data: [{connName: data, localPath: wine.csv}]", false)]
    [InlineData("model: {name: wine, version: '1.0'}, toolchain: mlflow, entrypoint: main, vcsName: source, hyperParameters: {alpha: '1.0', image: big}, data: [{connName: data, localPath: wine.csv}], workDir: project", false)]
    public void IsUnchanged_SeesWhatMatters(string spec, bool expected) =>
        Assert.Equal(expected, EntityComparison.IsUnchanged(Parse($"spec: {{{spec}}}"), Parse(Stored)));

    [Theory]
    [InlineData("{{ .Name }}-{{ .Version }}.zip", "wine-1.0.zip", true)]
    [InlineData("wine.zip", "wine.zip", true)]
    [InlineData("wine.zip", "other.zip", false)]
    [InlineData("{{ .Name }}-{{ .RandomUUID }}.zip", "wine-1.zip", false)]
    [InlineData("{{ .Nope }}", "wine", false)]
    public void Takes_ComparesTheName(string template, string artifact, bool expected)
    {
        var training = Parse($"spec: {{model: {{name: wine, version: '1.0', artifactNameTemplate: '{template}'}}}}");
        var packaging = Parse($"spec: {{artifactName: {artifact}}}");
        Assert.Equal(expected, EntityComparison.Takes(new ManifestItem(LifecycleNoun.Packaging, "p", packaging, "f"), new ManifestItem(LifecycleNoun.Training, "t", training, "f")));
    }

    private static JsonObject Parse(string yaml) => Assert.IsType<JsonObject>(Assert.Single(Manifest.ReadAll("-", new StringReader(yaml))));
}
