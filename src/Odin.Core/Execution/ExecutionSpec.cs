namespace Odin.Execution;

/// <summary>A program to run to its end.</summary>
public sealed record ExecutionSpec
{
    public required ExecutionKey Key { get; init; }

    /// <summary>Program and arguments; never empty. Nothing in it is interpreted by a shell.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Absolute; made if it does not exist.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Added to the executor's own allow-listed environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The container image; the process executor ignores it.</summary>
    public string? Image { get; init; }

    /// <summary>How long <see cref="IExecutor.StopAsync"/> waits between asking and forcing. Default 10 s.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(10);
}
