using Odin.Resources;

namespace Odin.Deployments;

/// <summary>Settings of deployments and their routes.</summary>
public sealed record DeploymentOptions
{
    public ComputeResources DefaultResources { get; init; } = new(new ComputeAmounts("250m", "256Mi"), new ComputeAmounts("125m", "128Mi"));

    /// <summary>The connection that pulls the images of deployments that name none; null, the default: none is needed.</summary>
    public string? PullConnection { get; init; }

    /// <summary>One of <see cref="Predictors"/>, for deployments that name none, as old files do; null, the default: each has to name one.</summary>
    public string? DefaultPredictor { get; init; }

    /// <summary>What the prefixes of routes begin with that users make. Default <c>/custom</c>; <c>/</c>: whatever is free.</summary>
    public string CustomRoutePrefix { get; init; } = "/custom";

    /// <summary>The node selectors that may be asked for; empty: none.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> NodePools { get; init; } = [];
}
