using System.Text;
using Odin.Git;
using Odin.Pipelines;
using static Odin.Tests.Git.GitSandbox;

namespace Odin.Tests.Git;

/// <summary>Whole jobs that are written as one commit.</summary>
public sealed class JobUploadTests : IDisposable
{
    private static readonly JobUploadOptions Add = new(Create: false, Prune: false);
    private readonly GitSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public async Task WriteFiles_Directory_IsOneCommitThatKeepsModes()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var written = await WriteAsync(catalog, "team/wine", Add, "main.yml=tasks: [] # 2", "+scripts/go.sh=#!/bin/sh", "./scripts/deep/a.py=a");
        Assert.True(written.IsChanged);
        Assert.Equal((3, 23, 0), (written.Files, (int)written.Bytes, written.Removed.Count));
        Assert.Equal($"{path}/team/wine@{written.Commit}", written.Location);
        Assert.Equal("2", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
        Assert.Equal(
            "100644 main.yml, 100644 scripts/deep/a.py, 100755 scripts/go.sh", await ListAsync(path, "team/wine"));
        var checkout = await catalog.CheckOutAsync("team/wine", null, Token);
        await TestProgram.RunAsync("test", ["-x", Path.Combine(checkout!.WorkPath, "scripts/go.sh")]);

        // Only the mode changes, then nothing at all.
        Assert.True((await WriteAsync(catalog, "team/wine", Add, "scripts/go.sh=#!/bin/sh")).IsChanged);
        Assert.Contains("100644 scripts/go.sh", await ListAsync(path, "team/wine"), StringComparison.Ordinal);
        var again = await WriteAsync(catalog, "team/wine", Add, "scripts/go.sh=#!/bin/sh");
        Assert.Equal((false, await TestProgram.GitAsync(path, "rev-parse", "HEAD")), (again.IsChanged, again.Commit));
    }

    [Fact]
    public async Task WriteFiles_Prune_RemovesWhatIsNotThereButNoOtherJob()
    {
        var path = await sandbox.WorkTreeAsync("w", "team");
        foreach (var file in new[] { "team/old.py", "team/lib/old.py", "team/wine/main.yml", "team/wine/lib/x.py", "teams/main.yml" })
            await CommitAsync(path, file, "tasks: []\n");
        var written = await WriteAsync(sandbox.Catalog(path), "team", new(Create: false, Prune: true), "main.yml=tasks: []", "new.py=n");
        Assert.Equal(["lib/old.py", "old.py"], written.Removed);
        Assert.Equal("100644 main.yml, 100644 new.py, 100644 wine/lib/x.py, 100644 wine/main.yml", await ListAsync(path, "team"));
        Assert.Equal("100644 main.yml", await ListAsync(path, "teams"));
    }

    [Fact]
    public async Task WriteFiles_Create_WantsANewJobAndOtherwiseAnOldOne()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var missing = await Assert.ThrowsAsync<JobNotFoundException>(() => WriteAsync(catalog, "team/wien", Add, "main.yml=tasks: []"));
        Assert.Contains("--create", missing.Message, StringComparison.Ordinal);
        await WriteAsync(catalog, "team/beer", new(Create: true, Prune: false), "main.yml.jinja2=tasks: []");
        await Assert.ThrowsAsync<JobAlreadyExistsException>(() => WriteAsync(catalog, "team/wine", new(Create: true, Prune: false), "main.yml=tasks: []"));
        await Assert.ThrowsAsync<JobAlreadyExistsException>(() => WriteAsync(catalog, "team/beer", new(Create: true, Prune: false), "main.yml=tasks: []"));
        Assert.Equal("2", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
    }

    [Theory]
    [InlineData("no 'main.yml'", true, "a.py=a")]
    [InlineData("no files", false)]
    [InlineData("twice", false, "a.py=a", "./a.py=b")]
    [InlineData("leads elsewhere", false, "../wine2/a.py=a")]
    [InlineData("leads elsewhere", false, "a/../../x=a")]
    [InlineData("absolute", false, "/etc/passwd=a")]
    [InlineData("belongs to git", false, "lib/.git/config=a")]
    [InlineData("is empty", false, "lib//a=a")]
    [InlineData("not a directory", false, "main.yml/a=a")]
    [InlineData("longer than", false, "LONG=a")]
    public async Task WriteFiles_WhatIsNoJob_IsRefused(string because, bool prune, params string[] files)
    {
        var path = await sandbox.WorkTreeAsync("w");
        var tooLong = string.Join('/', Enumerable.Repeat("abcdefghi", 110));
        var error = await Assert.ThrowsAsync<InvalidJobPathException>(
            () => WriteAsync(sandbox.Catalog(path), "team/wine", new(false, prune), [.. files.Select(f => f.Replace("LONG", tooLong, StringComparison.Ordinal))]));
        Assert.Contains(because, error.Message, StringComparison.Ordinal);
        Assert.Equal("1", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task WriteFiles_TooLarge_IsRefused()
    {
        var catalog = sandbox.Catalog(await sandbox.WorkTreeAsync("w"), limit: limits => limits.MaxFileBytes = 3);
        await Assert.ThrowsAsync<JobFileTooLargeException>(() => WriteAsync(catalog, "team/wine", Add, "a=1234"));
    }

    [Fact]
    public async Task WriteFiles_ManyFiles_AreAllThere()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var files = Enumerable.Range(0, 120).Select(i => $"d{i % 7}/f{i}=1").ToArray();
        Assert.Equal(120, (await WriteAsync(sandbox.Catalog(path), "team/wine", Add, files)).Files);
        Assert.Equal(121, (await ListAsync(path, "team/wine")).Split(", ").Length);
    }

    // "+a/b=text" is an executable file.
    private static Task<FilesWritten> WriteAsync(PipelineCatalog catalog, string job, JobUploadOptions how, params string[] files) =>
        catalog.WriteFilesAsync(
            job,
            files.Select(text => text.Split('=', 2))
                .Select(parts => new JobUploadFile(parts[0].TrimStart('+'), parts[0].StartsWith('+'), Encoding.UTF8.GetBytes(parts[1])))
                .ToAsyncEnumerable(),
            how, null, Token);

    private static async Task<string> ListAsync(string path, string job)
    {
        var lines = (await TestProgram.GitAsync(path, "ls-tree", "-r", "HEAD:" + job)).Split('\n');
        return string.Join(", ", lines.Select(line => $"{line[..6]} {line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]}"));
    }
}
