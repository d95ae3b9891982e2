using Odin.Files;

namespace Odin.Images;

/// <summary>
/// Builds images whose environment is installed by commands. Everything but the commands is the work of the layers builder:
/// buildah, podman or docker gets an image with the files, runs the commands of a Containerfile in it, and only the layers that come of
/// that are taken from it. So base and files keep their digests, and pulling, pushing and retrying are the same in both.
/// </summary>
public sealed class ContainerfileImageBuilder(ImageBuilderOptions options, ContainerfileOptions containerfile) : IImageBuilder
{
    private const string StageTag = "stage", BuiltTag = "built";

    private readonly LayersImageBuilder layers = new(options);

    public string Name => "containerfile";

    public bool RunsCommands => true;

    public async Task<BuiltImage> BuildAsync(ImageBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        if (build.Commands.Count == 0)
            return await layers.BuildAsync(build, log, cancellationToken);
        var program = new BuildProgram(containerfile.Program, containerfile.Environment);
        IContainerEngine engine = program.Name == BuildProgram.Docker ? new DockerContainerEngine(program, containerfile) : new LayoutContainerEngine(program, containerfile);
        // The programs name an image after its directory, as it is given; two builds must not have the same.
        var name = $"odin-{Guid.NewGuid():N}";
        var work = Path.Combine(options.WorkDirectory, name);
        try
        {
            OwnerOnly.CreateDirectory(work);
            using var stage = ImageLayout.Open(Path.Combine(work, name), create: true);
            await layers.BuildAsync(
                new ImageBuild { Target = stage, Tag = StageTag, Base = build.Base, Layers = [.. build.Layers.Where(l => !l.IsAboveCommands)], Created = build.Created },
                log, cancellationToken);
            var added = await engine.RunAsync(new ContainerBuild(work, name, stage, StageTag, build.Commands), log, cancellationToken);
            var before = await BaseImage.FindAsync(stage, StageTag, build.Base.Platform, cancellationToken);
            var merged = new ImageManifest { MediaType = MediaTypes.Manifest, Config = added.Configuration, Layers = [.. before.Layers, .. added.Layers] };
            await stage.PutManifestAsync(BuiltTag, MediaTypes.Manifest, merged.ToBytes(), cancellationToken);
            var result = build with
            {
                Base = await BaseImage.FindAsync(stage, BuiltTag, build.Base.Platform, cancellationToken),
                Commands = [],
                Layers = [.. build.Layers.Where(l => l.IsAboveCommands)],
            };
            return await layers.BuildAsync(result, log, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException($"The image cannot be built in '{work}': {e.Message}", isPassing: true, e);
        }
        finally
        {
            if (Directory.Exists(work))
                Directory.Delete(work, recursive: true);
        }
    }
}
