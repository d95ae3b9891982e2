using System.Text;
using Odin.Git;
using Odin.Pipelines;
using static Odin.Tests.Git.GitSandbox;

namespace Odin.Tests.Git;

/// <summary>Jobs and their files.</summary>
public sealed class PipelineCatalogTests : IDisposable
{
    private readonly GitSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public async Task List_Jobs_ByNamePrefixAndPattern()
    {
        var path = await sandbox.WorkTreeAsync("w", "team/wine");
        foreach (var file in new[] { "team/beer/main.yml", "solo/main.yml", "team/beer/deep/er/main.yml", "main.yml", "no-job/x.yml", "bad name/main.yml", "dir/main.yml/x" })
            await CommitAsync(path, file, "tasks: []\n");
        var catalog = sandbox.Catalog(path);
        async Task<string> NamesAsync(string? pattern) => string.Join(' ', (await catalog.ListAsync(pattern, Token)).Select(job => job.Name));
        Assert.Equal("solo team/beer team/beer/deep/er team/wine", await NamesAsync(null));
        Assert.Equal("team/beer team/beer/deep/er team/wine", await NamesAsync("team/"));
        Assert.Equal("team/wine", await NamesAsync("*wine"));
        Assert.Equal("team/beer", await NamesAsync("team/b??r"));
        Assert.Equal("", await NamesAsync("x"));
        var job = (await catalog.ListAsync("solo", Token))[0];
        Assert.Equal($"{path}/solo/main.yml", job.Location);
        Assert.Equal(await TestProgram.GitAsync(path, "rev-parse", "HEAD"), job.Commit);
        Assert.Equal(4, (await catalog.FindAllAsync(null, Token)).Count);
    }

    [Fact]
    public async Task Find_Job_HasItsConfigurationFilesNotThoseBelow()
    {
        var path = await sandbox.WorkTreeAsync("w");
        foreach (var file in new[] { "a.py", "b.js", "c.txt", "readmetxt", "d.yml", "e.sh", "f.yaml", "g.json", "h.config", "i.cfg", "data.csv", "model.bin", "deep/j.py" })
            await CommitAsync(path, "team/wine/" + file, $"# {file}\n");
        var job = await sandbox.Catalog(path).FindAsync("team/wine", Token);
        Assert.Equal("tasks: []\n", job!.MainYml);
        Assert.Equal("a.py b.js c.txt d.yml e.sh f.yaml g.json h.config i.cfg readmetxt", string.Join(' ', job.Configs.Select(file => file.Name)));
        Assert.All(job.Configs, file => Assert.Equal($"# {file.Name}\n", file.Content));
        Assert.Equal($"{path}/team/wine/main.yml", job.Location);
        Assert.Equal($"{path}/team/wine", job.DirectoryLocation);
        Assert.Equal($"{path}/team/wine/a.py", job.Configs[0].Location);
    }

    [Fact]
    public async Task Find_LargeFiles_AreCut()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "team/wine/big.json", new string('x', 5000));
        await CommitAsync(path, "team/wine/huge.json", new string('x', 50_000));
        await CommitAsync(path, "team/wine/z.py", "small");
        var catalog = sandbox.Catalog(path, limit: limits => (limits.MaxShownBytes, limits.MaxFileBytes) = (1000, 10_000));
        var files = (await catalog.FindAsync("team/wine", Token))!.Configs;
        Assert.Equal(["big.json 1000 True", "huge.json 0 True", "z.py 5 False"], files.Select(file => $"{file.Name} {file.Content.Length} {file.IsTruncated}"));
        await Assert.ThrowsAsync<JobFileTooLargeException>(() => catalog.ReadFileAsync("team/wine", "huge.json", Token));
        Assert.Equal(5000, (await ReadAsync(catalog, "team/wine", "big.json"))!.Length);
    }

    [Fact]
    public async Task ReadFile_MissingOrDirectory_IsNull()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        Assert.Null(await catalog.ReadFileAsync("team/wine", "nothing", Token));
        Assert.Null(await catalog.ReadFileAsync("team", "wine", Token));
        Assert.Null(await catalog.ReadFileAsync("nowhere", "main.yml", Token));
        Assert.Null(await catalog.FindAsync("nowhere", Token));
        Assert.Null(await catalog.FindAsync("team", Token));
    }

    [Fact]
    public async Task WriteFile_BinaryContent_ComesBackUnchanged()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        byte[] bytes = [0, 1, 255, 13, 10, 0, 26, .. Enumerable.Repeat((byte)'\r', 100_000)];
        var written = await catalog.WriteFileAsync("team/wine", "model.bin", new MemoryStream(bytes), null, Token);
        Assert.Equal(bytes.Length, written.Bytes);
        Assert.Equal(bytes, (await catalog.ReadFileAsync("team/wine", "model.bin", Token))!.Content.ToArray());
        var empty = await catalog.WriteFileAsync("team/wine", "empty", new MemoryStream(), null, Token);
        Assert.Equal(0, empty.Bytes);
        Assert.Equal("", await ReadAsync(catalog, "team/wine", "empty"));
    }

    [Fact]
    public async Task WriteFile_Unchanged_MakesNoCommit()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var first = await WriteAsync(catalog, "team/wine", "x", "1");
        var second = await WriteAsync(catalog, "team/wine", "x", "1");
        Assert.True(first.IsChanged);
        Assert.False(second.IsChanged);
        Assert.Equal(first.Commit, second.Commit);
        Assert.Equal("2", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task WriteFile_ExecutableFile_StaysExecutable()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "team/wine/run.sh", "#!/bin/sh\n");
        await TestProgram.GitAsync(path, "update-index", "--chmod=+x", "team/wine/run.sh");
        await TestProgram.GitAsync(path, "commit", "-q", "-m", "x");
        await TestProgram.GitAsync(path, "checkout", "-q", "--", ".");
        await WriteAsync(sandbox.Catalog(path), "team/wine", "run.sh", "#!/bin/sh\ntrue\n");
        Assert.StartsWith("100755", await TestProgram.GitAsync(path, "ls-tree", "HEAD", "team/wine/run.sh"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteFile_TooLarge_IsRefusedWithoutACommit()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path, limit: limits => limits.MaxFileBytes = 1000);
        var exception = await Assert.ThrowsAsync<JobFileTooLargeException>(
            () => catalog.WriteFileAsync("team/wine", "x", new EndlessStream(), null, Token));
        Assert.Equal(1000, exception.Limit);
        Assert.Equal("1", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task WriteFile_FileInTheWayOfADirectory_IsRefused()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        await Assert.ThrowsAsync<InvalidJobPathException>(() => WriteAsync(catalog, "team/wine/main.yml", "x", "1"));
        await Assert.ThrowsAsync<InvalidJobPathException>(() => WriteAsync(catalog, "team", "wine", "1"));
        Assert.Equal("tasks: []\n", await ReadAsync(catalog, "team/wine", "main.yml"));
    }

    [Fact]
    public async Task WriteFile_OddButAllowedNames_AreNotExpressions()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        string[] names = ["-rf", "$(touch x)", "`id`", "a b", "[ab].txt", "größe", "'", "#", "%s", "{}", "~", "!", "@{u}", "HEAD"];
        foreach (var name in names)
        {
            await WriteAsync(catalog, "team/wine", name, name);
            Assert.Equal(name, await ReadAsync(catalog, "team/wine", name));
            Assert.Equal(name, await File.ReadAllTextAsync(Path.Combine(path, "team/wine", name), Token));
        }
    }

    [Fact]
    public async Task Create_Job_HasAnEmptyListOfTasksAndCannotBeMadeTwice()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var job = await catalog.CreateAsync("me/newjob", "bob", Token);
        Assert.Equal("tasks: []\n", job.MainYml);
        Assert.Equal("via odin-http create_job", await TestProgram.GitAsync(path, "log", "-1", "--format=%s"));
        Assert.Equal("bob", await TestProgram.GitAsync(path, "log", "-1", "--format=%an"));
        Assert.Equal("me/newjob", (await Assert.ThrowsAsync<JobAlreadyExistsException>(() => catalog.CreateAsync("me/newjob", null, Token))).Job);
        Assert.Equal("2", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
    }

    [Fact]
    public async Task Create_SameJobTwentyTimesAtOnce_OneWins()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await Record.ExceptionAsync(() => catalog.CreateAsync("new", null, Token))));
        Assert.Single(outcomes, outcome => outcome is null);
        Assert.Equal(19, outcomes.Count(outcome => outcome is JobAlreadyExistsException));
    }

    [Fact]
    public async Task Replace_Job_IsOneCommit()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await CommitAsync(path, "team/wine/stays.py", "here");
        var catalog = sandbox.Catalog(path);
        var files = new Dictionary<string, ReadOnlyMemory<byte>> { ["a.py"] = Encoding.UTF8.GetBytes("a"), ["b.txt"] = Encoding.UTF8.GetBytes("b") };
        var job = await catalog.ReplaceAsync("team/wine", "tasks: [] # 2\n", files, null, Token);
        Assert.Equal("tasks: [] # 2\n", job.MainYml);
        Assert.Equal("a.py b.txt stays.py", string.Join(' ', job.Configs.Select(file => file.Name)));
        Assert.Equal("3", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
        files["../x"] = default;
        await Assert.ThrowsAsync<InvalidJobPathException>(() => catalog.ReplaceAsync("team/wine", "x", files, null, Token));
    }

    [Fact]
    public async Task WriteFile_HostileAuthor_IsOnlyAName()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var catalog = sandbox.Catalog(path);
        await catalog.WriteFileAsync("a", "x", Text("1"), "eve <root@host>\nparent 0000", Token);
        Assert.Equal("eve root@hostparent 0000 <odin@example.org>", await TestProgram.GitAsync(path, "log", "-1", "--format=%an <%ae>"));
        await catalog.WriteFileAsync("a", "x", Text("2"), " <> ", Token);
        Assert.Equal("Odin Test", await TestProgram.GitAsync(path, "log", "-1", "--format=%an"));
    }

    [Fact]
    public async Task Everything_HostileNames_AreRefusedAndNothingIsReadOrWritten()
    {
        var path = await sandbox.WorkTreeAsync("w");
        await File.WriteAllTextAsync(sandbox["secret"], "secret", Token);
        var catalog = sandbox.Catalog(path);
        foreach (var job in JobNameTests.HostileJobs.Select(row => row.Data))
        {
            await RefusedAsync(() => catalog.CheckOutAsync(job, null, Token));
            await RefusedAsync(() => catalog.FindAsync(job, Token));
            await RefusedAsync(() => catalog.ReadFileAsync(job, "secret", Token));
            await RefusedAsync(() => WriteAsync(catalog, job, "x", "1"));
            await RefusedAsync(() => catalog.CreateAsync(job, null, Token));
            await RefusedAsync(() => catalog.ReplaceAsync(job, "", new Dictionary<string, ReadOnlyMemory<byte>>(), null, Token));
        }
        foreach (var file in JobNameTests.HostileFiles.Select(row => row.Data))
        {
            await RefusedAsync(() => catalog.ReadFileAsync("team/wine", file, Token));
            await RefusedAsync(() => WriteAsync(catalog, "team/wine", file, "1"));
        }
        Assert.Equal("1", await TestProgram.GitAsync(path, "rev-list", "--count", "HEAD"));
        Assert.Equal("secret", await File.ReadAllTextAsync(sandbox["secret"], Token));
    }

    [Fact]
    public void Create_WrongOptions_AreAllNamed()
    {
        var exception = Assert.Throws<GitConfigurationException>(() => sandbox.Catalog("ext::sh -c id", options => options.Branch = "--help"));
        Assert.Contains("remote helper", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'--help'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_Repository_NamesRootAndHead()
    {
        var path = await sandbox.WorkTreeAsync("w");
        var status = await sandbox.Catalog(path).RefreshAsync(Token);
        Assert.Equal(path, status.Root);
        Assert.Equal(await TestProgram.GitAsync(path, "rev-parse", "HEAD"), status.Commit);
        Assert.True(status.IsReachable);
        Assert.False(status.IsDirty);
        Assert.Null(status.Warning);
    }

    private static async Task RefusedAsync(Func<Task> call) => await Assert.ThrowsAsync<InvalidJobPathException>(call);

    /// <summary>Never ends, as a client that does not stop sending.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            return new ValueTask<int>(buffer.Length);
        }
    }
}
