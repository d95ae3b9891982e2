using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Odin.Git;

namespace Odin.Pipelines;

/// <summary>Commits laid out on the disk, each once, whole, in a directory named after it.</summary>
internal sealed partial class JobCheckouts(
    GitObjects objects, PipelineCatalogOptions options, string directory, TimeProvider time, ILogger logger)
{
    private const string PartialSuffix = ".partial";
    private const string TrashSuffix = ".trash";
    private const string LinksSuffix = ".links";

    // Read-only, so that no task can change what later runs of the commit see.
    private const UnixFileMode FileMode444 = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode FileMode555 = FileMode444 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly ConcurrentDictionary<string, Lazy<Task>> running = new(StringComparer.Ordinal);
    private readonly Lock useGate = new();

    /// <summary>Marks the commit as used now. False: it is not laid out.</summary>
    public bool TryUse(string commit)
    {
        lock (useGate)
        {
            var path = PathOf(commit);
            if (!Directory.Exists(path))
                return false;
            Directory.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
            return true;
        }
    }

    /// <summary>The directory of a commit.</summary>
    public string PathOf(string commit) => Path.Combine(directory, commit);

    /// <summary>Lays a commit out unless it is; callers that ask at the same time share the work.</summary>
    /// <exception cref="JobCheckoutException">It cannot be laid out.</exception>
    public async Task<string> EnsureAsync(GitTree tree, CancellationToken cancellationToken)
    {
        while (!TryUse(tree.Commit))
        {
            var export = running.GetOrAdd(tree.Commit, _ => new Lazy<Task>(() => ExportAsync(tree)));
            await export.Value.WaitAsync(cancellationToken);
        }
        return PathOf(tree.Commit);
    }

    /// <summary>The symbolic links that lead out of the repository and therefore are missing in the directory.</summary>
    public async Task<IReadOnlyList<string>> RefusedLinksAsync(string commit, CancellationToken cancellationToken)
    {
        var file = PathOf(commit) + LinksSuffix;
        return File.Exists(file)
            ? (await File.ReadAllTextAsync(file, cancellationToken)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : [];
    }

    /// <summary>Removes what no run names and nobody has asked for lately, and what crashes left behind. Returns the commits.</summary>
    public IReadOnlyList<string> RemoveUnused(IReadOnlySet<string> commitsInUse)
    {
        var removed = new List<string>();
        if (!Directory.Exists(directory))
            return removed;
        foreach (var path in Directory.GetDirectories(directory))
        {
            var name = Path.GetFileName(path);
            if (GitRevision.IsFullSha(name) && !commitsInUse.Contains(name) && TryDiscard(path))
                removed.Add(name);
            else if (name.EndsWith(TrashSuffix, StringComparison.Ordinal)
                || (name.EndsWith(PartialSuffix, StringComparison.Ordinal) && !running.ContainsKey(name.Split('.')[0]) && !IsRecent(path)))
                Delete(path);
        }
        return removed;
    }

    private bool TryDiscard(string path)
    {
        var trash = $"{path}.{Guid.NewGuid():N}{TrashSuffix}";
        lock (useGate)
        {
            if (IsRecent(path))
                return false;
            // The directory goes in one step, so that nobody finds half a checkout.
            File.Delete(path + LinksSuffix);
            Directory.Move(path, trash);
        }
        Delete(trash);
        return true;
    }

    private bool IsRecent(string path) => Directory.GetLastWriteTimeUtc(path) + options.CheckoutGrace > time.GetUtcNow().UtcDateTime;

    // What a task has made undeletable must not keep the rest on the disk; it is tried again with the next call.
    private void Delete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(path, exception.Message);
        }
    }

    private async Task ExportAsync(GitTree tree)
    {
        try
        {
            // Somebody may have finished between the caller's look and its turn.
            if (!TryUse(tree.Commit))
                await ExportNewAsync(tree);
        }
        finally
        {
            running.TryRemove(tree.Commit, out _);
        }
    }

    private async Task ExportNewAsync(GitTree tree)
    {
        Check(tree);
        var partial = $"{PathOf(tree.Commit)}.{Guid.NewGuid():N}{PartialSuffix}";
        Directory.CreateDirectory(partial);
        try
        {
            await WriteFilesAsync(tree, partial);
            var refused = MakeLinks(tree, partial);
            if (refused.Count > 0)
            {
                await File.WriteAllTextAsync(PathOf(tree.Commit) + LinksSuffix, string.Join('\0', refused));
                LogLinksSkipped(tree.Commit, string.Join(", ", refused.Take(10)));
            }
            Directory.Move(partial, PathOf(tree.Commit));
        }
        catch (IOException) when (Directory.Exists(PathOf(tree.Commit)))
        {
            // Another server on the same directory was faster.
            Delete(partial);
        }
        catch (PathTooLongException exception)
        {
            Delete(partial);
            throw new JobCheckoutException($"The commit '{tree.Commit}' holds a name that is too long for this disk: {exception.Message}");
        }
        catch
        {
            Delete(partial);
            throw;
        }
    }

    private void Check(GitTree tree)
    {
        if (tree.Entries.Count > options.MaxCheckoutFiles)
            throw new JobCheckoutException(
                $"The commit '{tree.Commit}' holds {tree.Entries.Count} files, more than {options.MaxCheckoutFiles}: keep data out of the repository.");
        if (tree.Entries.Sum(entry => entry.Size) > options.MaxCheckoutBytes)
            throw new JobCheckoutException(
                $"The commit '{tree.Commit}' holds more than {options.MaxCheckoutBytes} bytes: keep data out of the repository.");
        if (tree.Entries.FirstOrDefault(entry => JobPath.LeadsElsewhere(entry.Path)) is { Path: { } path })
            throw new JobCheckoutException($"The commit '{tree.Commit}' holds the name '{JobPath.Show(path)}', which leads elsewhere: remove it from the repository.");
    }

    private async Task WriteFilesAsync(GitTree tree, string root)
    {
        foreach (var submodule in tree.Entries.Where(entry => entry.Kind == GitEntryKind.Submodule))
            Directory.CreateDirectory(Path.Combine(root, submodule.Path));
        foreach (var parent in tree.Entries.Select(entry => GitTree.ParentOf(entry.Path)).Distinct(StringComparer.Ordinal))
            Directory.CreateDirectory(Path.Combine(root, parent));
        await objects.ReadBlobsAsync(
            tree.Entries.Where(entry => entry.IsFile),
            async (entry, content, token) =>
            {
                var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    how.UnixCreateMode = entry.Kind == GitEntryKind.Executable ? FileMode555 : FileMode444;
                await using var file = new FileStream(Path.Combine(root, entry.Path), how);
                await content.CopyToAsync(file, token);
            },
            CancellationToken.None);
    }

    // After all files, so that nothing is ever written through a link.
    private static List<string> MakeLinks(GitTree tree, string root)
    {
        var refused = new List<string>();
        foreach (var (path, target) in tree.Links)
        {
            if (tree.Resolve(path).Outcome == GitPathOutcome.Outside)
                refused.Add(path);
            else
                File.CreateSymbolicLink(Path.Combine(root, path), target);
        }
        return refused;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Commit {Commit} has symbolic links that lead out of the repository; they were left out: {Links}")]
    private partial void LogLinksSkipped(string commit, string links);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The unused checkout '{Path}' cannot be deleted: {Reason}")]
    private partial void LogNotDeleted(string path, string reason);
}
