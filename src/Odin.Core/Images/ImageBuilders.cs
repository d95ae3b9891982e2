namespace Odin.Images;

/// <summary>Makes the builder that settings ask for.</summary>
public static class ImageBuilders
{
    /// <param name="directory">For builds that are under way, and for layers that many images share.</param>
    /// <param name="containerfile">Null: images are put together from layers alone.</param>
    public static IImageBuilder Create(string directory, ContainerfileOptions? containerfile, TimeProvider time)
    {
        var options = new ImageBuilderOptions { WorkDirectory = Path.Combine(directory, "work"), CacheDirectory = Path.Combine(directory, "layers"), Time = time };
        return containerfile is null ? new LayersImageBuilder(options) : new ContainerfileImageBuilder(options, containerfile);
    }
}
