using System.Text;
using Microsoft.Extensions.Logging;
using Odin.Git;

namespace Odin.Pipelines;

/// <summary>
/// The jobs in the git repository. Everything that is read is read at the head of the branch as the repository has it at that
/// moment; when a remote is lost, at the head as it was last seen. Thread-safe.
/// </summary>
/// <remarks>
/// Every member throws <see cref="GitUnavailableException"/> when the repository cannot be asked and there is no copy to fall
/// back on (or when it is a write), <see cref="GitBranchMissingException"/> when it lacks the configured branch, and
/// <see cref="InvalidJobPathException"/> for a malformed name.
/// </remarks>
public sealed class PipelineCatalog : IJobSource
{
    private const string CreateMessage = "via odin-http create_job";
    private const string UploadMessage = "via odin-http upload_job_file";
    private const int MaxCachedEntries = 50_000;

    private readonly GitRepository repository;
    private readonly PipelineCatalogOptions options;
    private readonly JobCheckouts checkouts;
    private readonly JobReader reader;
    private GitTree? lastTree;

    public PipelineCatalog(GitRepository repository, PipelineCatalogOptions options, TimeProvider time, ILogger<PipelineCatalog> logger)
    {
        this.repository = repository;
        this.options = options;
        var directory = Path.GetFullPath(options.CheckoutDirectory ?? Path.Combine(repository.DataDirectory, "checkouts"));
        checkouts = new JobCheckouts(repository.Objects, options, directory, time, logger);
        reader = new JobReader(repository.Objects, options, repository.Location);
    }

    /// <summary>The directory or the URL of the repository, without credentials.</summary>
    public string Root => repository.Location;

    /// <summary>Whether the repository is somewhere else, so that it can be lost.</summary>
    internal bool IsRemote => repository.IsRemote;

    /// <summary>Makes the repository on first start. Other members do it too; calling it at start finds mistakes early.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => repository.OpenAsync(cancellationToken);

    /// <summary>Fixes a commit and lays it out on the disk. Null: the job does not exist in that commit.</summary>
    /// <param name="revision">A branch, a tag or a SHA; null: the head of the configured branch.</param>
    /// <exception cref="JobRevisionNotFoundException">The revision is malformed or unknown.</exception>
    /// <exception cref="JobCheckoutException">The commit cannot be laid out for this job.</exception>
    public async Task<JobCheckout?> CheckOutAsync(string job, string? revision, CancellationToken cancellationToken)
    {
        var name = JobName.Parse(job);
        var commit = await FixAsync(revision, cancellationToken);
        if (commit is null)
            return null;
        if (!checkouts.TryUse(commit))
        {
            // A mistyped job must not fill the disk.
            var tree = await ReadTreeAsync(commit, cancellationToken);
            if (IsNoFile(tree, name.MainFile) && IsNoFile(tree, name.MainFile + JobTemplates.Extension))
                return null;
            await checkouts.EnsureAsync(tree, cancellationToken);
        }
        var refused = (await checkouts.RefusedLinksAsync(commit, cancellationToken)).FirstOrDefault(link => link.StartsWith(name + "/", StringComparison.Ordinal));
        if (refused is not null)
            throw new JobCheckoutException($"The symbolic link '{refused}' leads out of the repository: commit the file itself, or a link that stays inside.");
        var root = checkouts.PathOf(commit);
        var work = JobPath.Resolve(root, name.Value);
        var main = Path.Combine(work, PipelineParser.FileName);
        return File.Exists(main) || File.Exists(main + JobTemplates.Extension) ? new JobCheckout(name.Value, commit, root, work) : null;
    }

    // A link whose target is not known here counts as a file: whether it leads anywhere shows when it is laid out.
    private static bool IsNoFile(GitTree tree, string path) =>
        tree.Resolve(path) is { Outcome: GitPathOutcome.Missing } or { Outcome: GitPathOutcome.Found, Entry.IsFile: false };

    /// <summary>The jobs whose names begin with a text or match a pattern (<c>*</c>, <c>?</c>, <c>[…]</c>), by name.</summary>
    public async Task<IReadOnlyList<JobSummary>> ListAsync(string? prefixOrGlob, CancellationToken cancellationToken)
    {
        var tree = await ReadHeadAsync(cancellationToken);
        return tree is null ? [] : [.. reader.List(tree, new JobPattern(prefixOrGlob))];
    }

    /// <summary>As <see cref="ListAsync"/>, with the files of each job.</summary>
    public async Task<IReadOnlyList<JobFiles>> FindAllAsync(string? prefixOrGlob, CancellationToken cancellationToken)
    {
        var tree = await ReadHeadAsync(cancellationToken);
        if (tree is null)
            return [];
        var names = reader.List(tree, new JobPattern(prefixOrGlob)).Select(job => JobName.Parse(job.Name)).ToList();
        return await reader.ReadAsync(tree, names, cancellationToken);
    }

    /// <summary>A job with its files; null: there is none of that name.</summary>
    public async Task<JobFiles?> FindAsync(string job, CancellationToken cancellationToken)
    {
        var name = JobName.Parse(job);
        var tree = await ReadHeadAsync(cancellationToken);
        return tree is null ? null : (await reader.ReadAsync(tree, [name], cancellationToken)).SingleOrDefault();
    }

    /// <summary>A file of a job; null: there is none of that name.</summary>
    /// <exception cref="JobFileTooLargeException">It is larger than the catalog hands out.</exception>
    public async Task<JobFileContent?> ReadFileAsync(string job, string file, CancellationToken cancellationToken)
    {
        var path = $"{JobName.Parse(job)}/{JobFileName.Parse(file)}";
        var tree = await ReadHeadAsync(cancellationToken);
        return tree is null ? null : await reader.ReadFileAsync(tree, path, cancellationToken);
    }

    /// <summary>Commits one file of a job. A file that is like this already makes no commit.</summary>
    /// <param name="author">A name for the commit's author; null: the configured one.</param>
    /// <exception cref="JobFileTooLargeException">It is larger than the catalog takes.</exception>
    /// <exception cref="GitRefusedException">The repository does not want the change.</exception>
    public async Task<FileWritten> WriteFileAsync(string job, string file, Stream content, string? author, CancellationToken cancellationToken)
    {
        var path = $"{JobName.Parse(job)}/{JobFileName.Parse(file)}";
        await repository.OpenAsync(cancellationToken);
        var (blob, size) = await StoreAsync(file, content, cancellationToken);
        var committed = await CommitAsync(
            (_, _) => Task.FromResult<IReadOnlyList<GitChange>>([new GitChange(path, blob)]), UploadMessage, author, cancellationToken);
        return new FileWritten(size, $"{reader.LocationOf(path)}@{committed.Sha}", committed.Sha!, committed.IsNew);
    }

    /// <summary>Commits many files of a job as one. What is like this already makes no commit.</summary>
    /// <exception cref="JobNotFoundException">There is no such job, and none is to be created.</exception>
    /// <exception cref="JobAlreadyExistsException">There is such a job, and one is to be created.</exception>
    /// <exception cref="JobFileTooLargeException">A file is larger than the catalog takes.</exception>
    /// <exception cref="GitRefusedException">The repository does not want the change.</exception>
    public async Task<FilesWritten> WriteFilesAsync(
        string job, IAsyncEnumerable<JobUploadFile> files, JobUploadOptions how, string? author, CancellationToken cancellationToken)
    {
        var name = JobName.Parse(job);
        await repository.OpenAsync(cancellationToken);
        var changes = new Dictionary<string, GitChange>(StringComparer.Ordinal);
        var bytes = 0L;
        await foreach (var file in files.WithCancellation(cancellationToken))
        {
            var path = JobFileName.ParsePath(file.Path);
            var (blob, size) = await StoreAsync(path, new MemoryStream(file.Content.ToArray()), cancellationToken);
            if (!changes.TryAdd(path, new GitChange($"{name}/{path}", blob, file.IsExecutable)))
                throw new InvalidJobPathException($"The file '{JobPath.Show(path)}' is given twice: leave one of them out.");
            bytes += size;
        }
        var upload = new JobUpload(name, changes, how);
        upload.Check();
        var committed = await CommitAsync(upload.PlanAsync, UploadMessage, author, cancellationToken);
        return new FilesWritten(changes.Count, bytes, upload.Removed, $"{reader.LocationOf(name.Value)}@{committed.Sha}", committed.Sha!, committed.IsNew);
    }

    /// <summary>Commits a new job with an empty list of tasks.</summary>
    /// <exception cref="JobAlreadyExistsException">There is a job of that name.</exception>
    public async Task<JobFiles> CreateAsync(string job, string? author, CancellationToken cancellationToken)
    {
        var name = JobName.Parse(job);
        await repository.OpenAsync(cancellationToken);
        var (blob, _) = await StoreAsync("main.yml", new MemoryStream("tasks: []\n"u8.ToArray()), cancellationToken);
        var committed = await CommitAsync(
            async (tip, token) => await tip.HasAsync(name.MainFile, token)
                ? throw new JobAlreadyExistsException(name.Value)
                : [new GitChange(name.MainFile, blob)],
            CreateMessage, author, cancellationToken);
        return await ReadCommittedAsync(name, committed, cancellationToken);
    }

    /// <summary>Commits the definition and any other files of a job as one; files that are not named stay. A new job is created.</summary>
    /// <param name="files">By name, beside <c>main.yml</c>.</param>
    public async Task<JobFiles> ReplaceAsync(
        string job, string mainYml, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> files, string? author, CancellationToken cancellationToken)
    {
        var name = JobName.Parse(job);
        var names = files.Keys.Select(JobFileName.Parse).ToList();
        if (names.Any(file => file.Value == "main.yml"))
            throw new InvalidJobPathException("The definition 'main.yml' is given twice: leave it out of the other files.");
        await repository.OpenAsync(cancellationToken);
        var changes = new List<GitChange>();
        foreach (var (file, bytes) in files.Append(KeyValuePair.Create("main.yml", (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(mainYml))))
        {
            var (blob, _) = await StoreAsync(file, new MemoryStream(bytes.ToArray()), cancellationToken);
            changes.Add(new GitChange($"{name}/{file}", blob));
        }
        var committed = await CommitAsync((_, _) => Task.FromResult<IReadOnlyList<GitChange>>(changes), CreateMessage, author, cancellationToken);
        return await ReadCommittedAsync(name, committed, cancellationToken);
    }

    /// <summary>Asks the repository, and says what is known then. A lost remote is in the answer, not an exception.</summary>
    public async Task<PipelineCatalogStatus> RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Describe(await repository.RefreshAsync(everything: false, cancellationToken));
        }
        catch (GitException exception)
        {
            return new PipelineCatalogStatus(Root, repository.Branch, null, IsDirty: false, IsReachable: false, AsOf: null, exception.Message);
        }
    }

    /// <summary>What is known without asking a remote.</summary>
    public async Task<PipelineCatalogStatus> GetStatusAsync(CancellationToken cancellationToken) =>
        Describe(await repository.PeekAsync(cancellationToken));

    /// <summary>Removes the checkouts of commits that no run needs any more, and tidies the repository. Returns the commits.</summary>
    public async Task<IReadOnlyList<string>> RemoveUnusedCheckoutsAsync(IReadOnlySet<string> commitsInUse, CancellationToken cancellationToken)
    {
        var removed = checkouts.RemoveUnused(commitsInUse);
        await repository.MaintainAsync(cancellationToken);
        return removed;
    }

    private PipelineCatalogStatus Describe(GitHead head) =>
        new(Root, repository.Branch, head.Commit, IsDirty: false, IsReachable: head.Warning is null, head.AsOf, head.Warning);

    private async Task<string?> FixAsync(string? revision, CancellationToken cancellationToken)
    {
        if (revision is null)
            return (await repository.RefreshAsync(everything: false, cancellationToken)).Commit;
        if (!GitRevision.IsValid(revision))
            throw new JobRevisionNotFoundException(revision, $"The revision '{JobPath.Show(revision)}' is malformed: {GitRevision.Remedy}.");
        // A whole SHA never means another commit later: what is here already need not be asked for.
        if (GitRevision.IsFullSha(revision) && checkouts.TryUse(revision))
            return revision;
        if (GitRevision.IsFullSha(revision) && await repository.ResolveAsync(revision, cancellationToken) is { } known)
            return known;
        var head = await repository.RefreshAsync(everything: true, cancellationToken);
        if (await repository.ResolveAsync(revision, cancellationToken) is { } found)
            return found;
        throw head.Warning is null
            ? new JobRevisionNotFoundException(revision, $"The revision '{revision}' does not exist in '{Root}': push it first, or {GitRevision.Remedy}.")
            : new GitUnavailableException($"The revision '{revision}' is not known here, and the repository cannot be asked for it. {head.Warning}");
    }

    private async Task<GitTree?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var head = await repository.RefreshAsync(everything: false, cancellationToken);
        return head.Commit is null ? null : await ReadTreeAsync(head.Commit, cancellationToken);
    }

    // The head is asked for again and again between two commits.
    private async Task<GitTree> ReadTreeAsync(string commit, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref lastTree) is { } known && known.Commit == commit)
            return known;
        var tree = await repository.Objects.ReadTreeAsync(commit, cancellationToken);
        if (tree.Entries.Count <= MaxCachedEntries)
            Volatile.Write(ref lastTree, tree);
        return tree;
    }

    private async Task<(string Blob, long Size)> StoreAsync(string file, Stream content, CancellationToken cancellationToken) =>
        await repository.Objects.WriteBlobAsync(content, options.MaxFileBytes, cancellationToken)
        ?? throw new JobFileTooLargeException(file, options.MaxFileBytes);

    private async Task<GitCommitted> CommitAsync(
        Func<GitTip, CancellationToken, Task<IReadOnlyList<GitChange>>> plan, string message, string? author, CancellationToken cancellationToken)
    {
        try
        {
            return await repository.CommitAsync(new GitCommitRequest(plan, message, author), cancellationToken);
        }
        catch (GitPathConflictException exception)
        {
            throw new InvalidJobPathException(exception.Message);
        }
    }

    private async Task<JobFiles> ReadCommittedAsync(JobName name, GitCommitted committed, CancellationToken cancellationToken)
    {
        var tree = await ReadTreeAsync(committed.Sha!, cancellationToken);
        return (await reader.ReadAsync(tree, [name], cancellationToken)).Single();
    }
}
