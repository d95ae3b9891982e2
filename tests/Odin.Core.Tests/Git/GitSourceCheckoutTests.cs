using System.Runtime.Versioning;
using Odin.Git;

namespace Odin.Tests.Git;

/// <summary>Sources of trainings by every way that there is: a directory, SSH and HTTP, with good and with bad credentials.</summary>
[SupportedOSPlatform("linux")]
public sealed class GitSourceCheckoutTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "second")]
    [InlineData("main", "second")]
    [InlineData("origin/main", "second")]
    [InlineData("refs/heads/main", "second")]
    [InlineData("v1", "first")]
    [InlineData("COMMIT", "first")]
    [InlineData("SHORT", "first")]
    public async Task LayOut_OfADirectory_IsTheCommitOfTheReference(string reference, string content)
    {
        var commit = await MakeAsync();
        var wanted = reference switch { "COMMIT" => commit, "SHORT" => commit[..8], _ => reference };
        var laidOut = await LayOutAsync(new GitSourceAddress { Uri = directory["source"] }, wanted);
        Assert.Equal(content, await File.ReadAllTextAsync(directory["target/file.txt"], Token));
        Assert.Equal(content == "first", laidOut == commit);
        // A program may ask git where it is.
        Assert.Equal(laidOut, (await TestProgram.RunAsync("git", ["-C", directory["target"], "rev-parse", "HEAD"])).Trim());
        Assert.Empty((await TestProgram.RunAsync("git", ["-C", directory["target"], "status", "--porcelain"])).Trim());
    }

    [Theory]
    [InlineData("nowhere", "can't find 'nowhere' refs")]
    [InlineData("0123456789", "can't find '0123456789' refs")]
    [InlineData("--upload-pack=x", "cannot be a reference")]
    [InlineData("main:file.txt", "cannot be a reference")]
    public async Task LayOut_OfAReferenceThatIsNotThere_SaysSo(string reference, string message)
    {
        await MakeAsync();
        foreach (var uri in new[] { directory["source"], await WorktreeAsync() })
        {
            var problem = await Assert.ThrowsAsync<GitException>(() => LayOutAsync(new GitSourceAddress { Uri = uri }, reference));
            Assert.Contains(message, problem.Message, StringComparison.Ordinal);
            Directory.Delete(directory["target"], recursive: true);
        }
    }

    [Fact]
    public async Task LayOut_OfAWorktree_IsItsCommit()
    {
        await MakeAsync();
        await LayOutAsync(new GitSourceAddress { Uri = await WorktreeAsync() }, "");
        Assert.Equal("second", await File.ReadAllTextAsync(directory["target/file.txt"], Token));
    }

    [Fact]
    public async Task LayOut_OfAnEmptyRepositoryOrNone_SaysSo()
    {
        await TestProgram.RunAsync("git", ["init", "--quiet", directory["empty"]]);
        Assert.Contains("has no default branch", (await Assert.ThrowsAsync<GitException>(() => LayOutAsync(new GitSourceAddress { Uri = directory["empty"] }, ""))).Message, StringComparison.Ordinal);
        Directory.Delete(directory["target"], recursive: true);
        Assert.Contains("cannot be read", (await Assert.ThrowsAsync<GitException>(() => LayOutAsync(new GitSourceAddress { Uri = directory["nothing"] }, ""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LayOut_OverSsh_WantsTheKeyAndTheHost()
    {
        var commit = await MakeAsync();
        using var server = await SshServer.StartAsync();
        var address = new GitSourceAddress
        {
            Uri = server.UrlOf(directory["source"]),
            SshKey = await File.ReadAllTextAsync(server.KeyFile, Token),
            KnownHosts = await File.ReadAllTextAsync(server.KnownHostsFile, Token),
        };
        Assert.Equal(commit, await LayOutAsync(address, "v1"));
        Assert.Equal("first", await File.ReadAllTextAsync(directory["target/file.txt"], Token));
        Assert.Contains("HEAD", await GitSourceCheckout.ListReferencesAsync(address, Scratch(), Token));

        foreach (var wrong in new[]
        {
            address with { SshKey = await File.ReadAllTextAsync(server.StrangerKeyFile, Token) },
            address with { KnownHosts = await File.ReadAllTextAsync(server.WrongKnownHostsFile, Token) },
            address with { SshKey = "no key at all" },
        })
        {
            Directory.Delete(directory["target"], recursive: true);
            Assert.Contains("cannot be read", (await Assert.ThrowsAsync<GitException>(() => LayOutAsync(wrong, "v1"))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task LayOut_OverHttp_WantsThePassword()
    {
        var commit = await MakeAsync();
        using var server = await GitHttpServer.StartAsync(directory.Path);
        var good = new GitSourceAddress { Uri = server.PlainUrlOf("source/.git"), UserName = GitHttpServer.User, Password = GitHttpServer.Password };
        Assert.Equal(commit, await LayOutAsync(good, "v1"));
        foreach (var wrong in new[] { good with { Password = "s3cret-wrong" }, good with { UserName = null, Password = null } })
        {
            Directory.Delete(directory["target"], recursive: true);
            var problem = await Assert.ThrowsAsync<GitException>(() => LayOutAsync(wrong, "v1"));
            Assert.Contains("cannot be read", problem.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret-wrong", problem.ToString(), StringComparison.Ordinal);
        }
    }

    private Task<string> LayOutAsync(GitSourceAddress address, string reference)
    {
        Directory.CreateDirectory(directory["target"]);
        return GitSourceCheckout.LayOutAsync(address, reference, directory["target"], Scratch(), Token);
    }

    private string Scratch() => Directory.CreateDirectory(directory[$"scratch-{Guid.NewGuid():N}"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    private async Task<string> WorktreeAsync()
    {
        if (!Directory.Exists(directory["worktree"]))
            await GitAsync("worktree", "add", "--quiet", "--detach", directory["worktree"]);
        return directory["worktree"];
    }

    // The first of two commits, called v1.
    private async Task<string> MakeAsync()
    {
        await TestProgram.RunAsync("git", ["init", "--quiet", "-b", "main", directory["source"]]);
        await CommitAsync("first");
        await GitAsync("tag", "-a", "-m", "first", "v1");
        var commit = (await GitAsync("rev-parse", "HEAD")).Trim();
        await CommitAsync("second");
        return commit;
    }

    private async Task CommitAsync(string content)
    {
        await File.WriteAllTextAsync(directory["source/file.txt"], content, Token);
        await GitAsync("add", ".");
        await GitAsync("commit", "--quiet", "-m", content);
    }

    private Task<string> GitAsync(params string[] arguments) =>
        TestProgram.RunAsync("git", ["-C", directory["source"], "-c", "user.name=t", "-c", "user.email=t@localhost", .. arguments]);
}
