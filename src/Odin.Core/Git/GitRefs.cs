namespace Odin.Git;

/// <summary>Reads the references of one repository.</summary>
internal sealed class GitRefs(GitProgram git, string gitDirectory, string commonDirectory)
{
    /// <summary>
    /// The SHA that a reference names; null if there is none. Git's own files are read first, because a run asks for the head
    /// at every submit and starting a program costs more than all the rest; whatever is not plain there is left to git.
    /// </summary>
    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var sha = await ReadLooseAsync(name, cancellationToken) ?? await ReadPackedAsync(name, cancellationToken);
        if (sha is not null)
            return sha;
        var answer = await git.AskAsync(
            new GitCall("rev-parse", "--verify", "--quiet", "--end-of-options", name) { GitDirectory = gitDirectory }, cancellationToken);
        return answer.Succeeded ? answer.Text : null;
    }

    /// <summary>The names of all branches below a prefix, without it.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var answer = await git.RunAsync(
            new GitCall("for-each-ref", "--format=%(refname)", prefix) { GitDirectory = gitDirectory }, cancellationToken);
        return [.. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(name => name[prefix.Length..])];
    }

    /// <summary>Sets a reference if it still is what the caller believes (null: does not exist). False: it is not.</summary>
    public async Task<bool> TrySetAsync(string name, string? expected, string commit, CancellationToken cancellationToken)
    {
        var call = new GitCall("update-ref", "-m", "odin", "--end-of-options", name, commit, expected ?? new string('0', commit.Length))
        {
            GitDirectory = gitDirectory,
        };
        var answer = await git.AskAsync(call, cancellationToken);
        if (answer.Succeeded)
            return true;
        return answer.SaysAny("cannot lock ref", "is at ", "reference already exists", "unable to resolve reference")
            ? false
            : throw git.Failure(call, answer.Errors);
    }

    private async Task<string?> ReadLooseAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var text = (await File.ReadAllTextAsync(Path.Combine(commonDirectory, name), cancellationToken)).TrimEnd();
            return GitRevision.IsFullSha(text) ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task<string?> ReadPackedAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in File.ReadLinesAsync(Path.Combine(commonDirectory, "packed-refs"), cancellationToken))
            {
                if (line.EndsWith(name, StringComparison.Ordinal) && line.Split(' ', 2) is [var sha, var found]
                    && found == name && GitRevision.IsFullSha(sha))
                    return sha;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No packed references.
        }
        return null;
    }
}
