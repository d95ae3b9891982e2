namespace Odin.Kubernetes.Api;

/// <summary>What becomes of the objects that belong to a deleted one.</summary>
public enum DeletePropagation
{
    /// <summary>They go after it.</summary>
    Background,

    /// <summary>They go before it.</summary>
    Foreground,

    /// <summary>They stay.</summary>
    Orphan,
}

/// <summary>How an object is deleted.</summary>
public sealed record DeleteOptions
{
    /// <summary>Default: what belongs to the object goes after it (the server's own default leaves the pods of a job alive).</summary>
    public DeletePropagation Propagation { get; init; }

    /// <summary>Between asking and killing, in whole seconds; null: the object's own.</summary>
    public TimeSpan? GracePeriod { get; init; }

    /// <summary>Only this very object; another one of the same name is a conflict.</summary>
    public string? Uid { get; init; }
}
