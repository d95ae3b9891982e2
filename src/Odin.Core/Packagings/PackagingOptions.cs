using Odin.Artifacts;
using Odin.Connections;
using Odin.Images;
using Odin.Resources;

namespace Odin.Packagings;

/// <summary>Settings of packagings.</summary>
public sealed record PackagingOptions
{
    /// <summary>The connection that holds the artifacts of packagings that name none; null: each has to name one. Default: the one that a server makes at its first start.</summary>
    public string? OutputConnection { get; init; } = BuiltInConnections.ModelsOutput;

    public ComputeResources DefaultResources { get; init; } = new(new ComputeAmounts("2", "2Gi"), new ComputeAmounts("1", "1Gi"));

    /// <summary>How long an attempt may take, from its first step. Default 4 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(4);

    /// <summary>How many are worked on at the same time by one server. Default 4.</summary>
    public int MaxParallel { get; init; } = 4;

    /// <summary>
    /// The base of images whose packaging names none: a reference, <c>scratch</c>, or <see cref="MachineBase"/>, which is the
    /// default: the Python of this machine with the packages that the model needs.
    /// </summary>
    public string BaseImage { get; init; } = MachineBase;

    /// <summary>The Python of this machine.</summary>
    public const string MachineBase = "machine";

    /// <summary>
    /// Installs what a model needs by commands in its base image, with buildah, podman or docker; null, the default: images are put
    /// together from layers alone, and their base has what the model needs.
    /// </summary>
    public ContainerfileOptions? Containerfile { get; init; }

    /// <summary>How much may come out of an artifact.</summary>
    public ArchiveLimits Archives { get; init; } = new();

    /// <summary>The node selectors that may be asked for; empty: none.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> NodePools { get; init; } = [];
}
