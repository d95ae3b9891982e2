namespace Odin.Images;

/// <summary>Docker, whose daemon takes and gives images as archives.</summary>
internal sealed class DockerContainerEngine(BuildProgram program, ContainerfileOptions options) : IContainerEngine
{
    private const string StageFile = "stage.tar", BuiltFile = "built.tar", BuiltTag = "built";

    public async Task<AddedLayers> RunAsync(ContainerBuild build, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var (from, to) = ($"localhost/{build.Name}:{build.Tag}", $"localhost/{build.Name}:{BuiltTag}");
        var before = await DockerArchive.WriteAsync(build.Stage, build.Tag, from, Path.Combine(build.Directory, StageFile), cancellationToken);
        var made = new List<string>();
        try
        {
            made.Add(from);
            await program.RunAsync(build.Directory, ["load", "--quiet", "--input", StageFile], Quiet, cancellationToken);
            await build.WriteAsync(from, cancellationToken);
            made.Add(to);
            await program.RunAsync(
                build.Directory,
                [
                    "build", "--force-rm", $"--no-cache={(options.KeepsLayers ? "false" : "true")}", "--file", ContainerBuild.Containerfile, "--tag", to,
                    .. options.Arguments, ContainerBuild.Context,
                ],
                log, cancellationToken);
            await program.RunAsync(build.Directory, ["save", "--output", BuiltFile, to], Quiet, cancellationToken);
        }
        finally
        {
            if (!options.KeepsLayers)
                await program.RemoveAsync(build.Directory, made);
        }
        return await DockerArchive.TakeAsync(Path.Combine(build.Directory, BuiltFile), before, build.Stage, build.Directory, cancellationToken);
    }

    private static Task Quiet(string line, CancellationToken token) => Task.CompletedTask;
}
