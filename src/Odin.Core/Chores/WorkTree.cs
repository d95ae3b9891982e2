using System.ComponentModel;
using System.Diagnostics;
using Odin.Git;

namespace Odin.Chores;

/// <summary>
/// Somebody's git work tree, used with that person's own configuration and keys. (The engine's repository of jobs is another
/// thing: see <see cref="Odin.Git"/>.)
/// </summary>
internal sealed class WorkTree(string directory)
{
    private const int PushAttempts = 5;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public async Task AddAsync(IEnumerable<string> files, CancellationToken cancellationToken) =>
        await GitAsync(["add", "--", .. files], cancellationToken);

    /// <summary>The new commit; null when nothing is staged.</summary>
    public async Task<string?> CommitAsync(string message, CancellationToken cancellationToken)
    {
        var (exitCode, _, errors) = await AskAsync(["diff", "--cached", "--quiet"], cancellationToken);
        if (exitCode == 0)
            return null;
        if (exitCode != 1)
            throw Failure("diff", errors);
        await GitAsync(["commit", "--quiet", "--message", message], cancellationToken);
        return await HeadAsync(cancellationToken);
    }

    /// <summary>Pushes the branch to <c>origin</c>, after putting our commits on top of those that came there first.</summary>
    public async Task<string> PushAsync(CancellationToken cancellationToken)
    {
        var branch = await BranchAsync(cancellationToken);
        for (var attempt = 1; ; attempt++)
        {
            await TakeOverRemoteAsync(branch, cancellationToken);
            var (exitCode, _, errors) = await AskAsync(["push", "--quiet", "origin", $"HEAD:refs/heads/{branch}"], cancellationToken);
            if (exitCode == 0)
                return await HeadAsync(cancellationToken);
            var isLate = errors.Contains("fetch first", StringComparison.Ordinal) || errors.Contains("non-fast-forward", StringComparison.Ordinal)
                || errors.Contains("cannot lock ref", StringComparison.Ordinal);
            if (!isLate || attempt == PushAttempts)
                throw Failure("push", errors);
        }
    }

    /// <summary>Takes over what is new in <c>origin</c>.</summary>
    public async Task<string> PullAsync(CancellationToken cancellationToken)
    {
        if (!await TakeOverRemoteAsync(await BranchAsync(cancellationToken), cancellationToken))
            throw new ChoreException($"The remote 'origin' of '{directory}' has no branch of that name to pull from.");
        return await HeadAsync(cancellationToken);
    }

    private async Task<bool> TakeOverRemoteAsync(string branch, CancellationToken cancellationToken)
    {
        // 2: the remote has no such branch yet.
        var (exitCode, _, errors) = await AskAsync(["ls-remote", "--exit-code", "--heads", "origin", $"refs/heads/{branch}"], cancellationToken);
        if (exitCode == 2)
            return false;
        if (exitCode != 0)
            throw Failure("ls-remote", errors);
        await GitAsync(["fetch", "--quiet", "origin", $"refs/heads/{branch}"], cancellationToken);
        if (await GitAsync(["rev-list", "--count", "HEAD..FETCH_HEAD"], cancellationToken) == "0")
            return true;
        // Uncommitted changes are put aside and brought back by git itself.
        var rebase = await AskAsync(["rebase", "--quiet", "--autostash", "FETCH_HEAD"], cancellationToken);
        if (rebase.ExitCode != 0)
        {
            await AskAsync(["rebase", "--abort"], cancellationToken);
            throw new ChoreException(
                $"The commits in '{directory}' conflict with those of 'origin/{branch}'; nothing was changed. Resolve it by hand: {GitText.Summarize(rebase.Errors)}.");
        }
        return true;
    }

    private async Task<string> BranchAsync(CancellationToken cancellationToken)
    {
        var (exitCode, output, errors) = await AskAsync(["symbolic-ref", "--quiet", "--short", "HEAD"], cancellationToken);
        return exitCode switch
        {
            0 => output,
            1 => throw new ChoreException($"'{directory}' is not on a branch; check one out first."),
            _ => throw Failure("symbolic-ref", errors),
        };
    }

    private Task<string> HeadAsync(CancellationToken cancellationToken) => GitAsync(["rev-parse", "HEAD"], cancellationToken);

    private async Task<string> GitAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var (exitCode, output, errors) = await AskAsync(arguments, cancellationToken);
        return exitCode == 0 ? output : throw Failure(arguments[0], errors);
    }

    private ChoreException Failure(string command, string errors) =>
        new($"git {command} failed in '{directory}': {GitText.Redact(GitText.Summarize(errors))}.");

    private async Task<(int ExitCode, string Output, string Errors)> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
            throw new ChoreException($"There is no directory '{directory}'.");
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = directory };
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_EDITOR"] = "true";
        start.Environment["LC_ALL"] = "C";
        // Git has a command with options started by a shell, which an image need not have. There is no terminal to ask on either.
        if (File.Exists("/bin/sh"))
            start.Environment.TryAdd("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        SetIdentity(start.Environment);
        var output = "";
        try
        {
            var end = await ProgramRunner.RunAsync(
                start,
                async (stdin, stdout, token) =>
                {
                    await stdin.DisposeAsync();
                    using var reader = new StreamReader(stdout);
                    output = await reader.ReadToEndAsync(token);
                },
                Deadline,
                cancellationToken);
            return (end.ExitCode, output.Trim(), end.Errors);
        }
        catch (Exception e) when (e is Win32Exception or TimeoutException)
        {
            throw new ChoreException($"git {arguments[0]} could not be run in '{directory}': {e.Message}", e);
        }
    }

    /// <summary><c>ODIN_GIT_NAME</c> and <c>ODIN_GIT_EMAIL</c> win over git's own configuration.</summary>
    private static void SetIdentity(IDictionary<string, string?> environment)
    {
        foreach (var role in new[] { "AUTHOR", "COMMITTER" })
        {
            if (Environment.GetEnvironmentVariable("ODIN_GIT_NAME") is { Length: > 0 } name)
                environment[$"GIT_{role}_NAME"] = name;
            if (Environment.GetEnvironmentVariable("ODIN_GIT_EMAIL") is { Length: > 0 } email)
                environment[$"GIT_{role}_EMAIL"] = email;
        }
    }
}
