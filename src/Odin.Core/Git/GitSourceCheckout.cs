using Odin.Files;

namespace Odin.Git;

/// <summary>Which repository a source is in, and how to get in.</summary>
public sealed record GitSourceAddress
{
    /// <summary>As <see cref="GitOptions.Source"/> has it.</summary>
    public required string Uri { get; init; }

    /// <summary>For https; null: none.</summary>
    public string? UserName { get; init; }

    public string? Password { get; init; }

    /// <summary>For SSH: the private key as it stands in its file; null: what the machine has.</summary>
    public string? SshKey { get; init; }

    /// <summary>For SSH: lines of <c>known_hosts</c>; null: what the machine has.</summary>
    public string? KnownHosts { get; init; }

    public override string ToString() => GitText.Redact(Uri);
}

/// <summary>Lays out one commit of somebody's repository, without history where that suffices.</summary>
public static class GitSourceCheckout
{
    private const int ShortestPrefix = 4, CommitLength = 40;

    /// <summary>Lays the source out.</summary>
    /// <param name="address">The repository.</param>
    /// <param name="reference">Branch, tag, <c>refs/…</c>, <c>origin/…</c>, a commit or the beginning of one; empty: the default branch.</param>
    /// <param name="target">An empty directory.</param>
    /// <param name="scratch">A directory that nobody else may read; credentials lie in it for the time being.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The commit.</returns>
    /// <exception cref="GitException">It cannot; the message says why.</exception>
    public static async Task<string> LayOutAsync(GitSourceAddress address, string reference, string target, string scratch, CancellationToken cancellationToken)
    {
        var (parsed, options) = Prepare(address, scratch);
        using var git = new GitProgram(parsed, options);
        git.Prepare();
        await git.RunAsync(new GitCall("init", "--quiet", "--template=", "--", target), cancellationToken);
        var gitDirectory = Path.Combine(target, ".git");
        var source = new Source(git, parsed, options, gitDirectory, target);
        var commit = await source.FetchAsync(reference, cancellationToken);
        await git.RunAsync(new GitCall("checkout", "--quiet", "--force", "--detach", commit) { GitDirectory = gitDirectory, WorkTree = target }, cancellationToken);
        return commit;
    }

    /// <summary>The names of all references of the repository, <c>HEAD</c> among them: shows whether it can be read.</summary>
    /// <param name="scratch">A directory that nobody else may read; credentials lie in it for the time being.</param>
    /// <exception cref="GitException">It cannot; the message says why.</exception>
    public static async Task<IReadOnlySet<string>> ListReferencesAsync(GitSourceAddress address, string scratch, CancellationToken cancellationToken)
    {
        var (parsed, options) = Prepare(address, scratch);
        using var git = new GitProgram(parsed, options);
        git.Prepare();
        return (await new Source(git, parsed, options, "", "").ListAsync(cancellationToken)).Keys.ToHashSet(StringComparer.Ordinal);
    }

    private static (GitAddress, GitOptions) Prepare(GitSourceAddress address, string scratch)
    {
        if (!GitAddress.TryParse(address.Uri, allowInsecureHttp: false, out var parsed, out var error))
            throw new GitException(error.Replace("The pipelines source", "The repository", StringComparison.Ordinal));
        // What lies on this machine is fetched like anything else, and never worked in.
        if (parsed.Transport == GitTransport.Http && parsed.Credential is null && address.Password is not null)
            parsed = parsed with { Credential = new System.Net.NetworkCredential(address.UserName ?? "git", address.Password) };
        var options = new GitOptions { DataDirectory = scratch, NetworkTimeout = TimeSpan.FromMinutes(10) };
        if (parsed.Transport == GitTransport.Ssh)
        {
            options.SshKeyFile = WriteSecret(scratch, "ssh-key", address.SshKey is { } key ? key.TrimEnd() + "\n" : null);
            options.KnownHostsFile = WriteSecret(scratch, "known_hosts", address.KnownHosts);
        }
        return (parsed, options);
    }

    private static string? WriteSecret(string scratch, string name, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var path = Path.Combine(scratch, name);
        using var writer = new StreamWriter(OwnerOnly.OpenWrite(path, FileMode.Create));
        writer.Write(text);
        return path;
    }

    private sealed record Source(GitProgram Git, GitAddress Address, GitOptions Options, string GitDirectory, string Target)
    {
        public async Task<string> FetchAsync(string reference, CancellationToken cancellationToken)
        {
            if (reference.StartsWith('-') || reference.Any(c => char.IsControl(c) || c is ' ' or ':' or '^' or '~'))
                throw new GitException($"'{reference}' cannot be a reference of a git repository: give a branch, a tag or a commit.");
            var known = await ListAsync(cancellationToken);
            if (await BorrowAsync(cancellationToken))
            {
                var wanted = Find(known, reference) is { } there ? known[there] : IsCommit(reference) ? reference : null;
                return wanted is not null && await ParseAsync(wanted + "^{commit}", cancellationToken) is { } found ? found : throw (reference.Length == 0 ? Empty() : Missing(reference));
            }
            if (Find(known, reference) is { } name)
            {
                await GetAsync(["--depth=1", "--no-tags"], [$"+{name}:refs/odin/source"], cancellationToken);
                return await ParseAsync("refs/odin/source^{commit}", cancellationToken) ?? throw Missing(reference);
            }
            if (reference.Length == 0)
                throw Empty();
            // Only the history can tell.
            await GetAsync(["--tags"], ["+refs/heads/*:refs/remotes/origin/*", "+refs/pull/*/head:refs/remotes/origin/pr/*"], cancellationToken);
            return IsCommit(reference) && await ParseAsync(reference + "^{commit}", cancellationToken) is { } commit ? commit : throw Missing(reference);
        }

        // In the order in which the inherited system looked.
        private static string? Find(Dictionary<string, string> known, string reference) => reference.Length == 0
            ? known.ContainsKey("HEAD") ? "HEAD" : null
            : new[] { reference, "refs/tags/" + reference, "refs/heads/" + reference, Strip(reference, "origin/"), Strip(reference, "refs/remotes/origin/"), Strip(reference, "remotes/origin/") }
                .FirstOrDefault(name => name is not null && known.ContainsKey(name));

        private static string? Strip(string reference, string prefix) =>
            reference.StartsWith(prefix, StringComparison.Ordinal) ? "refs/heads/" + reference[prefix.Length..] : null;

        private static bool IsCommit(string reference) => reference.Length is >= ShortestPrefix and <= CommitLength && reference.All(char.IsAsciiHexDigit);

        // What lies on this machine is read where it is: copying all of a repository for one commit takes longer than most else.
        private async Task<bool> BorrowAsync(CancellationToken cancellationToken)
        {
            if (Address.Transport != GitTransport.Directory)
                return false;
            var objects = new[] { Path.Combine(Address.Location, ".git", "objects"), Path.Combine(Address.Location, "objects") }.FirstOrDefault(Directory.Exists);
            if (objects is null || objects.Contains('\n', StringComparison.Ordinal) || objects.StartsWith('"'))
                return false;
            await File.WriteAllTextAsync(Path.Combine(GitDirectory, "objects", "info", "alternates"), objects + "\n", cancellationToken);
            return true;
        }

        private GitException Empty() => new($"The repository '{Address}' has no default branch: it is empty, or the connection has to name a reference.");

        private GitException Missing(string reference) => new($"can't find '{reference}' refs in git repository '{Address}': give a branch, a tag or a commit that is there");

        // Name -> object.
        public async Task<Dictionary<string, string>> ListAsync(CancellationToken cancellationToken)
        {
            var answer = await OverNetworkAsync(new GitCall("ls-remote", "--quiet", "--", Address.Location), cancellationToken);
            var known = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var parts in answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t', 2)).Where(p => p.Length == 2))
                known[parts[1]] = parts[0];
            return known;
        }

        private Task<GitAnswer> GetAsync(string[] options, string[] references, CancellationToken cancellationToken) => OverNetworkAsync(
            new GitCall(["fetch", "--quiet", "--no-write-fetch-head", .. options, "--", Address.Location, .. references]) { GitDirectory = GitDirectory }, cancellationToken);

        private async Task<string?> ParseAsync(string what, CancellationToken cancellationToken)
        {
            var answer = await Git.AskAsync(new GitCall("rev-parse", "--verify", "--quiet", what) { GitDirectory = GitDirectory }, cancellationToken);
            return answer.Succeeded ? answer.Text : null;
        }

        private async Task<GitAnswer> OverNetworkAsync(GitCall call, CancellationToken cancellationToken)
        {
            try
            {
                var answer = await Git.AskAsync(call with { Timeout = Options.NetworkTimeout }, cancellationToken);
                return answer.Succeeded
                    ? answer
                    : throw new GitException($"The repository '{Address}' cannot be read: {GitText.Summarize(answer.Errors)}. Check its address and the credentials of the connection.");
            }
            catch (TimeoutException e)
            {
                throw new GitException($"The repository '{Address}' did not answer within {Options.NetworkTimeout.TotalMinutes:0} minutes.", e);
            }
        }
    }
}
