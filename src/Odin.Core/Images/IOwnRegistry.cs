namespace Odin.Images;

/// <summary>Where images go whose packaging names no registry.</summary>
public interface IOwnRegistry
{
    /// <summary>How the names of its images begin.</summary>
    string Name { get; }

    /// <summary>Whether a name and a password let somebody in.</summary>
    Task<bool> KnowsAsync(RegistryCredentials credentials, CancellationToken cancellationToken);

    /// <exception cref="ImageException">The repository cannot be called that.</exception>
    IImageRepository Open(string repository);
}
