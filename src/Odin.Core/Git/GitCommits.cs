using System.Globalization;
using System.Text;

namespace Odin.Git;

/// <summary>
/// Makes commits, without a work tree. Requests that come while one is under way are made one on the other and published
/// together; when somebody else was faster, all of them are made again on the new head.
/// </summary>
internal sealed class GitCommits(GitProgram git, IGitOrigin origin, GitObjects objects, GitAddress address, GitOptions options, TimeProvider time)
    : IDisposable
{
    private const int MaxBatch = 50;

    private readonly SemaphoreSlim gate = new(1);
    private readonly Lock pendingGate = new();
    private readonly List<Pending> pending = [];

    /// <summary>Returns when the commit is on the origin.</summary>
    public async Task<GitCommitted> CommitAsync(GitCommitRequest request, CancellationToken cancellationToken)
    {
        var mine = new Pending(request);
        lock (pendingGate)
            pending.Add(mine);
        try
        {
            await gate.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (pendingGate)
                pending.Remove(mine);
            throw;
        }
        try
        {
            // Whoever had the gate before may have done it for us. If not, the others' requests are not ours to cancel.
            while (!mine.Done.Task.IsCompleted)
                await CommitAllAsync(Take());
        }
        finally
        {
            gate.Release();
        }
        return await mine.Done.Task;
    }

    public void Dispose() => gate.Dispose();

    private List<Pending> Take()
    {
        lock (pendingGate)
        {
            var taken = pending.Take(MaxBatch).ToList();
            pending.RemoveRange(0, taken.Count);
            return taken;
        }
    }

    private async Task CommitAllAsync(List<Pending> batch)
    {
        try
        {
            await PublishAllAsync(batch);
        }
        catch (GitRefusedException) when (batch.Count > 1)
        {
            // One of them is to blame: the others must not fail with it.
            foreach (var one in batch.Where(one => !one.Done.Task.IsCompleted))
                await CommitAllAsync([one]);
        }
        catch (Exception exception)
        {
            foreach (var one in batch)
                one.Done.TrySetException(exception);
        }
    }

    private async Task PublishAllAsync(List<Pending> batch)
    {
        for (var attempt = 1; attempt <= options.PublishAttempts; attempt++)
        {
            await origin.RefreshAsync(everything: false, CancellationToken.None);
            var head = await origin.Refs.FindAsync(origin.RefPrefix + "heads/" + options.Branch, CancellationToken.None);
            var (tip, made) = await BuildAllAsync(head, batch);
            if (tip == head || await origin.PublishAsync(head, tip!, CancellationToken.None))
            {
                foreach (var (one, committed) in made)
                    one.Done.TrySetResult(committed);
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 20 + (20 * attempt))), time);
        }
        throw new GitUnavailableException(
            $"The branch '{options.Branch}' of '{address}' was changed by others {options.PublishAttempts} times while we wrote to it: try again.");
    }

    private async Task<(string? Tip, List<(Pending, GitCommitted)> Made)> BuildAllAsync(string? head, List<Pending> batch)
    {
        var tip = head;
        var made = new List<(Pending, GitCommitted)>();
        foreach (var one in batch.Where(one => !one.Done.Task.IsCompleted))
        {
            try
            {
                var next = await BuildAsync(tip, one.Request, CancellationToken.None);
                made.Add((one, new GitCommitted(next, next != tip)));
                tip = next;
            }
            catch (Exception exception)
            {
                // Refused on the tree as it is (exists already, a path in the way): the others go on without it.
                one.Done.TrySetException(exception);
            }
        }
        return (tip, made);
    }

    // The tip itself when there is nothing to change.
    private async Task<string?> BuildAsync(string? tip, GitCommitRequest request, CancellationToken cancellationToken)
    {
        var on = new GitTip(objects, tip);
        var changes = await request.Plan(on, cancellationToken);
        var lines = await DescribeAsync(on, changes, cancellationToken);
        if (lines.Length == 0)
            return tip;
        var index = git.TemporaryFile(".index");
        try
        {
            var use = new GitCall() with { GitDirectory = origin.GitDirectory, IndexFile = index };
            await git.RunAsync(With(use, "read-tree", tip ?? "--empty"), cancellationToken);
            await git.RunAsync(With(use, "update-index", "-z", "--index-info") with { Input = Encoding.UTF8.GetBytes(lines) }, cancellationToken);
            var tree = (await git.RunAsync(With(use, "write-tree"), cancellationToken)).Text;
            string[] parent = tip is null ? [] : ["-p", tip];
            // Two servers that write the same in the same second would make the same commit, and both would think they were first.
            var mark = $"Write-Id: {Guid.NewGuid():n}";
            var commit = With(use, ["commit-tree", "-m", request.Message, "-m", mark, .. parent, tree]) with { Environment = Identity(request.Author) };
            return (await git.RunAsync(commit, cancellationToken)).Text;
        }
        finally
        {
            File.Delete(index);
        }
    }

    // In the words of "update-index --index-info", without what is in the tree already.
    private static async Task<string> DescribeAsync(GitTip tip, IReadOnlyList<GitChange> changes, CancellationToken cancellationToken)
    {
        var paths = changes.SelectMany(change => WithParents(change.Path)).ToHashSet(StringComparer.Ordinal);
        var existing = (await tip.FindAsync(paths, cancellationToken)).ToDictionary(entry => entry.Path, StringComparer.Ordinal);
        var lines = new StringBuilder();
        foreach (var change in changes)
        {
            var blocked = WithParents(GitTree.ParentOf(change.Path))
                .Where(parent => existing.TryGetValue(parent, out var found) && found.Kind != GitEntryKind.Directory).FirstOrDefault();
            if (blocked is not null)
                throw new GitPathConflictException($"'{change.Path}' cannot be written, because '{blocked}' is not a directory: choose another name.");
            var kind = existing.TryGetValue(change.Path, out var old) ? old.Kind : GitEntryKind.File;
            if (change.Blob is not null && kind is not (GitEntryKind.File or GitEntryKind.Executable))
                throw new GitPathConflictException(
                    $"'{change.Path}' cannot be written, because a {Describe(kind)} of that name exists: choose another name, or remove it with git.");
            var isExecutable = change.IsExecutable ?? kind == GitEntryKind.Executable;
            if (change.Blob is null && old.Sha is not null)
                lines.Append(CultureInfo.InvariantCulture, $"0 {new string('0', old.Sha.Length)}\t{change.Path}\0");
            else if (change.Blob is not null && (old.Sha != change.Blob || isExecutable != (kind == GitEntryKind.Executable)))
                lines.Append(CultureInfo.InvariantCulture, $"{(isExecutable ? "100755" : "100644")} {change.Blob}\t{change.Path}\0");
        }
        return lines.ToString();
    }

    private static string Describe(GitEntryKind kind) => kind switch
    {
        GitEntryKind.Directory => "directory",
        GitEntryKind.SymbolicLink => "symbolic link",
        _ => "submodule",
    };

    private static IEnumerable<string> WithParents(string path)
    {
        for (; path.Length > 0; path = GitTree.ParentOf(path))
            yield return path;
    }

    private static GitCall With(GitCall use, params IReadOnlyList<string> arguments) =>
        new(arguments) { GitDirectory = use.GitDirectory, IndexFile = use.IndexFile };

    private Dictionary<string, string> Identity(string? author)
    {
        var name = new string([.. (author ?? "").Where(c => !char.IsControl(c) && c is not ('<' or '>'))]).Trim();
        var date = $"{time.GetUtcNow().ToUnixTimeSeconds()} +0000";
        return new Dictionary<string, string>
        {
            ["GIT_AUTHOR_NAME"] = name.Any(char.IsLetterOrDigit) ? name : options.AuthorName,
            ["GIT_AUTHOR_EMAIL"] = options.AuthorEmail,
            ["GIT_AUTHOR_DATE"] = date,
            ["GIT_COMMITTER_NAME"] = options.AuthorName,
            ["GIT_COMMITTER_EMAIL"] = options.AuthorEmail,
            ["GIT_COMMITTER_DATE"] = date,
        };
    }

    private sealed class Pending(GitCommitRequest request)
    {
        public GitCommitRequest Request { get; } = request;

        public TaskCompletionSource<GitCommitted> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
