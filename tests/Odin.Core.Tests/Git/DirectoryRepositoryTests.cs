using System.Runtime.Versioning;
using Odin.Git;
using Odin.Pipelines;
using static Odin.Tests.Git.GitSandbox;

namespace Odin.Tests.Git;

/// <summary>A repository that is used in place.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DirectoryRepositoryTests : IDisposable
{
    private readonly GitSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_MissingOrEmptyDirectory_BecomesARepositoryWithAReadme(bool exists)
    {
        var path = sandbox["new/pipelines"];
        if (exists)
            Directory.CreateDirectory(path);
        var catalog = sandbox.Catalog(path);
        await catalog.OpenAsync(Token);
        Assert.Contains("main.yml", await File.ReadAllTextAsync(Path.Combine(path, "README.md"), Token), StringComparison.Ordinal);
        Assert.Equal("master", await TestProgram.GitAsync(path, "symbolic-ref", "--short", "HEAD"));
        Assert.Equal("", await TestProgram.GitAsync(path, "status", "--porcelain"));
        Assert.Equal("Odin Test <odin@example.org>", await TestProgram.GitAsync(path, "log", "--format=%an <%ae>"));
        Assert.Empty(await catalog.ListAsync(null, Token));

        await sandbox.Catalog(path).OpenAsync(Token);
        Assert.Equal("1", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task Open_NoSource_UsesTheDataDirectory()
    {
        var catalog = sandbox.Catalog(null);
        await catalog.OpenAsync(Token);
        Assert.EndsWith("/data1/pipelines", catalog.Root, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(catalog.Root, "README.md")));
    }

    [Fact]
    public async Task Open_DirectoryWithFilesButNoRepository_SaysWhatToDo()
    {
        Directory.CreateDirectory(sandbox["plain"]);
        await File.WriteAllTextAsync(sandbox["plain/x"], "x", Token);
        var exception = await Assert.ThrowsAsync<GitException>(() => sandbox.Catalog(sandbox["plain"]).OpenAsync(Token));
        Assert.Contains("git init", exception.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(sandbox["plain/.git"]));
    }

    [Fact]
    public async Task Open_EmptyDirectoryInsideAnotherRepository_BecomesARepositoryOfItsOwn()
    {
        var outer = await sandbox.WorkTreeAsync("outer");
        var catalog = sandbox.Catalog(Path.Combine(outer, "inner"));
        await WriteAsync(catalog, "a", "x", "1");
        Assert.True(Directory.Exists(Path.Combine(outer, "inner", ".git")));
        Assert.Equal("1", await TestProgram.GitAsync(outer, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task CheckOut_PersonCommits_NextOneSeesIt()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var first = await catalog.CheckOutAsync("team/wine", null, Token);
        var sha = await CommitAsync(path, "team/wine/main.yml", "tasks: [] # two\n");
        var second = await catalog.CheckOutAsync("team/wine", null, Token);
        Assert.Equal(sha, second!.Commit);
        Assert.Equal("tasks: [] # two\n", await File.ReadAllTextAsync(Path.Combine(second.WorkPath, "main.yml"), Token));
        Assert.Equal("tasks: []\n", await File.ReadAllTextAsync(Path.Combine(first!.WorkPath, "main.yml"), Token));
        await TestProgram.GitAsync(path, "pack-refs", "--all");
        Assert.Equal(sha, (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit);
    }

    [Fact]
    public async Task CheckOut_PersonEditsWithoutCommit_IsNotSeen()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        await File.WriteAllTextAsync(Path.Combine(path, "team/wine/main.yml"), "half done", Token);
        Assert.Equal("tasks: []\n", await ReadAsync(catalog, "team/wine", "main.yml"));
    }

    [Fact]
    public async Task WriteFile_BranchIsCheckedOut_AppearsInTheWorkTree()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var written = await WriteAsync(sandbox.Catalog(path), "team/wine", "train.py", "print()");
        Assert.Equal("print()", await File.ReadAllTextAsync(Path.Combine(path, "team/wine/train.py"), Token));
        Assert.Equal("", await TestProgram.GitAsync(path, "status", "--porcelain"));
        Assert.Equal(written.Commit, await TestProgram.GitAsync(path, "rev-parse", "HEAD"));
        Assert.Equal($"{path}/team/wine/train.py@{written.Commit}", written.Location);
        Assert.Equal("via odin-http upload_job_file", await TestProgram.GitAsync(path, "log", "-1", "--format=%s"));
    }

    [Fact]
    public async Task WriteFile_UncommittedWorkElsewhere_IsKept()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "other/main.yml", "tasks: []\n");
        await File.WriteAllTextAsync(Path.Combine(path, "other/main.yml"), "edited", Token);
        await File.WriteAllTextAsync(Path.Combine(path, "untracked"), "u", Token);
        await WriteAsync(sandbox.Catalog(path), "team/wine", "train.py", "print()");
        Assert.Equal("edited", await File.ReadAllTextAsync(Path.Combine(path, "other/main.yml"), Token));
        Assert.Equal(" M other/main.yml\n?? untracked", await TestProgram.GitAsync(path, "status", "--porcelain"));
    }

    [Theory]
    [InlineData("main.yml")]
    [InlineData("untracked.py")]
    public async Task WriteFile_UncommittedWorkInTheWay_IsRefusedAndNothingChanges(string file)
    {
        var path = await sandbox.WorkTreeAsync("w");
        var head = await TestProgram.GitAsync(path, "rev-parse", "HEAD");
        await File.WriteAllTextAsync(Path.Combine(path, "team/wine", file), "mine", Token);
        var catalog = sandbox.Catalog(path);
        var exception = await Assert.ThrowsAsync<GitRefusedException>(() => WriteAsync(catalog, "team/wine", file, "theirs"));
        Assert.Contains("team/wine/" + file, exception.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(path, "team/wine", file), Token));
        Assert.Equal(head, await TestProgram.GitAsync(path, "rev-parse", "HEAD"));
        Assert.Equal(head, (await catalog.GetStatusAsync(Token)).Commit);
    }

    [Fact]
    public async Task WriteFile_AnotherBranchIsCheckedOut_LeavesTheWorkTreeAlone()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await TestProgram.GitAsync(path, "checkout", "-q", "-b", "mine");
        var written = await WriteAsync(sandbox.Catalog(path), "team/wine", "x", "1");
        Assert.Equal(written.Commit, await TestProgram.GitAsync(path, "rev-parse", "master"));
        Assert.Equal("", await TestProgram.GitAsync(path, "status", "--porcelain"));
        Assert.False(File.Exists(Path.Combine(path, "team/wine/x")));
    }

    [Fact]
    public async Task WriteFile_LeftOverIndexLock_IsUnavailableAndNamesTheFile()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var lockFile = Path.Combine(path, ".git/index.lock");
        await File.WriteAllTextAsync(lockFile, "", Token);
        var catalog = sandbox.Catalog(path);
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => WriteAsync(catalog, "a", "x", "1"));
        Assert.Contains(lockFile, exception.Message, StringComparison.Ordinal);
        File.Delete(lockFile);
        Assert.True((await WriteAsync(catalog, "a", "x", "1")).IsChanged);
    }

    [Fact]
    public async Task WriteFile_WhileAPersonCommits_NeitherIsLost()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var ours = Enumerable.Range(0, 10).Select(i => WriteAsync(catalog, "ours", $"f{i}", $"{i}")).ToList();
        for (var i = 0; i < 5; i++)
            await TestProgram.GitAsync(path, "commit", "-q", "--allow-empty", "-m", $"person {i}");
        await Task.WhenAll(ours);
        var log = (await TestProgram.GitAsync(path, "log", "--format=%s")).Split('\n');
        Assert.Equal(5, log.Count(line => line.StartsWith("person", StringComparison.Ordinal)));
        Assert.Equal(10, Directory.GetFiles(Path.Combine(path, "ours")).Length);
        Assert.Equal("", await TestProgram.GitAsync(path, "status", "--porcelain"));
    }

    [Fact]
    public async Task WriteFile_RepositoryWithoutCommits_MakesTheFirstOneOnOurBranch()
    {
        var path = sandbox["unborn"];
        await TestProgram.RunAsync("git", ["init", "-q", "-b", "main", path]);
        var catalog = sandbox.Catalog(path);
        Assert.Empty(await catalog.ListAsync(null, Token));
        Assert.Null(await catalog.CheckOutAsync("a", null, Token));
        await catalog.CreateAsync("a", null, Token);
        Assert.Equal("master", await TestProgram.GitAsync(path, "symbolic-ref", "--short", "HEAD"));
        Assert.True(File.Exists(Path.Combine(path, "a/main.yml")));
    }

    [Fact]
    public async Task List_BranchMissing_NamesTheOnesThatExist()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path, options => options.Branch = "main");
        var exception = await Assert.ThrowsAsync<GitBranchMissingException>(() => catalog.ListAsync(null, Token));
        Assert.Contains("'main'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'master'", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<GitBranchMissingException>(() => catalog.CreateAsync("a", null, Token));
        Assert.False((await catalog.RefreshAsync(Token)).IsReachable);
    }

    [Fact]
    public async Task WriteFile_BareRepository_IsCommittedInPlace()
    {
        var path = await sandbox.BareAsync("bare");
        var written = await WriteAsync(sandbox.Catalog(path), "team/wine", "x", "1");
        Assert.Equal(written.Commit, await TestProgram.GitAsync(path, "rev-parse", "master"));
    }

    [Fact]
    public async Task WriteFile_LinkedWorkTree_IsFollowed()
    {
        var main = await sandbox.WorkTreeAsync("main");
        await TestProgram.GitAsync(main, "worktree", "add", "-q", "-b", "jobs", sandbox["linked"]);
        var catalog = sandbox.Catalog(sandbox["linked"], options => options.Branch = "jobs");
        var written = await WriteAsync(catalog, "team/wine", "x", "1");
        Assert.Equal(written.Commit, await TestProgram.GitAsync(main, "rev-parse", "jobs"));
        Assert.True(File.Exists(sandbox["linked/team/wine/x"]));
        Assert.Equal(written.Commit, (await catalog.RefreshAsync(Token)).Commit);
    }

    [Fact]
    public async Task List_DirectoryVanishes_IsUnavailable()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        Assert.Single(await catalog.ListAsync(null, Token));
        Directory.Move(path, sandbox["elsewhere"]);
        await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.ListAsync(null, Token));
        await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.CreateAsync("b", null, Token));
        Directory.Move(sandbox["elsewhere"], path);
        Assert.Single(await catalog.ListAsync(null, Token));
    }

    [Fact]
    public async Task CheckOut_TwoHundredAtOnce_OneCommitOneDirectory()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var checkouts = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => catalog.CheckOutAsync("team/wine", null, Token)));
        Assert.Single(checkouts.Select(checkout => checkout!.RootPath).Distinct());
        Assert.Equal(["team"], Directory.GetDirectories(checkouts[0]!.RootPath).Select(Path.GetFileName));
        Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(checkouts[0]!.RootPath)!));
    }

    [Fact]
    public async Task WriteFile_HooksAndFiltersOfTheRepository_HooksAreNotRun()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var hook = Path.Combine(path, ".git/hooks/post-merge");
        Directory.CreateDirectory(Path.GetDirectoryName(hook)!);
        await File.WriteAllTextAsync(hook, $"#!/bin/sh\ntouch '{sandbox["ran"]}'\n", Token);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await WriteAsync(sandbox.Catalog(path), "a", "x", "1");
        Assert.False(File.Exists(sandbox["ran"]));
    }
}
