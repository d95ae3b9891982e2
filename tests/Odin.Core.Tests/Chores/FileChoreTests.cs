using System.Text.Json.Nodes;
using Odin.Chores;

namespace Odin.Tests.Chores;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class FileChoreTests : IDisposable
{
    private const string Manifest = """
        # the web service
        apiVersion: v1
        kind:   Deployment
        metadata:
            name: web    # keep me
            labels: {app: "web", version: "41"}   # and me
        spec:
          template:
            metadata: {labels: {version: "7"}}
        """;

    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Copy_File_MakesDirectoriesAndAnswersThePath()
    {
        File.WriteAllText(directory["a.txt"], "alpha");
        Assert.Equal(directory["x/b.txt"], await CopyAsync(directory["a.txt"], directory["x/b.txt"]));
        Assert.Equal("alpha", File.ReadAllText(directory["x/b.txt"]));
        Assert.Equal(directory["x/a.txt"], await CopyAsync(directory["a.txt"], directory["x"]));
    }

    [Fact]
    public async Task Copy_Tree_ReplacesWhatIsThere()
    {
        Directory.CreateDirectory(directory["from/sub"]);
        File.WriteAllText(directory["from/sub/a.txt"], "alpha");
        File.CreateSymbolicLink(directory["from/link"], "/nowhere");
        Directory.CreateDirectory(directory["to"]);
        File.WriteAllText(directory["to/old.txt"], "old");
        await CopyAsync(directory["from"], directory["to"]);
        Assert.Equal("alpha", File.ReadAllText(directory["to/sub/a.txt"]));
        Assert.False(File.Exists(directory["to/old.txt"]));
        Assert.Equal("/nowhere", new FileInfo(directory["to/link"]).LinkTarget);
    }

    [Fact]
    public async Task Copy_WithoutClobber_LeavesWhatIsThere()
    {
        File.WriteAllText(directory["a.txt"], "new");
        File.WriteAllText(directory["b.txt"], "old");
        var error = await Assert.ThrowsAsync<ChoreException>(() => CopyAsync(directory["a.txt"], directory["b.txt"], clobber: false));
        Assert.Equal($"'{directory["b.txt"]}' exists already; remove it or set \"clobber\" to true.", error.Message);
        Assert.Equal("old", File.ReadAllText(directory["b.txt"]));
    }

    [Theory]
    [InlineData("tree", "tree/sub")]
    [InlineData("tree/sub", "tree")]
    [InlineData("tree", "tree")]
    public async Task Copy_TreeIntoItself_IsRefused(string from, string to)
    {
        Directory.CreateDirectory(directory["tree/sub"]);
        await Assert.ThrowsAsync<ChoreException>(() => CopyAsync(directory[from], directory[to]));
        Assert.True(Directory.Exists(directory["tree/sub"]));
    }

    [Fact]
    public async Task BumpVersion_ChangesNothingButTheNumber()
    {
        File.WriteAllText(directory["web.yml"], Manifest);
        File.SetUnixFileMode(directory["web.yml"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var result = await RunAsync(new BumpVersionChore(), new JsonObject { ["file_name"] = directory["web.yml"] });
        Assert.Equal(42, (long)Assert.IsType<ChoreResult.Done>(result).Value!["version"]!);
        Assert.Equal(Manifest.Replace("\"41\"", "\"42\"", StringComparison.Ordinal), File.ReadAllText(directory["web.yml"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory["web.yml"]));
        Assert.Equal([directory["web.yml"]], Directory.GetFiles(directory.Path));
    }

    [Theory]
    [InlineData("metadata: {labels: {version: 9}}\n", "metadata: {labels: {version: 10}}\n")]
    [InlineData("metadata: {labels: {version: '99'}}\r\n", "metadata: {labels: {version: '100'}}\r\n")]
    [InlineData("é: ü\n---\nmetadata:\n  labels:\n    version: 1\n---\nmetadata: {labels: {version: &v 5}}\n", "é: ü\n---\nmetadata:\n  labels:\n    version: 2\n---\nmetadata: {labels: {version: &v 6}}\n")]
    public void Bump_AnyStyle_KeepsIt(string before, string after) => Assert.Equal(after, VersionLabel.Bump(before, "f.yml").Text);

    [Theory]
    [InlineData("metadata: {labels: {version: v1}}", "f.yml:1:30: the version \"v1\" is not a whole number; only those can be counted up.")]
    [InlineData("metadata: {labels: {app: x}}", "'f.yml' has no label metadata.labels.version; add \"version: 1\" there.")]
    [InlineData("- 1", "'f.yml' has no label metadata.labels.version; add \"version: 1\" there.")]
    public void Bump_WithoutNumber_SaysSo(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<ChoreException>(() => VersionLabel.Bump(yaml, "f.yml")).Message);

    [Fact]
    public async Task BumpKubernetes_BothManifests_AreBumped()
    {
        WriteManifests("version: 3", "version: 8");
        var result = await RunAsync(new BumpKubernetesChore(), Client("web"));
        var files = Assert.IsType<ChoreResult.Done>(result).Value!.AsArray().Select(file => File.ReadAllText((string)file!));
        Assert.Equal(["metadata: {labels: {version: 4}}", "metadata: {labels: {version: 9}}"], files);
    }

    [Fact]
    public async Task BumpKubernetes_OneIsFaulty_NeitherIsTouched()
    {
        WriteManifests("version: 3", "version: x");
        await Assert.ThrowsAsync<ChoreException>(() => RunAsync(new BumpKubernetesChore(), Client("web")));
        Assert.Contains("version: 3", File.ReadAllText(directory["shop/deployments/web.yml"]), StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChoreException>(() => RunAsync(new BumpKubernetesChore(), Client("../../web")));
    }

    private static Task<ChoreResult> RunAsync(IChore chore, JsonObject arguments) =>
        chore.RunAsync(new ChoreArguments(chore.Parameters, arguments), Token);

    private static async Task<string> CopyAsync(string from, string to, bool clobber = true)
    {
        var result = await RunAsync(new CopyChore(), new JsonObject { ["src"] = from, ["dst"] = to, ["clobber"] = clobber });
        return (string)Assert.IsType<ChoreResult.Done>(result).Value!;
    }

    private JsonObject Client(string name) => new() { ["base_dir"] = directory.Path, ["deployment"] = "shop", ["client"] = name };

    private void WriteManifests(string deployment, string service)
    {
        foreach (var (kind, label) in new[] { ("deployments", deployment), ("services", service) })
        {
            Directory.CreateDirectory(directory[$"shop/{kind}"]);
            File.WriteAllText(directory[$"shop/{kind}/web.yml"], $"metadata: {{labels: {{{label}}}}}");
        }
    }
}
