namespace Odin.Chores;

/// <summary>Stages files; the value is the directory.</summary>
internal sealed class GitAddChore : IChore
{
    public string Type => "git-add";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
    [
        new("dir", "A directory in the work tree."),
        new("files", "A file or a list of files, relative to the directory."),
    ];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        var directory = arguments.Text("dir");
        await new WorkTree(directory).AddAsync(arguments.Texts("files"), cancellationToken);
        return new ChoreResult.Done(directory);
    }
}

/// <summary>Commits what is staged, if anything is; the value is the commit.</summary>
internal sealed class GitCommitChore : IChore
{
    public string Type => "git-commit";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
    [
        new("dir", "A directory in the work tree."),
        new("message", "The message of the commit."),
    ];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken) =>
        await new WorkTree(arguments.Text("dir")).CommitAsync(arguments.Text("message"), cancellationToken) is { } commit
            ? new ChoreResult.Done(commit)
            : new ChoreResult.Skipped("nothing is staged");
}

/// <summary>Pushes the branch, on top of what came to the remote first; the value is the commit.</summary>
internal sealed class GitPushChore : IChore
{
    public string Type => "git-push";

    public IReadOnlyList<ChoreParameter> Parameters { get; } = [new("dir", "A directory in the work tree.")];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken) =>
        new ChoreResult.Done(await new WorkTree(arguments.Text("dir")).PushAsync(cancellationToken));
}

/// <summary>Takes over what is new in the remote; the value is the commit.</summary>
internal sealed class GitPullChore : IChore
{
    public string Type => "git-pull";

    public IReadOnlyList<ChoreParameter> Parameters { get; } = [new("dir", "A directory in the work tree.")];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken) =>
        new ChoreResult.Done(await new WorkTree(arguments.Text("dir")).PullAsync(cancellationToken));
}
