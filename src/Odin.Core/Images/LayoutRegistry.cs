namespace Odin.Images;

/// <summary>Image layouts in a directory, one for each name, as a registry for who has none.</summary>
public sealed class LayoutRegistry(string directory) : IOwnRegistry
{
    /// <summary>What tools for containers call images that came from no registry.</summary>
    public string Name => "localhost";

    /// <summary>It is the user's own.</summary>
    public Task<bool> KnowsAsync(RegistryCredentials credentials, CancellationToken cancellationToken) => Task.FromResult(true);

    public IImageRepository Open(string repository) => ImageReference.IsRepository(repository)
        ? ImageLayout.Open(PathOf(repository), create: true)
        : throw new ImageException($"'{repository}' is no name of a repository.", isPassing: false);

    /// <summary>The directory of an image's layout.</summary>
    public string PathOf(string repository) => Path.GetFullPath(Path.Combine(directory, repository));
}
