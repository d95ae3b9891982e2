namespace Odin.Resources;

/// <summary>What every stored resource has.</summary>
public sealed record ResourceMetadata
{
    /// <summary>The key within the kind. Compared ordinally.</summary>
    public required string Id { get; init; }

    /// <summary>Starts at 1 and grows by one with every change of the spec. Set by the store.</summary>
    public long Generation { get; init; }

    /// <summary>Opaque, new with every write; a write that names another one fails. Set by the store.</summary>
    public string Version { get; init; } = "";

    /// <summary>When the resource was created, UTC, in whole microseconds. Set by the store.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>When the resource was last written, UTC. Set by the store.</summary>
    public DateTimeOffset Updated { get; init; }

    /// <summary>When the spec was last replaced; null while it is the first. Set by the store.</summary>
    public DateTimeOffset? SpecUpdated { get; init; }

    /// <summary>When somebody asked for the deletion of the resource; null while nobody did.</summary>
    public DateTimeOffset? DeletionRequested { get; init; }

    /// <summary>Free key-value pairs of the user's.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The project that owns the resource; null is the default project.</summary>
    public string? Project { get; init; }
}
