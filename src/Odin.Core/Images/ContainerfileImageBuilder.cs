using System.Text.Json;
using System.Text;
using Odin.Files;

namespace Odin.Images;

/// <summary>
/// Builds images whose environment is installed by commands. Everything but the commands is the work of the layers builder:
/// buildah or podman gets an image with the files, runs the commands of a Containerfile in it, and only the layers that come of
/// that are taken from it. So base and files keep their digests, and pulling, pushing and retrying are the same in both.
/// </summary>
public sealed class ContainerfileImageBuilder(ImageBuilderOptions options, ContainerfileOptions containerfile) : IImageBuilder
{
    private const string StageTag = "stage", BuiltTag = "built", Context = "context", Containerfile = "Containerfile", IdFile = "id";

    private readonly LayersImageBuilder layers = new(options);

    public string Name => "containerfile";

    public bool RunsCommands => true;

    public async Task<BuiltImage> BuildAsync(ImageBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        if (build.Commands.Count == 0)
            return await layers.BuildAsync(build, log, cancellationToken);
        var program = new BuildProgram(containerfile.Program, containerfile.Environment);
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
            await RunAsync(program, work, name, build, log, cancellationToken);
            using var output = ImageLayout.Open(Path.Combine(work, BuiltTag));
            await MergeAsync(stage, output, build.Base.Platform, cancellationToken);
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

    /// <summary>Runs the commands; the image comes to lie in a layout.</summary>
    private async Task RunAsync(BuildProgram program, string work, string name, ImageBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path.Combine(work, BuildProgram.AuthFile), "{}", cancellationToken);
        var made = new List<string>();
        try
        {
            var from = await program.RunAsync(work, ["pull", "--quiet", $"oci:{name}:{StageTag}"], Quiet, cancellationToken);
            made.Add(from);
            Directory.CreateDirectory(Path.Combine(work, Context));
            await File.WriteAllTextAsync(Path.Combine(work, Containerfile), Write(from, build.Commands), cancellationToken);
            await program.RunAsync(
                work,
                ["build", "--pull=never", "--format=oci", $"--layers={(containerfile.KeepsLayers ? "true" : "false")}", "--file", Containerfile, "--iidfile", IdFile, .. containerfile.Arguments, Context],
                log, cancellationToken);
            var id = (await File.ReadAllTextAsync(Path.Combine(work, IdFile), cancellationToken)).Trim();
            made.Add(id);
            await program.RunAsync(work, ["push", "--quiet", id, $"oci:{BuiltTag}:{BuiltTag}"], Quiet, cancellationToken);
        }
        finally
        {
            if (!containerfile.KeepsLayers)
                await RemoveAsync(program, work, made);
        }

        static Task Quiet(string line, CancellationToken token) => Task.CompletedTask;

        // The form with a list: no line break or backslash in a command means anything to the Containerfile.
        static string Write(string from, IReadOnlyList<string> commands) => new StringBuilder($"FROM {from}\n")
            .AppendJoin('\n', commands.Select(c => $"RUN {JsonSerializer.Serialize((string[])["/bin/sh", "-c", c])}")).Append('\n').ToString();
    }

    // Also when the build was cancelled, so with a deadline of its own.
    private static async Task RemoveAsync(BuildProgram program, string work, List<string> images)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        images.Reverse();
        foreach (var image in images)
        {
            try
            {
                await program.RunAsync(work, ["rmi", "--force", image], (_, _) => Task.CompletedTask, limit.Token);
            }
            catch (Exception e) when (e is ImageException or OperationCanceledException)
            {
                // It may be gone with the other one, or used by another build.
            }
        }
    }

    /// <summary>
    /// Takes over what the commands made. The program writes the layers below anew, in other bytes with other digests, which every
    /// registry would take for other layers: those stay ours.
    /// </summary>
    private static async Task MergeAsync(ImageLayout stage, ImageLayout output, ImagePlatform platform, CancellationToken cancellationToken)
    {
        var before = await BaseImage.FindAsync(stage, StageTag, platform, cancellationToken);
        var after = ImageManifest.Parse((await output.FindManifestAsync(BuiltTag, cancellationToken))!, output.Name);
        if (after.Layers.Count < before.Layers.Count)
            throw new ImageException($"The build gave an image of {after.Layers.Count} layers on one of {before.Layers.Count}; it must not squash them.", isPassing: false);
        var added = after.Layers.Skip(before.Layers.Count).ToList();
        foreach (var blob in added.Append(after.Config))
            await BlobTransfer.CopyAsync(output, stage, blob, cancellationToken);
        var merged = new ImageManifest { MediaType = MediaTypes.Manifest, Config = after.Config, Layers = [.. before.Layers, .. added] };
        await stage.PutManifestAsync(BuiltTag, MediaTypes.Manifest, merged.ToBytes(), cancellationToken);
    }
}
