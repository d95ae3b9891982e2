using System.Diagnostics;
using System.Text.Json.Nodes;
using Odin.Chores;

namespace Odin.Tests.Chores;

public sealed class GitChoreTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public GitChoreTests()
    {
        Git(directory.Path, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git");
        Git(directory.Path, "clone", "--quiet", "remote.git", "ours");
        Git(directory.Path, "clone", "--quiet", "remote.git", "theirs");
        foreach (var clone in new[] { "ours", "theirs" })
        {
            Git(directory[clone], "config", "user.name", clone);
            Git(directory[clone], "config", "user.email", $"{clone}@localhost");
            Git(directory[clone], "checkout", "--quiet", "-B", "main");
        }
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task AddCommitPush_Change_ReachesTheRemote()
    {
        File.WriteAllText(directory["ours/a.txt"], "alpha");
        File.WriteAllText(directory["ours/--b"], "named like an option");
        Assert.Equal(directory["ours"], await RunAsync(new GitAddChore(), "ours", ("files", new JsonArray("a.txt", "--b"))));
        var commit = await RunAsync(new GitCommitChore(), "ours", ("message", "Add a file"));
        Assert.Equal(commit, await RunAsync(new GitPushChore(), "ours"));
        Assert.Equal(commit, Git(directory["remote.git"], "rev-parse", "main"));
        Assert.Equal("Add a file", Git(directory["remote.git"], "log", "-1", "--format=%s", "main"));
    }

    [Fact]
    public async Task Commit_NothingStaged_IsSkipped()
    {
        File.WriteAllText(directory["ours/a.txt"], "not staged");
        var chore = new GitCommitChore();
        var arguments = new ChoreArguments(chore.Parameters, new JsonObject { ["dir"] = directory["ours"], ["message"] = "x" });
        Assert.IsType<ChoreResult.Skipped>(await chore.RunAsync(arguments, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Push_RemoteIsAhead_GoesOnTopAndKeepsUncommittedWork()
    {
        Commit("theirs", "theirs.txt", "1");
        Git(directory["theirs"], "push", "--quiet", "origin", "main");
        Commit("ours", "ours.txt", "1");
        File.WriteAllText(directory["ours/ours.txt"], "being written");
        await RunAsync(new GitPushChore(), "ours");
        Assert.Equal("ours.txt\ntheirs.txt", Git(directory["remote.git"], "ls-tree", "--name-only", "main"));
        Assert.Equal("being written", File.ReadAllText(directory["ours/ours.txt"]));
        await RunAsync(new GitPullChore(), "theirs");
        Assert.Equal("1", File.ReadAllText(directory["theirs/ours.txt"]));
    }

    [Fact]
    public async Task Push_Conflict_FailsAndLeavesTheWorkTreeAsItWas()
    {
        Commit("theirs", "same.txt", "theirs");
        Git(directory["theirs"], "push", "--quiet", "origin", "main");
        Commit("ours", "same.txt", "ours");
        var before = Git(directory["ours"], "rev-parse", "HEAD");
        var error = await Assert.ThrowsAsync<ChoreException>(() => RunAsync(new GitPushChore(), "ours"));
        Assert.StartsWith($"The commits in '{directory["ours"]}' conflict with those of 'origin/main'; nothing was changed.", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Git(directory["ours"], "rev-parse", "main"));
        Assert.Equal("", Git(directory["ours"], "status", "--porcelain"));
    }

    [Fact]
    public async Task Push_NoRepository_SaysWhere()
    {
        Directory.CreateDirectory(directory["plain"]);
        var error = await Assert.ThrowsAsync<ChoreException>(() => RunAsync(new GitPushChore(), "plain"));
        Assert.Contains($"failed in '{directory["plain"]}'", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ChoreException>(() => RunAsync(new GitPushChore(), "missing"));
    }

    private async Task<string> RunAsync(IChore chore, string clone, params (string Name, JsonNode Value)[] more)
    {
        var arguments = new JsonObject(more.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Name, pair.Value))) { ["dir"] = directory[clone] };
        var result = await chore.RunAsync(new ChoreArguments(chore.Parameters, arguments), TestContext.Current.CancellationToken);
        return (string)Assert.IsType<ChoreResult.Done>(result).Value!;
    }

    private void Commit(string clone, string file, string text)
    {
        File.WriteAllText(directory[$"{clone}/{file}"], text);
        Git(directory[clone], "add", file);
        Git(directory[clone], "commit", "--quiet", "-m", file);
    }

    private static string Git(string workingDirectory, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = workingDirectory, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return output;
    }
}
