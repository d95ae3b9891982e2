using Odin.Resources;

namespace Odin.Storage;

/// <summary>What a <see cref="ResourceWrite"/> does.</summary>
public enum WriteKind
{
    /// <summary>A new resource.</summary>
    Create,

    /// <summary>The user's wish: raises the generation.</summary>
    UpdateSpec,

    /// <summary>The controller's observation: leaves the generation as it is.</summary>
    UpdateStatus,

    /// <summary>Removal, whatever the version; removing what is not there is success.</summary>
    Delete,
}

/// <summary>
/// Writes that belong together. Each method returns the resource as it will be stored (with its new version), so that
/// a caller can go on with it once <see cref="IResourceStore.ApplyAsync"/> has succeeded. Not safe for concurrent use.
/// </summary>
public sealed class ResourceBatch(TimeProvider time)
{
    private readonly List<ResourceWrite> writes = [];

    /// <summary>Carried out only while this lease is good; null: in any case.</summary>
    public LeaseToken? Lease { get; init; }

    /// <summary>The writes so far, in order.</summary>
    public IReadOnlyList<ResourceWrite> Writes => writes;

    /// <summary>Adds a new resource; sets generation, version and times.</summary>
    public T Create<T>(T resource)
        where T : class, IResource<T>
    {
        var now = Now();
        return Add(WriteKind.Create, null, resource.With(resource.Metadata with
        {
            Generation = 1,
            Version = NewVersion(),
            Created = now,
            Updated = now,
        }));
    }

    /// <summary>Replaces the resource if it still has the version that <paramref name="resource"/> carries; generation + 1.</summary>
    public T UpdateSpec<T>(T resource)
        where T : class, IResource<T> =>
        Update(WriteKind.UpdateSpec, resource, resource.Metadata.Generation + 1);

    /// <summary>Replaces the resource if it still has the version that <paramref name="resource"/> carries.</summary>
    public T UpdateStatus<T>(T resource)
        where T : class, IResource<T> =>
        Update(WriteKind.UpdateStatus, resource, resource.Metadata.Generation);

    /// <summary>Removes the resource.</summary>
    public void Delete<T>(string id)
        where T : class, IResource<T> =>
        writes.Add(new ResourceWrite { WriteKind = WriteKind.Delete, Kind = T.Kind, Id = id });

    private T Update<T>(WriteKind kind, T resource, long generation)
        where T : class, IResource<T>
    {
        var now = Now();
        return Add(kind, resource.Metadata.Version, resource.With(resource.Metadata with
        {
            Generation = generation,
            Version = NewVersion(),
            Updated = now,
            SpecUpdated = kind == WriteKind.UpdateSpec ? now : resource.Metadata.SpecUpdated,
        }));
    }

    private T Add<T>(WriteKind kind, string? expectedVersion, T resource)
        where T : class, IResource<T>
    {
        writes.Add(new ResourceWrite
        {
            WriteKind = kind,
            Kind = T.Kind,
            Id = resource.Metadata.Id,
            ExpectedVersion = expectedVersion,
            Metadata = resource.Metadata,
            Parent = resource.Parent,
            Phase = resource.Phase,
            Resource = resource,
            Serialize = static r => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes((T)r, T.JsonType),
        });
        return resource;
    }

    // Whole microseconds, because that is what PostgreSQL and the paging key keep.
    private DateTimeOffset Now()
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    private static string NewVersion() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
}

/// <summary>One write of a <see cref="ResourceBatch"/>, with what a store needs to carry it out.</summary>
public sealed record ResourceWrite
{
    public required WriteKind WriteKind { get; init; }

    public required string Kind { get; init; }

    public required string Id { get; init; }

    /// <summary>The version that must be there; null for a create or a delete.</summary>
    public string? ExpectedVersion { get; init; }

    /// <summary>Of the resource after the write; null for a delete.</summary>
    public ResourceMetadata? Metadata { get; init; }

    public string? Parent { get; init; }

    public string? Phase { get; init; }

    /// <summary>The resource after the write; null for a delete.</summary>
    public object? Resource { get; init; }

    /// <summary>Makes the UTF-8 JSON document out of <see cref="Resource"/>; null for a delete.</summary>
    public Func<object, byte[]>? Serialize { get; init; }
}
