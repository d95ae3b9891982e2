using System.Text.RegularExpressions;

namespace Odin.Cli.Tests.Lifecycle;

/// <summary>The reference of manifests: a server takes each example, and no key that it reads is left out.</summary>
[Collection(RealServerCollection.Name)]
public sealed partial class ManifestsPageTests : IDisposable
{
    private static readonly string[] Readers =
        ["Connections/ConnectionNoun.cs", "Toolchains/ToolchainNoun.cs", "Trainings/TrainingNoun.cs", "Packagings/PackagingIntegrationNoun.cs", "Packagings/PackagingNoun.cs",
        "Deployments/DeploymentNoun.cs", "Routes/RouteNoun.cs", "Batch/InferenceServiceNoun.cs", "Batch/InferenceJobNoun.cs", "Batch/BatchWire.cs", "Lifecycle/ComputeWire.cs"];

    private readonly CliTest cli = new();

    public ManifestsPageTests(RealServer server)
    {
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = server.Token;
    }

    private static string Page { get; } = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "reference", "manifests.md"));

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task Examples_AreTakenByAServer()
    {
        // No secret is worth waiting for a host that is not there.
        var file = cli.File("all.yaml", string.Join("\n---\n", Example().Matches(Page).Select(m => m.Groups[1].Value)).Replace("git.example.org", "127.0.0.1:1", StringComparison.Ordinal));
        // What each training and packaging comes to is another matter; the training is refused its repository.
        var result = await cli.RunAsync("apply", "-f", file, "--no-wait", "-o", "name");
        string[] made =
        [
            "connection/wine-source", "connection/wine-data", "connection/our-registry", "toolchain/our-own", "packaging-integration/our-packager",
            "training/wine", "training/wine-script", "packaging/wine", "deployment/wine", "route/wine-ab", "batch-service/wine",
        ];
        Assert.Equal(made, result.Lines);
        Assert.Contains("error: the training 'wine' failed: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain($"of '{file}'", result.Error, StringComparison.Ordinal);

        // The packaging was left out, as there is no model; the server takes it all the same.
        var packaging = cli.File("packaging.yaml", Example().Matches(Page).Select(m => m.Groups[1].Value).Single(e => e.StartsWith("kind: ModelPackaging", StringComparison.Ordinal)));
        Assert.Equal("", (await cli.RunAsync("packaging", "create", "-f", packaging, "--no-wait")).Error);
        var deleted = await cli.RunAsync("delete", "-f", file);
        Assert.True(deleted.ExitCode == 0, deleted.Error);
    }

    [Fact]
    public void Keys_ThatTheServerReads_AreAllThere()
    {
        var missing = Readers
            .SelectMany(file => Read().Matches(File.ReadAllText(Path.Combine(SourceTree.Root, "src", "Odin.Server", file))))
            .Select(m => m.Groups[1].Value)
            .Where(key => !Regex.IsMatch(Page, $@"`(\S+\.)?{key}(\[\])?(\.\S+)?`"))
            .Distinct();
        Assert.Empty(missing);
    }

    [GeneratedRegex("```yaml\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"\b(?:Text|FilledText|NullableText|Flag|Object|Objects|Texts|Map|Json|Value|Integer)\(""(\w+)""")]
    private static partial Regex Read();
}
