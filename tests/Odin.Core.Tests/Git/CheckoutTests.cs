using System.Runtime.Versioning;
using System.Text;
using Odin.Git;
using Odin.Pipelines;
using static Odin.Tests.Git.GitSandbox;

namespace Odin.Tests.Git;

/// <summary>Commits laid out on the disk.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class CheckoutTests : IDisposable
{
    private readonly GitSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public async Task CheckOut_Job_IsTheWholeCommitReadOnly()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "shared/lib.py", "x = 1\n");
        File.SetUnixFileMode(Path.Combine(path, "shared/lib.py"), (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(Path.Combine(path, ".gitattributes"), "shared export-ignore\n*.py text eol=crlf\n", Token);
        File.CreateSymbolicLink(Path.Combine(path, "team/wine/lib.py"), "../../shared/lib.py");
        await File.WriteAllTextAsync(Path.Combine(path, "team/wine/größe mit\nzeile.txt"), "odd", Token);
        var sha = await CommitAllAsync(path);
        var checkout = await sandbox.Catalog(path).CheckOutAsync("team/wine", null, Token);
        Assert.Equal(sha, checkout!.Commit);
        Assert.Equal("team/wine", checkout.Job);
        Assert.EndsWith($"/checkouts/{sha}", checkout.RootPath, StringComparison.Ordinal);
        Assert.Equal(Path.Combine(checkout.RootPath, "team/wine"), checkout.WorkPath);
        Assert.Equal("x = 1\n", await File.ReadAllTextAsync(Path.Combine(checkout.WorkPath, "lib.py"), Token));
        Assert.Equal("odd", await File.ReadAllTextAsync(Path.Combine(checkout.WorkPath, "größe mit\nzeile.txt"), Token));
        Assert.Equal((UnixFileMode)0b101_101_101, File.GetUnixFileMode(Path.Combine(checkout.RootPath, "shared/lib.py")));
        Assert.Equal((UnixFileMode)0b100_100_100, File.GetUnixFileMode(Path.Combine(checkout.WorkPath, "main.yml")));
    }

    [Fact]
    public async Task CheckOut_UnknownJob_IsNullAndWritesNothing()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "dir/main.yml/x", "main.yml is a directory");
        var catalog = sandbox.Catalog(path);
        Assert.Null(await catalog.CheckOutAsync("team/beer", null, Token));
        Assert.Null(await catalog.CheckOutAsync("team", null, Token));
        Assert.Null(await catalog.CheckOutAsync("dir", null, Token));
        Assert.False(Directory.Exists(sandbox["data1/checkouts"]));
        await catalog.CheckOutAsync("team/wine", null, Token);
        Assert.Null(await catalog.CheckOutAsync("team/beer", null, Token));
        Assert.Null(await catalog.CheckOutAsync("dir", null, Token));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../../secret")]
    [InlineData("../../elsewhere/up/../../secret")]
    [InlineData("../../not-there/../../secret")]
    [InlineData("evil")]
    public async Task CheckOut_LinkInTheJobLeadsOut_IsRefusedByName(string target)
    {
        var path = await sandbox.WorkTreeAsync("w");
        Directory.CreateDirectory(Path.Combine(path, "elsewhere"));
        File.CreateSymbolicLink(Path.Combine(path, "elsewhere/up"), "..");
        File.CreateSymbolicLink(Path.Combine(path, "team/wine/evil"), target);
        await CommitAsync(path, "other/main.yml", "tasks: []\n");
        var catalog = sandbox.Catalog(path);
        for (var i = 0; i < 2; i++)
        {
            var exception = await Assert.ThrowsAsync<JobCheckoutException>(() => catalog.CheckOutAsync("team/wine", null, Token));
            Assert.Contains("team/wine/evil", exception.Message, StringComparison.Ordinal);
        }
        var other = await catalog.CheckOutAsync("other", null, Token);
        Assert.False(Path.Exists(Path.Combine(other!.RootPath, "team/wine/evil")));
        Assert.Null(new FileInfo(Path.Combine(other.RootPath, "team/wine/evil")).LinkTarget);
        await Assert.ThrowsAsync<InvalidJobPathException>(() => catalog.ReadFileAsync("team/wine", "evil", Token));
    }

    [Fact]
    public async Task CheckOut_MainFileOrJobIsALink_InsideWorksOutsideDoesNot()
    {
        var path = await sandbox.WorkTreeAsync("w");
        Directory.CreateDirectory(Path.Combine(path, "alias"));
        File.CreateSymbolicLink(Path.Combine(path, "alias/main.yml"), "../team/wine/main.yml");
        File.CreateSymbolicLink(Path.Combine(path, "whole"), "team/wine");
        Directory.CreateDirectory(Path.Combine(path, "bad"));
        File.CreateSymbolicLink(Path.Combine(path, "bad/main.yml"), "/etc/hostname");
        File.CreateSymbolicLink(Path.Combine(path, "root"), "/");
        await CommitAllAsync(path);
        var catalog = sandbox.Catalog(path);
        Assert.NotNull(await catalog.CheckOutAsync("alias", null, Token));
        Assert.NotNull(await catalog.CheckOutAsync("whole", null, Token));
        await Assert.ThrowsAsync<JobCheckoutException>(() => catalog.CheckOutAsync("bad", null, Token));
        Assert.Null(await catalog.CheckOutAsync("root/etc", null, Token));
        Assert.Equal("tasks: []\n", (await catalog.FindAsync("alias", Token))!.MainYml);
        Assert.Null(await catalog.FindAsync("bad", Token));
        await Assert.ThrowsAsync<InvalidJobPathException>(() => catalog.ReadFileAsync("root/etc", "hostname", Token));
        await Assert.ThrowsAsync<InvalidJobPathException>(() => WriteAsync(catalog, "root/tmp", "x", "1"));
        await Assert.ThrowsAsync<InvalidJobPathException>(() => WriteAsync(catalog, "alias", "main.yml", "1"));
    }

    [Fact]
    public async Task CheckOut_Submodule_IsAnEmptyDirectory()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var inner = await sandbox.WorkTreeAsync("inner");
        await TestProgram.GitAsync(path, "submodule", "--quiet", "add", inner, "team/sub");
        await CommitAllAsync(path);
        var catalog = sandbox.Catalog(path);
        var checkout = await catalog.CheckOutAsync("team/wine", null, Token);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(checkout!.RootPath, "team/sub")));
        await Assert.ThrowsAsync<InvalidJobPathException>(() => WriteAsync(catalog, "team/sub", "x", "1"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".git")]
    [InlineData(".")]
    public async Task CheckOut_TreeMadeByHandWithAHostileName_IsRefused(string name)
    {
        var path = await sandbox.WorkTreeAsync("w");
        var blob = await TestProgram.GitAsync(path, "rev-parse", "HEAD:team/wine/main.yml");
        var job = await TestProgram.GitAsync(path, "rev-parse", "HEAD:team");
        byte[] Entry(string mode, string entry, string sha) => [.. Encoding.UTF8.GetBytes($"{mode} {entry}\0"), .. Convert.FromHexString(sha)];
        async Task<string> TreeAsync(byte[] content) =>
            await TestProgram.RunAsync("git", ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], path, content);
        var inner = await TreeAsync(Entry("100644", "evil", blob));
        var tree = await TreeAsync([.. Entry("40000", name, inner), .. Entry("40000", "team", job)]);
        var commit = await TestProgram.GitAsync(path, "commit-tree", "-m", "hostile", tree);
        await TestProgram.GitAsync(path, "update-ref", "refs/heads/master", commit);
        var catalog = sandbox.Catalog(path);
        var exception = await Assert.ThrowsAsync<JobCheckoutException>(() => catalog.CheckOutAsync("team/wine", null, Token));
        Assert.Contains($"{name}/evil", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(sandbox["data1/evil"]) || File.Exists(sandbox["data1/checkouts/evil"]));
    }

    [Fact]
    public async Task CheckOut_MoreThanTheLimits_IsRefusedAndLeavesNothing()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "big", new string('x', 3_000_000));
        var small = sandbox.Catalog(path, limit: limits => limits.MaxCheckoutBytes = 2_000_000);
        var exception = await Assert.ThrowsAsync<JobCheckoutException>(() => small.CheckOutAsync("team/wine", null, Token));
        Assert.Contains("2000000", exception.Message, StringComparison.Ordinal);
        var few = sandbox.Catalog(path, limit: limits => limits.MaxCheckoutFiles = 1);
        await Assert.ThrowsAsync<JobCheckoutException>(() => few.CheckOutAsync("team/wine", null, Token));
        Assert.False(Directory.Exists(sandbox["data1/checkouts"]));
        Assert.NotNull(await sandbox.Catalog(path).CheckOutAsync("team/wine", null, Token));
    }

    [Fact]
    public async Task CheckOut_GitBomb_IsRefusedInBoundedMemory()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var blob = await TestProgram.GitAsync(path, "rev-parse", "HEAD:team/wine/main.yml");
        var tree = await MakeTreeAsync(path, i => $"100644 blob {blob}\tf{i}");
        for (var depth = 0; depth < 8; depth++)
        {
            var below = tree;
            tree = await MakeTreeAsync(path, i => $"040000 tree {below}\td{i}");
        }
        var commit = await TestProgram.GitAsync(path, "commit-tree", "-m", "bomb", tree);
        await TestProgram.GitAsync(path, "update-ref", "refs/heads/master", commit);
        var exception = await Assert.ThrowsAsync<GitException>(() => sandbox.Catalog(path).CheckOutAsync("d0", null, Token));
        Assert.Contains("500000 files", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckOut_ManyCommitsAtOnce_EachIsItself()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var shas = new List<string>();
        for (var i = 0; i < 5; i++)
            shas.Add(await CommitAsync(path, "team/wine/number", $"{i}"));
        var catalog = sandbox.Catalog(path);
        var checkouts = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => catalog.CheckOutAsync("team/wine", shas[i % 5], Token)));
        for (var i = 0; i < 40; i++)
            Assert.Equal($"{i % 5}", await File.ReadAllTextAsync(Path.Combine(checkouts[i]!.WorkPath, "number"), Token));
    }

    [Fact]
    public async Task RemoveUnused_OldAndNotNamed_GoesAndComesBackWhenAskedFor()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var time = new ManualTime();
        var catalog = sandbox.Catalog(path, time: time);
        var first = (await catalog.CheckOutAsync("team/wine", null, Token))!;
        await CommitAsync(path, "team/wine/x", "1");
        var second = (await catalog.CheckOutAsync("team/wine", null, Token))!;
        // What another server is just laying out, for all we know.
        var partial = first.RootPath + ".0123.partial";
        Directory.CreateDirectory(partial + "/left/over");
        Directory.SetLastWriteTimeUtc(partial, time.GetUtcNow().UtcDateTime);
        Assert.Empty(await catalog.RemoveUnusedCheckoutsAsync(new HashSet<string>(), Token));
        Assert.True(Directory.Exists(partial));

        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal([first.Commit!], await catalog.RemoveUnusedCheckoutsAsync(new HashSet<string> { second.Commit! }, Token));
        Assert.False(Directory.Exists(first.RootPath));
        Assert.False(Directory.Exists(partial));
        Assert.True(Directory.Exists(second.WorkPath));
        Assert.Equal(first, await catalog.CheckOutAsync("team/wine", first.Commit, Token));
        Assert.True(File.Exists(Path.Combine(first.WorkPath, "main.yml")));
    }

    [Fact]
    public async Task CheckOut_RepositoryOfAnotherUser_IsTrustedBecauseItWasNamed()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can give files away.");
        var path = await sandbox.WorkTreeAsync("w");
        await TestProgram.RunAsync("chown", ["-R", "12345", path]);
        Assert.NotNull(await sandbox.Catalog(path).CheckOutAsync("team/wine", null, Token));
        Assert.NotNull(await sandbox.Catalog("file://" + path).CheckOutAsync("team/wine", null, Token));
    }

    private static Task<string> MakeTreeAsync(string path, Func<int, string> line) => TestProgram.RunAsync(
        "git", ["mktree"], path, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 10).Select(i => line(i) + "\n"))));
}
