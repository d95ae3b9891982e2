namespace Odin.Storage;

/// <summary>A committed change of one resource, or the notice that changes were missed.</summary>
/// <param name="Kind">What happened; null in a <see cref="Resync"/>.</param>
/// <param name="Id">The resource; empty in a <see cref="Resync"/>.</param>
/// <param name="Parent">The parent of the resource, where the store knows it.</param>
public sealed record ResourceChange(WriteKind? Kind, string Id, string? Parent)
{
    /// <summary>Changes were missed: list again.</summary>
    public static ResourceChange Resync { get; } = new(null, "", null);

    /// <summary>Another server has made the change.</summary>
    public bool IsRemote { get; init; }
}
