namespace Odin.Git;

/// <summary>Where the truth about the branch is: a repository that is used in place, or a remote with a copy here.</summary>
internal interface IGitOrigin
{
    /// <summary>The repository that is read and that new objects are written to.</summary>
    string GitDirectory { get; }

    GitRefs Refs { get; }

    /// <summary>Branches are below <c>{prefix}heads/</c>, tags below <c>{prefix}tags/</c>.</summary>
    string RefPrefix { get; }

    /// <summary>When the copy was last known to be as the origin; null: never. For a directory: now.</summary>
    DateTimeOffset? AsOf { get; }

    /// <summary>Makes what is missing. True when it has just made a new, empty repository. Called once before all else.</summary>
    Task<bool> OpenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns after the references are as the origin has them at some moment after the call.
    /// Everything: all branches and tags, not only the configured branch.
    /// </summary>
    /// <exception cref="GitUnavailableException">The origin cannot be asked.</exception>
    /// <exception cref="GitBranchMissingException">It has branches, but not the configured one.</exception>
    Task RefreshAsync(bool everything, CancellationToken cancellationToken);

    /// <summary>
    /// Moves the branch from one commit (null: it does not exist) to another, on the origin first and then here.
    /// False: the branch is elsewhere by now; nothing was changed.
    /// </summary>
    /// <exception cref="GitUnavailableException">The origin cannot be asked.</exception>
    /// <exception cref="GitRefusedException">The origin does not want the change.</exception>
    Task<bool> PublishAsync(string? from, string to, CancellationToken cancellationToken);
}
