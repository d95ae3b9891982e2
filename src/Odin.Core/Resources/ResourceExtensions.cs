namespace Odin.Resources;

/// <summary>What can be done with a resource of any kind.</summary>
public static class ResourceExtensions
{
    /// <summary>A copy with other metadata.</summary>
    public static T With<T>(this T resource, ResourceMetadata metadata)
        where T : class, IResource<T> =>
        T.WithMetadata(resource, metadata);
}
