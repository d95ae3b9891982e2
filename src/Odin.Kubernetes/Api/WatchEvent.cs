namespace Odin.Kubernetes.Api;

/// <summary>What a watch has seen.</summary>
public enum WatchEventKind
{
    /// <summary>The complete set, at the beginning and after a gap: what is not in it is gone.</summary>
    Synced,

    Added,

    Modified,

    /// <summary>The object as it was last.</summary>
    Deleted,
}

/// <summary>A change, or the whole set.</summary>
/// <param name="Objects">The set of a <see cref="WatchEventKind.Synced"/>, else the one object.</param>
public sealed record WatchEvent<T>(WatchEventKind Kind, IReadOnlyList<T> Objects)
{
    /// <summary>The object that changed.</summary>
    public T Object => Kind == WatchEventKind.Synced
        ? throw new InvalidOperationException("Synced is about all objects; read Objects.")
        : Objects[0];
}
