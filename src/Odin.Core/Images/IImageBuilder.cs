namespace Odin.Images;

/// <summary>Makes images. Safe for use by many at once.</summary>
public interface IImageBuilder
{
    /// <summary>What settings call it: <c>layers</c>, <c>containerfile</c>.</summary>
    string Name { get; }

    /// <summary>Whether it takes <see cref="ImageBuild.Commands"/>.</summary>
    bool RunsCommands { get; }

    /// <summary>
    /// Builds an image and stores it. The tag is set last: it names the old image or the whole new one. May be repeated after
    /// a failure; what is stored already is not sent again.
    /// </summary>
    /// <param name="log">Takes lines for the user.</param>
    /// <exception cref="ImageException">It could not be built or stored.</exception>
    Task<BuiltImage> BuildAsync(ImageBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken);
}
