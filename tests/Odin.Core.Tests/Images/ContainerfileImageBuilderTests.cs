using Odin.Images;

namespace Odin.Tests.Images;

public sealed class ContainerfileImageBuilderTests(RegistryServer server) : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<string> log = [];

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("buildah")]
    [InlineData("podman")]
    [InlineData("docker")]
    public async Task Build_Commands_AreRunBetweenTheLayers(string program)
    {
        using var tool = new ContainerTool(program, "podman", "busybox", "runc");
        // Docker's own program, and podman in the place of its daemon.
        await using var daemon = program == "docker" ? await tool.ServeDockerAsync() : null;
        using var target = await server.CreateRepositoryAsync();
        var lower = await new LayersImageBuilder(new ImageBuilderOptions { WorkDirectory = directory["work"] }).BuildAsync(BusyBox(target, "base"), Log, CancellationToken.None);
        var from = await BaseImage.FindAsync(target, "base", null, CancellationToken.None);
        var build = new ImageBuild
        {
            Target = target,
            Tag = "1",
            Base = from,
            Layers =
            [
                new ImageLayer("environment", [LayerEntry.Bytes("conda.yaml", "numpy"u8.ToArray())]),
                new ImageLayer("model", [LayerEntry.Bytes("model", "wine"u8.ToArray())]) { IsAboveCommands = true },
            ],
            Commands = ["echo \"installed $(cat /conda.yaml)\" >/made; test ! -e /model\necho 'two \\ lines'", "echo second >>/made"],
            Configuration = new ImageConfiguration { Entrypoint = ["/bin/sh", "-c"], Command = ["cat /made /model"] },
        };

        var image = await Builder(tool, program).BuildAsync(build, Log, CancellationToken.None);

        var result = await BaseImage.FindAsync(target, "1", null, CancellationToken.None);
        Assert.Equal(from.Layers.Select(l => l.Digest), result.Layers.Take(from.Layers.Count).Select(l => l.Digest));
        Assert.Contains("two \\ lines", log);
        Assert.Equal("", await tool.RunAsync("podman", "images", "--all", "--quiet"));
        await tool.RunAsync("podman", "login", "-u", RegistryServer.UserName, "-p", RegistryServer.Password, server.Host);
        Assert.Equal("installed numpy\nsecond\nwine", await tool.RunAsync("podman", "run", "--rm", "--network", "none", image.Reference));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));
        Assert.NotEqual(lower.Digest, image.Digest);
    }

    [Fact]
    public async Task Build_CommandFails_SaysItsLastWordsAndSetsNoTag()
    {
        using var tool = new ContainerTool("buildah", "busybox", "runc");
        using var layout = ImageLayout.Open(directory["layout"], create: true);
        var build = BusyBox(layout, "1") with { Commands = ["echo no such package; exit 3"] };

        var e = await Assert.ThrowsAsync<ImageException>(() => Builder(tool, "buildah").BuildAsync(build, Log, CancellationToken.None));

        Assert.Contains("'buildah build' ended with exit code 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("no such package", log);
        Assert.Null(await layout.FindManifestAsync("1", CancellationToken.None));
        Assert.Equal("", await tool.RunAsync("buildah", "images", "--all", "--quiet"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));
    }

    [Fact]
    public async Task Build_Cancelled_KillsTheProgram()
    {
        using var tool = new ContainerTool("buildah", "busybox", "runc");
        using var layout = ImageLayout.Open(directory["layout"], create: true);
        using var cancel = new CancellationTokenSource();
        var build = BusyBox(layout, "1") with { Commands = ["echo started; sleep 600"] };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Builder(tool, "buildah").BuildAsync(
            build,
            async (line, _) =>
            {
                if (line == "started")
                    await cancel.CancelAsync();
            },
            cancel.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));
    }

    [Fact]
    public async Task Build_ProgramMissing_SaysWhatToDo()
    {
        using var layout = ImageLayout.Open(directory["layout"], create: true);
        var builder = new ContainerfileImageBuilder(new ImageBuilderOptions { WorkDirectory = directory["work"] }, new ContainerfileOptions { Program = "/nowhere/buildah" });

        var e = await Assert.ThrowsAsync<ImageException>(() => builder.BuildAsync(BusyBox(layout, "1") with { Commands = ["true"] }, Log, CancellationToken.None));

        Assert.Contains("there is no '/nowhere/buildah' here", e.Message, StringComparison.Ordinal);
        Assert.Contains("the builder 'layers'", e.Message, StringComparison.Ordinal);
    }

    private static ImageBuild BusyBox(IImageRepository target, string tag) => new()
    {
        Target = target,
        Tag = tag,
        Base = BaseImage.Scratch(),
        Layers =
        [
            new ImageLayer("busybox",
            [
                LayerEntry.File("bin/busybox", File.Exists("/bin/busybox") ? "/bin/busybox" : "/usr/bin/busybox"),
                .. new[] { "sh", "cat", "test", "sleep" }.Select(name => LayerEntry.Link($"bin/{name}", "busybox")),
                LayerEntry.Directory("tmp"),
            ]),
        ],
        Configuration = new ImageConfiguration { Environment = new Dictionary<string, string> { ["PATH"] = "/bin" } },
    };

    private ContainerfileImageBuilder Builder(ContainerTool tool, string program) => new(
        new ImageBuilderOptions { WorkDirectory = directory["work"] },
        new ContainerfileOptions { Program = program, Environment = tool.Variables, Arguments = ["--network=none"] });

    private Task Log(string line, CancellationToken cancellationToken)
    {
        log.Add(line);
        return Task.CompletedTask;
    }
}
