namespace Odin.Git;

/// <summary>
/// A repository on this machine that is used in place. What a person commits there is seen at once; what we commit there
/// appears in the person's work tree when the branch is checked out, and never overwrites uncommitted work.
/// </summary>
internal sealed class DirectoryOrigin(GitProgram git, GitAddress address, GitOptions options, TimeProvider time) : IGitOrigin
{
    private const int LockAttempts = 40;

    private readonly string branchRef = "refs/heads/" + options.Branch;
    private string? gitDirectory;
    private GitRefs? refs;
    private bool isBare;

    public string GitDirectory => gitDirectory ?? throw new InvalidOperationException("The repository is not open.");

    public GitRefs Refs => refs ?? throw new InvalidOperationException("The repository is not open.");

    public string RefPrefix => "refs/";

    public DateTimeOffset? AsOf => time.GetUtcNow();

    public async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        var path = address.Location;
        if (File.Exists(path))
            throw new GitException($"The pipelines source '{path}' is a file: give a directory or the URL of a git repository.");
        var isRepository = LooksLikeRepository(path);
        if (!isRepository && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new GitException(
                $"The pipelines directory '{path}' is neither empty nor a git repository: "
                + $"run 'git init -b {options.Branch}' and commit the files there, or give another directory.");
        if (!isRepository)
        {
            Directory.CreateDirectory(path);
            await git.RunAsync(new GitCall("init", "--quiet", "--template=", "-b", options.Branch, "--", path), cancellationToken);
        }
        await LocateAsync(path, cancellationToken);
        await AdoptEmptyAsync(cancellationToken);
        return !isRepository;
    }

    public async Task RefreshAsync(bool everything, CancellationToken cancellationToken)
    {
        if (await Refs.FindAsync(branchRef, cancellationToken) is not null)
            return;
        if (!Directory.Exists(GitDirectory))
            throw new GitUnavailableException($"The pipelines directory '{address}' is gone: put it back, or restart with another one.");
        var branches = await Refs.ListAsync("refs/heads/", cancellationToken);
        if (branches.Count > 0)
            throw MissingBranch.In(address, options.Branch, branches);
    }

    public async Task<bool> PublishAsync(string? from, string to, CancellationToken cancellationToken)
    {
        var head = isBare ? null : await git.AskAsync(
            new GitCall("symbolic-ref", "--quiet", "HEAD") { GitDirectory = GitDirectory }, cancellationToken);
        return head?.Text == branchRef
            ? await FastForwardAsync(to, cancellationToken)
            : await Refs.TrySetAsync(branchRef, from, to, cancellationToken);
    }

    private static bool LooksLikeRepository(string path) =>
        Path.Exists(Path.Combine(path, ".git"))
        || (File.Exists(Path.Combine(path, "HEAD")) && Directory.Exists(Path.Combine(path, "objects"))
            && Directory.Exists(Path.Combine(path, "refs")));

    private async Task LocateAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await git.RunAsync(
            new GitCall("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--is-bare-repository")
            {
                WorkTree = path,
                // Never a repository that the directory happens to lie in.
                Environment = new Dictionary<string, string> { ["GIT_CEILING_DIRECTORIES"] = Path.GetDirectoryName(path) ?? "/" },
            },
            cancellationToken);
        if (answer.Text.Split('\n') is not [var directory, var common, var bare])
            throw new GitException($"The pipelines directory '{path}' is not a repository that this version of git understands.");
        gitDirectory = directory;
        isBare = bare == "true";
        refs = new GitRefs(git, directory, common);
    }

    // "git init" may have chosen another first branch than ours; as long as there is no commit, ours is as good.
    private async Task AdoptEmptyAsync(CancellationToken cancellationToken)
    {
        if ((await Refs.ListAsync("refs/", cancellationToken)).Count > 0)
            return;
        await git.RunAsync(new GitCall("symbolic-ref", "HEAD", branchRef) { GitDirectory = GitDirectory }, cancellationToken);
    }

    // Moves the branch, the index and the work tree as one, and refuses when that would touch uncommitted work.
    private async Task<bool> FastForwardAsync(string to, CancellationToken cancellationToken)
    {
        var call = new GitCall("merge", "--ff-only", "--quiet", "--no-stat", "--no-autostash", "--", to)
        {
            GitDirectory = GitDirectory,
            WorkTree = address.Location,
        };
        for (var attempt = 1; ; attempt++)
        {
            var answer = await git.AskAsync(call, cancellationToken);
            if (answer.Succeeded)
                return true;
            // Not to be tried again: what a first try has written half would be taken for somebody's work.
            if (answer.SaysAny(DiskMessages.NoSpace, DiskMessages.Quota, DiskMessages.ReadOnly))
                throw new GitUnavailableException($"'{address}' cannot be written: {GitText.Summarize(answer.Errors)}");
            if (answer.SaysAny("Not possible to fast-forward", "Diverging branches", "cannot lock ref", "refusing to merge unrelated"))
                return false;
            if (!answer.SaysAny("index.lock"))
                throw Refusal(answer);
            if (attempt == LockAttempts)
                throw new GitUnavailableException(
                    $"Another git command has kept '{address}' locked: wait for it to end; if there is none, delete '{Path.Combine(GitDirectory, "index.lock")}'.");
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(20, 120)), time, cancellationToken);
        }
    }

    private GitRefusedException Refusal(GitAnswer answer) => new(
        $"'{address}' has work that is not committed and in the way ({GitText.Summarize(answer.Errors)}): commit it or put it aside there, then try again.");
}
