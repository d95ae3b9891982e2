using System.Text.Json.Serialization.Metadata;

namespace Odin.Resources;

/// <summary>
/// A noun that is kept in the <see cref="Storage.IResourceStore"/>: what the user wants (its spec) and what was
/// observed (its status) in one immutable record. The same record is the stored document.
/// </summary>
/// <typeparam name="TSelf">The record itself.</typeparam>
public interface IResource<TSelf>
    where TSelf : class, IResource<TSelf>
{
    /// <summary>The name of the kind in the store and in messages, in CamelCase (<c>TaskRun</c>).</summary>
    static abstract string Kind { get; }

    /// <summary>How the record is written as JSON; source generated.</summary>
    static abstract JsonTypeInfo<TSelf> JsonType { get; }

    /// <summary>Identity, versions and times.</summary>
    ResourceMetadata Metadata { get; }

    /// <summary>A copy with other metadata: <c>resource with { Metadata = metadata }</c>.</summary>
    static abstract TSelf WithMetadata(TSelf resource, ResourceMetadata metadata);

    /// <summary>
    /// What the resource belongs to, as an indexed column: the job of a run, the run of a task.
    /// Null where the kind has no such thing. It never changes after creation.
    /// </summary>
    string? Parent { get; }

    /// <summary>Where the resource is in its life, as an indexed column; null where the kind has no phases.</summary>
    string? Phase { get; }
}
