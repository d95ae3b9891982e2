namespace Odin.Git;

/// <summary>What an entry of a tree is.</summary>
internal enum GitEntryKind
{
    File,
    Executable,
    SymbolicLink,

    /// <summary>A commit of another repository; its files are not here.</summary>
    Submodule,
    Directory,
}

/// <summary>An entry of a tree.</summary>
/// <param name="Path">From the root of the tree, with slashes.</param>
/// <param name="Size">Bytes; 0 for what is no file.</param>
internal readonly record struct GitEntry(GitEntryKind Kind, string Sha, long Size, string Path)
{
    public bool IsFile => Kind is GitEntryKind.File or GitEntryKind.Executable;
}

/// <summary>A file to write or to remove.</summary>
/// <param name="Blob">SHA of the content, which is in the repository already; null: the file goes.</param>
/// <param name="IsExecutable">Null: as it is, and not for a new file.</param>
internal readonly record struct GitChange(string Path, string? Blob, bool? IsExecutable = null);

/// <summary>A commit to make.</summary>
/// <param name="Plan">Says, for the tree that the commit is going to be made on, what to write; may be asked more than once.</param>
/// <param name="Author">A name for the author; null: as the committer.</param>
internal sealed record GitCommitRequest(Func<GitTip, CancellationToken, Task<IReadOnlyList<GitChange>>> Plan, string Message, string? Author);

/// <summary>The outcome of a commit.</summary>
/// <param name="Sha">The new commit, or the head if nothing was to be changed; null: that head is an empty repository.</param>
internal readonly record struct GitCommitted(string? Sha, bool IsNew);
