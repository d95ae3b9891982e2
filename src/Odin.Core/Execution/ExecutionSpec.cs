namespace Odin.Execution;

/// <summary>A program to run.</summary>
public sealed record ExecutionSpec
{
    public required ExecutionKey Key { get; init; }

    /// <summary>The program and its fixed arguments; never empty. Nothing in it is interpreted by a shell.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The arguments that follow. Kubernetes and people tell them from <see cref="Command"/>; the program does not.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Absolute; made if it does not exist. In a cluster: only where something is mounted that holds it.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>
    /// Runs until it is stopped, as a server does: it starts at once and takes no slot, which others would wait for in vain.
    /// The process executor alone runs such programs.
    /// </summary>
    public bool IsService { get; init; }

    /// <summary>False: the program sees <see cref="Environment"/> and nothing of the executor's own. Default true.</summary>
    public bool InheritsEnvironment { get; init; } = true;

    /// <summary>Added to the executor's own allow-listed environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where and how it runs in a cluster; the process executor ignores it, the others need it.</summary>
    public ContainerSpec? Container { get; init; }

    /// <summary>
    /// Asked when the execution has been accepted and again right before the program is started. False: another process has
    /// taken over in the meantime, and this one must start nothing. Default: always.
    /// </summary>
    public Func<bool> MayStart { get; init; } = static () => true;

    /// <summary>How long <see cref="IExecutor.StopAsync"/> waits between asking and forcing. Default 10 s.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(10);
}
