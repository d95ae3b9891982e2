using System.Security.Cryptography;
using System.Text;

namespace Odin.Git;

/// <summary>
/// A remote, and a bare copy of it here that only ever follows: its references move after a fetch or after a push that the
/// remote has accepted, so a failed push leaves nothing to be seen.
/// </summary>
internal sealed class RemoteOrigin : IGitOrigin, IDisposable
{
    private const int RefLockAttempts = 5;

    private readonly GitProgram git;
    private readonly GitAddress address;
    private readonly GitOptions options;
    private readonly TimeProvider time;
    private readonly SharedRefresh refresh;
    private readonly SemaphoreSlim refsGate = new(1);
    private readonly string stamp;

    public RemoteOrigin(GitProgram git, GitAddress address, GitOptions options, TimeProvider time)
    {
        this.git = git;
        this.address = address;
        this.options = options;
        this.time = time;
        refresh = new SharedRefresh(FetchAsync);
        GitDirectory = Path.Combine(Path.GetFullPath(options.DataDirectory), "pipelines.git");
        Refs = new GitRefs(git, GitDirectory, GitDirectory);
        // Another address is another repository: what is known of one never answers for the other.
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Location)))[..16];
        RefPrefix = $"refs/odin/{name}/";
        stamp = Path.Combine(GitDirectory, $"odin-{name}.fetched");
    }

    public string GitDirectory { get; }

    public GitRefs Refs { get; }

    public string RefPrefix { get; }

    public DateTimeOffset? AsOf => File.Exists(stamp) ? File.GetLastWriteTimeUtc(stamp) : null;

    private string BranchRef => RefPrefix + "heads/" + options.Branch;

    public async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(GitDirectory, "HEAD")))
        {
            Directory.CreateDirectory(GitDirectory);
            await git.RunAsync(new GitCall("init", "--quiet", "--bare", "--template=", "-b", options.Branch, "--", GitDirectory), cancellationToken);
        }
        return false;
    }

    public Task RefreshAsync(bool everything, CancellationToken cancellationToken) => refresh.JoinAsync(everything, cancellationToken);

    public async Task<bool> PublishAsync(string? from, string to, CancellationToken cancellationToken)
    {
        var answer = await OverNetworkAsync(
            new GitCall("push", "--porcelain", "--no-verify", "--", address.Location, $"{to}:refs/heads/{options.Branch}"), cancellationToken);
        if (!answer.Succeeded)
            return WasOvertaken(answer) ? false : throw PushFailure(answer);
        await refsGate.WaitAsync(cancellationToken);
        try
        {
            // A fetch may have seen the push, or a later one, before we got here: then it has set the reference already.
            await Refs.TrySetAsync(BranchRef, from, to, cancellationToken);
            return true;
        }
        finally
        {
            refsGate.Release();
        }
    }

    public void Dispose() => refsGate.Dispose();

    // Fetches and the step after a push take turns, so that neither finds a reference moved under it or moves one back.
    private async Task FetchAsync(bool everything)
    {
        await refsGate.WaitAsync();
        try
        {
            if (everything || !await TryFetchBranchAsync())
                await FetchEverythingAsync();
            await File.WriteAllTextAsync(stamp, "", CancellationToken.None);
            File.SetLastWriteTimeUtc(stamp, time.GetUtcNow().UtcDateTime);
        }
        finally
        {
            refsGate.Release();
        }
    }

    // False: the remote answered, and has no such branch.
    private async Task<bool> TryFetchBranchAsync()
    {
        var answer = await FetchAsync($"+refs/heads/{options.Branch}:{BranchRef}");
        if (answer.Succeeded)
            return true;
        return answer.SaysAny("couldn't find remote ref") ? false : throw Unavailable(answer.Errors);
    }

    private async Task FetchEverythingAsync()
    {
        var answer = await FetchAsync("--prune", $"+refs/heads/*:{RefPrefix}heads/*", $"+refs/tags/*:{RefPrefix}tags/*");
        if (!answer.Succeeded)
            throw Unavailable(answer.Errors);
        if (await Refs.FindAsync(BranchRef, CancellationToken.None) is not null)
            return;
        var branches = await Refs.ListAsync(RefPrefix + "heads/", CancellationToken.None);
        if (branches.Count > 0)
            throw MissingBranch.In(address, options.Branch, branches);
    }

    private async Task<GitAnswer> FetchAsync(params string[] optionsAndRefs)
    {
        string[] flags = [.. optionsAndRefs.Where(text => text.StartsWith('-'))];
        string[] refs = [.. optionsAndRefs.Except(flags)];
        var call = new GitCall(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", .. flags, "--", address.Location, .. refs]);
        for (var attempt = 1; ; attempt++)
        {
            var answer = await OverNetworkAsync(call, CancellationToken.None);
            // Somebody's own git command in our copy; it is over in a moment.
            if (answer.Succeeded || attempt == RefLockAttempts || !answer.SaysAny("cannot lock ref", ".lock': File exists"))
                return answer;
        }
    }

    private async Task<GitAnswer> OverNetworkAsync(GitCall call, CancellationToken cancellationToken)
    {
        var timeout = AsOf is null ? options.NetworkTimeout * 10 : options.NetworkTimeout;
        try
        {
            return await git.AskAsync(call with { GitDirectory = GitDirectory, Timeout = timeout }, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new GitUnavailableException(
                $"The git remote '{address}' did not answer within {timeout.TotalSeconds:0} s: check that it is up and can be reached from here.", exception);
        }
    }

    private static bool WasOvertaken(GitAnswer answer) =>
        answer.Text.Contains("[rejected]", StringComparison.Ordinal)
        || (answer.Text.Contains("[remote rejected]", StringComparison.Ordinal)
            && (answer.Text.Contains("failed to update ref", StringComparison.Ordinal)
                || answer.Text.Contains("cannot lock ref", StringComparison.Ordinal)
                || answer.Text.Contains("incorrect old value", StringComparison.Ordinal)
                || answer.Text.Contains("reference already exists", StringComparison.Ordinal)));

    private GitException PushFailure(GitAnswer answer)
    {
        var refused = answer.Text.Split('\n').FirstOrDefault(line => line.StartsWith('!'));
        return refused is null
            ? Unavailable(answer.Errors)
            : new GitRefusedException(
                $"The git remote '{address}' refused the change: {GitText.Summarize(refused.Split('\t')[^1] + "\n" + answer.Errors)}. "
                + "Ask who runs it to allow pushes to this branch.");
    }

    private GitUnavailableException Unavailable(string errors)
    {
        bool Says(string phrase) => errors.Contains(phrase, StringComparison.OrdinalIgnoreCase);
        var remedy =
            Says("Host key verification failed") ? "add the host's key to the known-hosts file (ssh-keyscan HOST), after checking it"
            : Says("Permission denied (") ? "check the SSH key and that its public half is allowed there"
            : Says("Authentication failed") || Says("could not read Username") || Says("returned error: 403") ? "check the user and password in its URL"
            : Says("not found") || Says("does not appear to be a git repository") || Says("does not exist") ? "check the address"
            : "check that it is up and can be reached from here";
        return new GitUnavailableException($"The git remote '{address}' cannot be used ({GitText.Summarize(errors)}): {remedy}.");
    }
}
