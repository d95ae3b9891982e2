namespace Odin.Git;

/// <summary>The commit that the next one is made on; null: the repository is empty.</summary>
internal sealed class GitTip(GitObjects objects, string? commit)
{
    public string? Commit { get; } = commit;

    /// <summary>Those of the paths that exist, whatever they are.</summary>
    public Task<IReadOnlyList<GitEntry>> FindAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken) =>
        Commit is null ? Task.FromResult<IReadOnlyList<GitEntry>>([]) : objects.ListAsync(Commit, paths, cancellationToken);

    /// <summary>Everything below a directory but directories.</summary>
    public Task<IReadOnlyList<GitEntry>> FindBelowAsync(string directory, CancellationToken cancellationToken) =>
        Commit is null ? Task.FromResult<IReadOnlyList<GitEntry>>([]) : objects.ListBelowAsync(Commit, directory, cancellationToken);

    /// <summary>Whether there is anything at the path.</summary>
    public async Task<bool> HasAsync(string path, CancellationToken cancellationToken) => (await FindAsync([path], cancellationToken)).Count > 0;
}
