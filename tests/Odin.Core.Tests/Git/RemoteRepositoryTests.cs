using System.Runtime.Versioning;
using System.Text;
using Microsoft.Extensions.Logging;
using Odin.Git;
using Odin.Pipelines;
using static Odin.Tests.Git.GitSandbox;

namespace Odin.Tests.Git;

/// <summary>A bare repository that is reached as a remote (file://), as any other remote would be.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class RemoteRepositoryTests : IDisposable
{
    private readonly GitSandbox sandbox = new();

    public void Dispose() => sandbox.Dispose();

    [Fact]
    public async Task CheckOut_SomebodyPushes_NextOneSeesIt()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        await catalog.CheckOutAsync("team/wine", null, Token);
        for (var i = 0; i < 3; i++)
        {
            var sha = await sandbox.PushAsync(bare, "team/wine/main.yml", $"tasks: [] # {i}\n");
            Assert.Equal(sha, (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit);
        }
    }

    [Fact]
    public async Task WriteFile_Remote_IsPushed()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        var written = await catalog.WriteFileAsync("team/wine", "x.py", Text("1"), "alice", Token);
        Assert.Equal(written.Commit, await TestProgram.GitAsync(bare, "rev-parse", "master"));
        Assert.Equal("alice <odin@example.org> Odin Test", await TestProgram.GitAsync(bare, "log", "-1", "--format=%an <%ae> %cn"));
        Assert.Equal($"file://{bare}/team/wine/x.py@{written.Commit}", written.Location);
        Assert.Equal("1", await ReadAsync(catalog, "team/wine", "x.py"));
    }

    [Fact]
    public async Task WriteFile_EmptyRemote_MakesTheBranch()
    {
        var bare = await sandbox.EmptyBareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        Assert.Empty(await catalog.ListAsync(null, Token));
        Assert.Null(await catalog.FindAsync("a", Token));
        Assert.Null(await catalog.CheckOutAsync("a", null, Token));
        Assert.Null((await catalog.RefreshAsync(Token)).Commit);
        await catalog.CreateAsync("a", null, Token);
        Assert.Equal("a", Assert.Single(await catalog.ListAsync(null, Token)).Name);
        Assert.Equal("1", await TestProgram.GitAsync(bare, "rev-list", "--count", "master"));
    }

    [Fact]
    public async Task List_BranchMissingOnRemote_NamesTheOnesThatExist()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare, options => options.Branch = "main");
        var exception = await Assert.ThrowsAsync<GitBranchMissingException>(() => catalog.ListAsync(null, Token));
        Assert.Contains("'master'", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<GitBranchMissingException>(() => catalog.CreateAsync("a", null, Token));
        Assert.Equal("master", await TestProgram.GitAsync(bare, "branch", "--format=%(refname:short)"));
    }

    [Fact]
    public async Task Reads_RemoteLost_ShowTheCopyAndWarnOnce()
    {
        var bare = await sandbox.BareAsync("bare");
        var time = new ManualTime();
        using var logs = new ListLoggerFactory();
        var catalog = sandbox.Catalog("file://" + bare, time: time, logs: logs);
        await catalog.CheckOutAsync("team/wine", null, Token);
        time.Advance(TimeSpan.FromMinutes(90));
        Directory.Move(bare, sandbox["lost"]);

        Assert.Single(await catalog.ListAsync(null, Token));
        Assert.Equal("tasks: []\n", await ReadAsync(catalog, "team/wine", "main.yml"));
        Assert.NotNull(await catalog.CheckOutAsync("team/wine", null, Token));
        var status = await catalog.RefreshAsync(Token);
        Assert.False(status.IsReachable);
        Assert.NotNull(status.Commit);
        Assert.Contains("file://" + bare, status.Warning, StringComparison.Ordinal);
        Assert.Contains("1 h 30 min ago", status.Warning, StringComparison.Ordinal);
        Assert.Equal(status.Warning, Assert.Single(logs.Warnings));

        Directory.Move(sandbox["lost"], bare);
        Assert.True((await catalog.RefreshAsync(Token)).IsReachable);
        Assert.Null((await catalog.GetStatusAsync(Token)).Warning);
    }

    [Fact]
    public async Task Reads_RemoteLostBeforeARestart_ShowTheCopy()
    {
        var bare = await sandbox.BareAsync("bare");
        await sandbox.Catalog("file://" + bare, options => options.DataDirectory = sandbox["data"]).ListAsync(null, Token);
        Directory.Move(bare, sandbox["lost"]);
        var catalog = sandbox.Catalog("file://" + bare, options => options.DataDirectory = sandbox["data"]);
        Assert.NotNull(await catalog.CheckOutAsync("team/wine", null, Token));
        // What is known of one remote says nothing of another.
        var other = sandbox.Catalog("file://" + sandbox["other"], options => options.DataDirectory = sandbox["data"]);
        await Assert.ThrowsAsync<GitUnavailableException>(() => other.ListAsync(null, Token));
    }

    [Fact]
    public async Task Everything_RemoteNeverSeen_IsUnavailable()
    {
        var catalog = sandbox.Catalog("file://" + sandbox["nowhere"]);
        var exception = await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.CheckOutAsync("a", null, Token));
        Assert.Contains("file://" + sandbox["nowhere"], exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.ListAsync(null, Token));
        await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.CreateAsync("a", null, Token));
        Assert.False((await catalog.RefreshAsync(Token)).IsReachable);
    }

    [Fact]
    public async Task Writes_RemoteLost_FailAndLeaveNothing()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        var before = (await catalog.RefreshAsync(Token)).Commit;
        Directory.Move(bare, sandbox["lost"]);
        await Assert.ThrowsAsync<GitUnavailableException>(() => WriteAsync(catalog, "team/wine", "x", "1"));
        await Assert.ThrowsAsync<GitUnavailableException>(() => catalog.CreateAsync("b", null, Token));
        Assert.Null(await ReadAsync(catalog, "team/wine", "x"));
        Assert.Equal(before, (await catalog.GetStatusAsync(Token)).Commit);
        Directory.Move(sandbox["lost"], bare);
        Assert.True((await WriteAsync(catalog, "team/wine", "x", "1")).IsChanged);
        Assert.Equal("2", await TestProgram.GitAsync(bare, "rev-list", "--count", "master"));
    }

    [Fact]
    public async Task WriteFile_HookOfTheRemoteDeclines_IsRefusedWithItsWordsAndLeavesNothing()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        var hook = Path.Combine(bare, "hooks/update");
        Directory.CreateDirectory(Path.GetDirectoryName(hook)!);
        await File.WriteAllTextAsync(hook, "#!/bin/sh\nif git ls-tree -r --name-only $3 | grep -q forbidden; then echo 'no such files here' >&2; exit 1; fi\n", Token);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var good = Enumerable.Range(0, 4).Select(i => WriteAsync(catalog, "team/wine", $"good{i}", "1")).ToList();
        var exception = await Assert.ThrowsAsync<GitRefusedException>(() => WriteAsync(catalog, "team/wine", "forbidden", "1"));
        Assert.Contains("no such files here", exception.Message, StringComparison.Ordinal);
        await Task.WhenAll(good);
        Assert.Null(await ReadAsync(catalog, "team/wine", "forbidden"));
        Assert.Equal("1", await ReadAsync(catalog, "team/wine", "good3"));
    }

    [Fact]
    public async Task WriteFile_TwoServersTwentyEach_AllLandInOneLine()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalogs = new[] { sandbox.Catalog("file://" + bare), sandbox.Catalog("file://" + bare) };
        var written = await Task.WhenAll(
            from server in Enumerable.Range(0, 2)
            from file in Enumerable.Range(0, 20)
            select WriteAsync(catalogs[server], "team/wine", $"s{server}f{file}.txt", $"{server} {file}"));
        Assert.Equal(40, written.Select(one => one.Commit).Distinct().Count());
        Assert.Equal("41", await TestProgram.GitAsync(bare, "rev-list", "--count", "master"));
        Assert.Equal("0", await TestProgram.GitAsync(bare, "rev-list", "--count", "--min-parents=2", "master"));
        foreach (var catalog in catalogs)
        {
            var job = await catalog.FindAsync("team/wine", Token);
            Assert.Equal(40, job!.Configs.Count);
            Assert.Contains(job.Configs, file => file is { Name: "s1f7.txt", Content: "1 7" });
        }
    }

    [Fact]
    public async Task WriteFile_OneAfterTheOtherFromTwoServers_NobodyStarves()
    {
        var bare = await sandbox.BareAsync("bare");
        async Task WriteManyAsync(PipelineCatalog catalog, string name)
        {
            for (var i = 0; i < 8; i++)
                await WriteAsync(catalog, "team/wine", $"{name}{i}", $"{i}");
        }
        await Task.WhenAll(WriteManyAsync(sandbox.Catalog("file://" + bare), "a"), WriteManyAsync(sandbox.Catalog("file://" + bare), "b"));
        Assert.Equal("17", await TestProgram.GitAsync(bare, "rev-list", "--count", "master"));
    }

    [Fact]
    public async Task Create_SameJobFromTwoServers_OneWins()
    {
        var bare = await sandbox.BareAsync("bare");
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            var catalog = sandbox.Catalog("file://" + bare);
            return await Record.ExceptionAsync(() => catalog.CreateAsync("new/job", null, Token));
        }));
        Assert.Single(outcomes, outcome => outcome is null);
        Assert.Single(outcomes, outcome => outcome is JobAlreadyExistsException);
    }

    [Fact]
    public async Task Reads_WhileOthersWrite_AlwaysFindACompleteTree()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        var files = new Dictionary<string, ReadOnlyMemory<byte>>();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                files["a.txt"] = files["b.txt"] = Encoding.UTF8.GetBytes($"{i}");
                await catalog.ReplaceAsync("pair", "tasks: []\n", files, null, Token);
            }
        }, Token);
        while (!writing.IsCompleted)
        {
            var jobs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => catalog.FindAsync("pair", Token)));
            foreach (var job in jobs.OfType<JobFiles>())
                Assert.Single(job.Configs.Select(file => file.Content).Distinct());
        }
        await writing;
    }

    [Fact]
    public async Task CheckOut_Revisions_AreFoundAfterAPush()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        var old = (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit!;
        var sha = await sandbox.PushAsync(bare, "team/wine/main.yml", "tasks: [] # new\n");
        await TestProgram.GitAsync(bare, "branch", "feature/x", sha);
        await TestProgram.GitAsync(bare, "tag", "-a", "v1.0", "-m", "one", sha);
        await TestProgram.GitAsync(bare, "update-ref", "refs/heads/master", old);
        foreach (var revision in new[] { "feature/x", "v1.0", sha, sha[..10] })
            Assert.Equal(sha, (await catalog.CheckOutAsync("team/wine", revision, Token))!.Commit);
        Assert.Equal(old, (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit);
        foreach (var revision in new[] { "nowhere", new string('a', 40), "-d", "--help", "HEAD~1", "master:team", "../x", "" })
        {
            var exception = await Assert.ThrowsAsync<JobRevisionNotFoundException>(() => catalog.CheckOutAsync("team/wine", revision, Token));
            Assert.Equal(revision, exception.Revision);
        }
    }

    [Fact]
    public async Task CheckOut_HistoryRewritten_FollowsTheRemoteAndOldCommitsStay()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare);
        var root = (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit!;
        var gone = await sandbox.PushAsync(bare, "team/wine/x", "1");
        await catalog.CheckOutAsync("team/wine", null, Token);
        await TestProgram.GitAsync(bare, "update-ref", "refs/heads/master", root);
        Assert.Equal(root, (await catalog.CheckOutAsync("team/wine", null, Token))!.Commit);
        Assert.Equal(gone, (await catalog.CheckOutAsync("team/wine", gone, Token))!.Commit);
        await WriteAsync(catalog, "team/wine", "y", "1");
        Assert.Equal("2", await TestProgram.GitAsync(bare, "rev-list", "--count", "master"));
    }

    [Fact]
    public async Task Reads_RemoteHangs_TimeOutToTheCopy()
    {
        var bare = await sandbox.BareAsync("bare");
        var catalog = sandbox.Catalog("file://" + bare, options => options.DataDirectory = sandbox["data"]);
        await catalog.ListAsync(null, Token);
        // A pipe that nobody writes to: git opens it and waits for ever.
        File.Delete(Path.Combine(bare, "HEAD"));
        await TestProgram.RunAsync("mkfifo", [Path.Combine(bare, "HEAD")]);
        var hasty = sandbox.Catalog("file://" + bare, options =>
        {
            options.DataDirectory = sandbox["data"];
            options.NetworkTimeout = TimeSpan.FromSeconds(1);
        });
        var status = await hasty.RefreshAsync(Token);
        Assert.Contains("did not answer within 1 s", status.Warning, StringComparison.Ordinal);
        Assert.Single(await hasty.ListAsync(null, Token));
    }

    private sealed class ListLoggerFactory : ILoggerFactory, ILogger
    {
        public List<string> Warnings { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
                Warnings.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
