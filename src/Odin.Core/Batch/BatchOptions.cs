using Odin.Artifacts;

namespace Odin.Batch;

/// <summary>Settings of batch jobs.</summary>
public sealed record BatchOptions
{
    /// <summary>How long a job may take, from its first step. Default 4 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How many are worked on at the same time by one server. Default 4.</summary>
    public int MaxParallel { get; init; } = 4;

    /// <summary>How much may come out of a model's archive.</summary>
    public ArchiveLimits Archives { get; init; } = new();

    /// <summary>The node selectors that may be asked for; empty: none.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> NodePools { get; init; } = [];
}
