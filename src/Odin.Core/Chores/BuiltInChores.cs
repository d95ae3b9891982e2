namespace Odin.Chores;

/// <summary>The chores that come with the program.</summary>
public sealed class BuiltInChores : IDisposable
{
    private readonly Webhook webhook = new();

    public BuiltInChores() => All =
    [
        new BumpKubernetesChore(),
        new BumpVersionChore(),
        new CopyChore(),
        new DemoChore(webhook),
        new EvaluationReportChore(webhook),
        new GitAddChore(),
        new GitCommitChore(),
        new GitPullChore(),
        new GitPushChore(),
        new SlackMessageChore(webhook),
    ];

    /// <summary>Each of another type.</summary>
    public IReadOnlyList<IChore> All { get; }

    public void Dispose() => webhook.Dispose();
}
