namespace Odin.EndToEnd;

/// <summary>What the documentation tells a person to type works as it stands.</summary>
public sealed class DocumentationTests : IDisposable
{
    // Their blocks are typed one after the other, in one shell.
    private static readonly string[] Run = ["README.md", "docs/guides/ci.md", "docs/guides/feedback-loop.md", "docs/guides/git-remote.md", "docs/guides/model-lifecycle.md", "docs/quickstart.md"];

    // The same on a cluster: KubernetesGuideTests, LocalClusterGuideTests.
    private static readonly string[] RunOnCluster = [KubernetesGuideTests.Page, LocalClusterGuideTests.Page];

    // Blocks marked "shell", and why they cannot be run.
    private static readonly Dictionary<string, string> Excused = new(StringComparer.Ordinal)
    {
        ["CONTRIBUTING.md"] = "./test, which runs these tests, would run itself",
        ["README.md"] = "./test, which runs these tests, would run itself",
        ["docs/guides/git-remote.md"] = "a host of git repositories over SSH is the reader's; that the server talks to one is tested beside the engine's git",
        ["docs/reference/cli.md"] = "the names of runs, jobs and servers are the reader's; that each line is a command line is tested beside the commands",
    };

    private readonly TemporaryDirectory home = new();

    public void Dispose() => home.Dispose();

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/guides/ci.md")]
    [InlineData("docs/guides/feedback-loop.md")]
    [InlineData("docs/guides/git-remote.md")]
    [InlineData("docs/guides/model-lifecycle.md")]
    [InlineData("docs/quickstart.md")]
    public async Task Blocks_TypedInOrder_AllSucceed(string page)
    {
        Assert.Contains(page, Run);
        var blocks = TypedPage.Blocks(page).Where(b => b.Language == "sh").ToList();
        Assert.NotEmpty(blocks);
        // As at the root of a clone, but with the program of this build instead of one to be built.
        Directory.CreateSymbolicLink(home["examples"], Path.Combine(Programs.Root, "examples"));
        await File.WriteAllTextAsync(home["odin"], $"#!/bin/sh\nexec '{Programs.Cli}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home["odin"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // A port that pages name is a reader's own; here it may be somebody else's.
        await File.WriteAllTextAsync(home["typed.sh"], TypedPage.Script(page, blocks).Replace("127.0.0.1:9003", $"127.0.0.1:{FreePort.Find()}", StringComparison.Ordinal));

        var program = new CliProgram(home) { Deadline = TimeSpan.FromMinutes(10) };
        // What the script at the root of a clone sets.
        program.Variables["ODIN_PYTHON"] = Environment.GetEnvironmentVariable("ODIN_DEMO_PYTHON") ?? "/usr/bin/python3";
        var result = await program.RunAsync("/bin/sh", "-e", home["typed.sh"]);

        Assert.True(result.Code == 0, $"A block failed: the one after the last line that begins with ###.\n{result}");
        Assert.Equal(blocks.Count, result.Output.Split('\n').Count(l => l.StartsWith("### ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Blocks_OfEveryPage_AreRunOrExcused()
    {
        var pages = Pages().ToList();
        Assert.Contains("docs/reference/cli.md", pages);
        var marked = pages.Where(p => TypedPage.Blocks(p).Any(b => b.Language is "shell" or "bash")).ToList();
        var run = pages.Where(p => TypedPage.Blocks(p).Any(b => b.Language == "sh")).ToList();

        Assert.Equal(Run.Concat(RunOnCluster).Order(StringComparer.Ordinal), run.Order(StringComparer.Ordinal));
        Assert.Equal(Excused.Keys.Order(StringComparer.Ordinal), marked.Order(StringComparer.Ordinal));
        Assert.Equal(["./test"], TypedPage.Blocks("README.md").Where(b => b.Language == "shell").Select(b => b.Text.Trim()));
    }

    private static IEnumerable<string> Pages() =>
        Directory.GetFiles(Programs.Root, "*.md")
            .Concat(new[] { "docs", "examples" }.SelectMany(d => Directory.GetFiles(Path.Combine(Programs.Root, d), "*.md", SearchOption.AllDirectories)))
            .Select(f => Path.GetRelativePath(Programs.Root, f));
}
