namespace Odin.Images;

/// <summary>buildah and podman, which read and write OCI layouts.</summary>
internal sealed class LayoutContainerEngine(BuildProgram program, ContainerfileOptions options) : IContainerEngine
{
    private const string BuiltTag = "built", IdFile = "id";

    public async Task<AddedLayers> RunAsync(ContainerBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var made = new List<string>();
        try
        {
            var from = await program.RunAsync(build.Directory, ["pull", "--quiet", $"oci:{build.Name}:{build.Tag}"], Quiet, cancellationToken);
            made.Add(from);
            await build.WriteAsync(from, cancellationToken);
            await program.RunAsync(
                build.Directory,
                [
                    "build", "--pull=never", "--format=oci", $"--layers={(options.KeepsLayers ? "true" : "false")}", "--file", ContainerBuild.Containerfile, "--iidfile", IdFile,
                    .. options.Arguments, ContainerBuild.Context,
                ],
                log, cancellationToken);
            var id = (await File.ReadAllTextAsync(Path.Combine(build.Directory, IdFile), cancellationToken)).Trim();
            made.Add(id);
            await program.RunAsync(build.Directory, ["push", "--quiet", id, $"oci:{BuiltTag}:{BuiltTag}"], Quiet, cancellationToken);
        }
        finally
        {
            if (!options.KeepsLayers)
                await program.RemoveAsync(build.Directory, made);
        }
        using var output = ImageLayout.Open(Path.Combine(build.Directory, BuiltTag));
        return await TakeAsync(build, output, cancellationToken);
    }

    private static Task Quiet(string line, CancellationToken token) => Task.CompletedTask;

    // The program writes the layers below anew, in other bytes with other digests, which every registry would take for other
    // layers: those stay ours.
    private static async Task<AddedLayers> TakeAsync(ContainerBuild build, ImageLayout output, CancellationToken cancellationToken)
    {
        var before = ImageManifest.Parse((await build.Stage.FindManifestAsync(build.Tag, cancellationToken))!, build.Stage.Name);
        var after = ImageManifest.Parse((await output.FindManifestAsync(BuiltTag, cancellationToken))!, output.Name);
        if (after.Layers.Count < before.Layers.Count)
            throw new ImageException($"The build gave an image of {after.Layers.Count} layers on one of {before.Layers.Count}; it must not squash them.", isPassing: false);
        var added = new AddedLayers(after.Config, [.. after.Layers.Skip(before.Layers.Count)]);
        foreach (var blob in added.Layers.Append(added.Configuration))
            await BlobTransfer.CopyAsync(output, build.Stage, blob, cancellationToken);
        return added;
    }
}
