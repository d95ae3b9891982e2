using Odin.Artifacts;
using Odin.Connections;
using Odin.Resources;

namespace Odin.Trainings;

/// <summary>Settings of trainings.</summary>
public sealed record TrainingOptions
{
    /// <summary>The connection of trainings that name none; null: each has to name one. Default: the one that a server makes at its first start.</summary>
    public string? OutputConnection { get; init; } = BuiltInConnections.ModelsOutput;

    public ComputeResources DefaultResources { get; init; } = new(new ComputeAmounts("250m", "256Mi"), new ComputeAmounts("125m", "128Mi"));

    /// <summary>How long an attempt may take, from its first step. Default 4 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How many are worked on at the same time by one server. Default 4.</summary>
    public int MaxParallel { get; init; } = 4;

    /// <summary>How artifacts are written. Default a zip.</summary>
    public ArchiveFormat ArtifactFormat { get; init; } = ArchiveFormat.Zip;

    /// <summary>The node selectors that may be asked for; empty: none.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> NodePools { get; init; } = [];

    /// <summary>The same for trainings with GPUs.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> GpuNodePools { get; init; } = [];
}
