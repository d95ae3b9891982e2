namespace Odin.Images;

/// <summary>Runs the commands of a build in containers.</summary>
internal interface IContainerEngine
{
    /// <summary>Runs the commands upon the image in the stage, and brings into the stage what they have added.</summary>
    /// <returns>The configuration of the image that came of it, and the layers above those that were there.</returns>
    /// <exception cref="ImageException">A command failed, or the program did; the message has its last words.</exception>
    Task<AddedLayers> RunAsync(ContainerBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken);
}

/// <summary>What an engine is to do.</summary>
/// <param name="Directory">To work in; gone afterwards.</param>
/// <param name="Name">Of the stage's directory below it, and that no other build has.</param>
/// <param name="Stage">The image that is built upon, under <paramref name="Tag"/>.</param>
/// <param name="Commands">For the shell of the image, in their order.</param>
internal sealed record ContainerBuild(string Directory, string Name, ImageLayout Stage, string Tag, IReadOnlyList<string> Commands)
{
    /// <summary>The name of the Containerfile, in the directory.</summary>
    public const string Containerfile = "Containerfile";

    /// <summary>The name of the empty directory that is the context of the build.</summary>
    public const string Context = "context";

    /// <summary>Writes the Containerfile and makes its context.</summary>
    /// <param name="from">The image that is built upon, as the program calls it.</param>
    public async Task WriteAsync(string from, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, Context));
        // The form with a list: no line break or backslash in a command means anything to the Containerfile.
        var lines = Commands.Select(c => $"RUN {System.Text.Json.JsonSerializer.Serialize((string[])["/bin/sh", "-c", c])}").Prepend($"FROM {from}");
        await File.WriteAllTextAsync(Path.Combine(Directory, Containerfile), string.Join('\n', lines) + "\n", cancellationToken);
    }
}

/// <summary>What commands have added to an image.</summary>
internal sealed record AddedLayers(Descriptor Configuration, IReadOnlyList<Descriptor> Layers);
