using Microsoft.Extensions.Logging;

namespace Odin.Git;

/// <summary>What is known of the branch.</summary>
/// <param name="Commit">Its head; null: the repository is empty.</param>
/// <param name="AsOf">When the origin was last known to be like this.</param>
/// <param name="Warning">Why this may be out of date, with the remote and the age; null: it is not.</param>
internal sealed record GitHead(string? Commit, DateTimeOffset? AsOf, string? Warning);

/// <summary>
/// The repository that holds the jobs: a directory that is used in place, or a remote with a copy in the data directory.
/// Readers take no lock; a lost remote leaves them the copy. Writers need the origin. One instance per data directory.
/// </summary>
public sealed partial class GitRepository : IDisposable
{
    private readonly GitOptions options;
    private readonly GitAddress address;
    private readonly TimeProvider time;
    private readonly ILogger<GitRepository> logger;
    private readonly GitProgram git;
    private readonly IGitOrigin origin;
    private readonly GitCommits commits;
    private readonly SemaphoreSlim openGate = new(1);
    private volatile bool isOpen;
    private volatile string? lastWarning;

    /// <exception cref="GitConfigurationException">The options are wrong; the message lists everything.</exception>
    public GitRepository(GitOptions options, TimeProvider time, ILogger<GitRepository> logger)
    {
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new GitConfigurationException(string.Join(" ", errors));
        var source = options.Source ?? Path.Combine(options.DataDirectory, "pipelines");
        if (!GitAddress.TryParse(source, options.AllowInsecureHttp, out var parsed, out var error))
            throw new GitConfigurationException(error);
        this.options = options;
        this.time = time;
        this.logger = logger;
        address = parsed;
        git = new GitProgram(address, options);
        origin = address.Transport == GitTransport.Directory
            ? new DirectoryOrigin(git, address, options, time)
            : new RemoteOrigin(git, address, options, time);
        Objects = new GitObjects(git, () => origin.GitDirectory);
        commits = new GitCommits(git, origin, Objects, address, options, time);
    }

    /// <summary>The directory or the URL, without credentials.</summary>
    public string Location => address.Location;

    /// <summary>Whether the origin is somewhere else, so that it can be lost.</summary>
    public bool IsRemote => address.Transport != GitTransport.Directory;

    /// <summary>The configured branch.</summary>
    public string Branch => options.Branch;

    internal string DataDirectory => Path.GetFullPath(options.DataDirectory);

    internal GitObjects Objects { get; }

    private string BranchRef => origin.RefPrefix + "heads/" + options.Branch;

    /// <summary>Makes the repository if there is none. Safe to call often; every other member does.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (isOpen)
            return;
        await openGate.WaitAsync(cancellationToken);
        try
        {
            if (isOpen)
                return;
            git.Prepare();
            if (await origin.OpenAsync(cancellationToken))
                await commits.CommitAsync(FirstCommit.Request(Objects), cancellationToken);
            isOpen = true;
        }
        finally
        {
            openGate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        commits.Dispose();
        (origin as IDisposable)?.Dispose();
        git.Dispose();
        openGate.Dispose();
    }

    /// <summary>The head as the origin has it; if the origin is lost, as it was when last seen, with a warning.</summary>
    /// <param name="everything">All branches and tags are wanted, not only the configured branch.</param>
    /// <exception cref="GitUnavailableException">The origin is lost and was never seen.</exception>
    internal async Task<GitHead> RefreshAsync(bool everything, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        string? warning = null;
        try
        {
            await origin.RefreshAsync(everything, cancellationToken);
        }
        catch (GitUnavailableException exception) when (IsRemote && origin.AsOf is not null)
        {
            var age = time.GetUtcNow() - origin.AsOf.Value;
            warning = $"{exception.Message} Showing the copy of '{address}' from {GitAge.Describe(age)} ago.";
        }
        catch (GitException exception) when (IsRemote)
        {
            Note(exception.Message);
            throw;
        }
        Note(warning);
        return new GitHead(await origin.Refs.FindAsync(BranchRef, cancellationToken), origin.AsOf, warning);
    }

    /// <summary>The head as it is known here, without asking a remote.</summary>
    internal async Task<GitHead> PeekAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        return new GitHead(await origin.Refs.FindAsync(BranchRef, cancellationToken), origin.AsOf, lastWarning ?? NotYet());
    }

    /// <summary>The full SHA of a branch, a tag or a SHA, as far as it is known here; null: unknown.</summary>
    internal async Task<string?> ResolveAsync(string revision, CancellationToken cancellationToken)
    {
        if (!GitRevision.IsValid(revision))
            return null;
        await OpenAsync(cancellationToken);
        List<string> names = [$"{origin.RefPrefix}heads/{revision}", $"{origin.RefPrefix}tags/{revision}"];
        if (GitRevision.IsHex(revision))
            names.Insert(GitRevision.IsFullSha(revision) ? 0 : 2, revision);
        foreach (var name in names)
        {
            var answer = await git.AskAsync(
                new GitCall("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}") { GitDirectory = origin.GitDirectory },
                cancellationToken);
            if (answer.Succeeded)
                return answer.Text;
        }
        return null;
    }

    /// <summary>Commits and publishes; nothing is to be seen of it unless it succeeds.</summary>
    internal async Task<GitCommitted> CommitAsync(GitCommitRequest request, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        return await commits.CommitAsync(request, cancellationToken);
    }

    /// <summary>Packs what has piled up, when it is worth it. For quiet hours: may take minutes.</summary>
    internal async Task MaintainAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        await git.AskAsync(
            new GitCall("-c", "gc.auto=2000", "gc", "--auto", "--quiet") { GitDirectory = origin.GitDirectory, Timeout = TimeSpan.FromMinutes(30) },
            cancellationToken);
    }

    private string? NotYet() => IsRemote && origin.AsOf is null ? $"The git remote '{address}' has not answered yet." : null;

    // Every request would say the same; the beginning and the end of an outage are what matters.
    private void Note(string? warning)
    {
        var before = lastWarning;
        lastWarning = warning;
        if (warning is not null && before is null)
            LogLost(warning);
        else if (warning is null && before is not null)
            LogBack(address.Location);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogLost(string warning);

    [LoggerMessage(Level = LogLevel.Information, Message = "The git remote '{Remote}' is back.")]
    private partial void LogBack(string remote);
}
