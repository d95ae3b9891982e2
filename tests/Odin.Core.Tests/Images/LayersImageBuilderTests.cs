using System.Text;
using System.Text.Json.Nodes;
using Odin.Images;
using Odin.ObjectStorage;

namespace Odin.Tests.Images;

public sealed class LayersImageBuilderTests(RegistryServer server) : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly List<string> log = [];

    private LayersImageBuilder Builder => new(new ImageBuilderOptions { WorkDirectory = directory["work"] });

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Build_OnScratch_CanBeRun()
    {
        using var tool = new ContainerTool("podman", "busybox");
        using var target = await server.CreateRepositoryAsync();
        var build = BusyBox(target) with
        {
            Configuration = new ImageConfiguration
            {
                Entrypoint = ["/bin/busybox"],
                Command = ["sh", "-c", "cat /app/model/größe; echo $GREETING; pwd; id -u"],
                Environment = new Dictionary<string, string> { ["GREETING"] = "hello there" },
                WorkingDirectory = "/app/model",
                User = "1000:1000",
            },
        };

        var image = await BuildAsync(build);

        await tool.RunAsync("podman", "login", "-u", RegistryServer.UserName, "-p", RegistryServer.Password, server.Host);
        Assert.Equal("12 hello there /app/model 1000", (await tool.RunAsync("podman", "run", "--rm", "--network", "none", image.Reference)).Replace('\n', ' '));
    }

    [Fact]
    public async Task Build_WithBase_IsReadBySkopeo()
    {
        using var tool = new ContainerTool("skopeo");
        using var target = await server.CreateRepositoryAsync();
        await BuildAsync(BusyBox(target) with
        {
            Tag = "base",
            Configuration = new ImageConfiguration { Environment = new Dictionary<string, string> { ["PATH"] = "/bin", ["A"] = "1" }, Command = ["x"], Ports = [80] },
        });
        var build = Model(target, await BaseImage.FindAsync(target, "base", null, CancellationToken.None));

        var image = await BuildAsync(build);

        var credentials = $"{RegistryServer.UserName}:{RegistryServer.Password}";
        var manifest = JsonNode.Parse(await tool.RunAsync("skopeo", "inspect", "--tls-verify=false", "--creds", credentials, $"docker://{image.Reference}"))!;
        Assert.Equal(image.Digest, (string?)manifest["Digest"]);
        Assert.Equal(3, manifest["Layers"]!.AsArray().Count);
        Assert.Equal(["A=2", "PATH=/bin", "B=3"], manifest["Env"]!.AsArray().Select(n => (string?)n));
        Assert.Equal("wine", (string?)manifest["Labels"]!["model"]);
        var config = JsonNode.Parse(await tool.RunAsync("skopeo", "inspect", "--config", "--tls-verify=false", "--creds", credentials, $"docker://{image.Reference}"))!["config"]!;
        Assert.Equal(["/bin/serve"], config["Entrypoint"]!.AsArray().Select(n => (string?)n));
        Assert.Null(config["Cmd"]);
        Assert.Equal(["5000/tcp", "80/tcp"], config["ExposedPorts"]!.AsObject().Select(p => p.Key).Order());
        Assert.Contains(log, line => line.StartsWith("Base layer", StringComparison.Ordinal) && line.EndsWith("is there already", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Build_Twice_IsTheSameToTheByte()
    {
        using var first = ImageLayout.Open(directory["first"], create: true);
        using var second = ImageLayout.Open(directory["second"], create: true);

        var one = await BuildAsync(Model(first, BaseImage.Scratch()) with { Sbom = "{}"u8.ToArray() });
        Directory.Delete(directory["work"], recursive: true);
        var two = await BuildAsync(Model(second, BaseImage.Scratch()) with { Sbom = "{}"u8.ToArray() });

        Assert.Equal(one.Digest, two.Digest);
        Assert.Equal(Hashes(directory["first"]), Hashes(directory["second"]));
    }

    [Fact]
    public async Task Build_FromLayoutToRegistry_CopiesTheBase()
    {
        using var layout = ImageLayout.Open(directory["base"], create: true);
        await BuildAsync(BusyBox(layout));
        using var target = await server.CreateRepositoryAsync();

        var image = await BuildAsync(Model(target, await BaseImage.FindAsync(layout, "1", null, CancellationToken.None)));

        Assert.Contains(log, line => line.StartsWith("Base layer", StringComparison.Ordinal) && line.EndsWith("copied", StringComparison.Ordinal));
        var found = await BaseImage.FindAsync(target, image.Digest, null, CancellationToken.None);
        Assert.Equal(3, found.Layers.Count);
    }

    [Fact]
    public async Task Build_BaseInAnotherRepository_IsMounted()
    {
        using var other = await server.CreateRepositoryAsync("base");
        await BuildAsync(BusyBox(other));
        using var target = await server.CreateRepositoryAsync();

        await BuildAsync(Model(target, await BaseImage.FindAsync(other, "1", null, CancellationToken.None)));

        Assert.Contains(log, line => line.EndsWith("taken over from another repository of the registry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Build_DamagedBase_FailsAndSetsNoTag()
    {
        using var layout = ImageLayout.Open(directory["base"], create: true);
        await BuildAsync(BusyBox(layout));
        var from = await BaseImage.FindAsync(layout, "1", null, CancellationToken.None);
        var blob = Path.Combine(directory["base"], "blobs/sha256", from.Layers[0].Digest[7..]);
        var bytes = await File.ReadAllBytesAsync(blob);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes);
        using var target = await server.CreateRepositoryAsync(options: new RegistryOptions { Limits = TransferLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1) } });

        var e = await Assert.ThrowsAsync<ImageException>(() => BuildAsync(Model(target, from)));

        Assert.Contains("is damaged", e.Message, StringComparison.Ordinal);
        Assert.Null(await target.FindManifestAsync("1", CancellationToken.None));
    }

    [Fact]
    public async Task Build_WithSbom_AttachesItByTheFallbackTag()
    {
        using var target = await server.CreateRepositoryAsync();

        var image = await BuildAsync(Model(target, BaseImage.Scratch()) with { Sbom = "{\"spdxVersion\":\"SPDX-2.3\"}"u8.ToArray() });
        await BuildAsync(Model(target, BaseImage.Scratch()) with { Sbom = "{\"spdxVersion\":\"SPDX-2.3\"}"u8.ToArray() });

        var index = ManifestIndex.Parse((await target.FindManifestAsync(image.Digest.Replace(':', '-'), CancellationToken.None))!, "index");
        var entry = Assert.Single(index.Manifests);
        Assert.Equal((image.SbomDigest, "application/spdx+json"), (entry.Digest, entry.ArtifactType));
        var referrer = ImageManifest.Parse((await target.FindManifestAsync(entry.Digest, CancellationToken.None))!, "referrer");
        Assert.Equal(image.Digest, referrer.Subject!.Digest);
        Assert.Equal("{\"spdxVersion\":\"SPDX-2.3\"}", Encoding.UTF8.GetString(await RemoteRepositoryTests.ReadAsync(target, referrer.Layers[0].Digest)));
    }

    [Fact]
    public async Task Build_Commands_NamesTheOtherBuilder()
    {
        using var layout = ImageLayout.Open(directory["layout"], create: true);

        var e = await Assert.ThrowsAsync<ImageException>(() => BuildAsync(Model(layout, BaseImage.Scratch()) with { Commands = ["pip install x"] }));

        Assert.Contains("'containerfile'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Base_Missing_SaysSo()
    {
        using var target = await server.CreateRepositoryAsync();

        var e = await Assert.ThrowsAsync<ImageException>(() => BaseImage.FindAsync(target, "none", null, CancellationToken.None));

        Assert.Equal($"There is no image '{target.Name}:none'. Is the tag right?", e.Message);
    }

    [Fact]
    public async Task Base_Index_GivesThePlatformThatIsAskedFor()
    {
        using var layout = ImageLayout.Open(directory["base"], create: true);
        var arm = await BuildAsync(BusyBox(layout) with { Tag = "arm", Base = BaseImage.Scratch(new ImagePlatform("linux", "arm64", "v8")) });
        var intel = await BuildAsync(BusyBox(layout) with { Tag = "intel", Base = BaseImage.Scratch(new ImagePlatform("linux", "amd64")) });
        var index = new ManifestIndex
        {
            MediaType = MediaTypes.Index,
            Manifests =
            [
                await DescribeAsync(arm, new ImagePlatform("linux", "arm64", "v8")),
                await DescribeAsync(intel, new ImagePlatform("linux", "amd64")),
            ],
        };
        await layout.PutManifestAsync("all", MediaTypes.Index, index.ToBytes(), CancellationToken.None);

        Assert.Equal(arm.Digest, (await BaseImage.FindAsync(layout, "all", new ImagePlatform("linux", "arm64"), CancellationToken.None)).Digest);
        Assert.Equal(intel.Digest, (await BaseImage.FindAsync(layout, "all", new ImagePlatform("linux", "amd64"), CancellationToken.None)).Digest);
        var e = await Assert.ThrowsAsync<ImageException>(() => BaseImage.FindAsync(layout, "all", new ImagePlatform("linux", "s390x"), CancellationToken.None));
        Assert.EndsWith("is not for linux/s390x; it is for linux/arm64/v8, linux/amd64.", e.Message, StringComparison.Ordinal);

        async Task<Descriptor> DescribeAsync(BuiltImage image, ImagePlatform platform) =>
            new Descriptor(MediaTypes.Manifest, image.Digest, (await layout.FindManifestAsync(image.Digest, CancellationToken.None))!.Content.Length) { Platform = platform };
    }

    [Fact]
    public async Task Registry_DiesInTheMiddle_SetsNoTagAndTheNextAttemptGoesOn()
    {
        using var direct = await server.CreateRepositoryAsync();
        using var proxy = new TroubleProxy(server.Port);
        var options = new RegistryOptions { Limits = TransferLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1), Attempts = 2 } };
        using var target = new RemoteRepository($"127.0.0.1:{proxy.Port}", direct.Name.Split('/', 2)[1], RegistryServer.Credentials, options);
        var layers = Enumerable.Range(0, 3).Select(i => new ImageLayer($"part {i}", [LayerEntry.Bytes($"part{i}", RemoteRepositoryTests.Bytes(2_000_000, seed: i))])).ToList();
        var build = Model(target, BaseImage.Scratch()) with { Layers = layers };

        proxy.Plan = _ => new Trouble { CutRequestAfter = 1_000_000 };
        var e = await Assert.ThrowsAsync<ImageException>(() => BuildAsync(build));
        Assert.True(e.IsPassing);
        Assert.Null(await direct.FindManifestAsync("1", CancellationToken.None));

        proxy.Plan = _ => null;
        var image = await BuildAsync(build);
        Assert.Equal(image.Digest, (await direct.FindManifestAsync("1", CancellationToken.None))!.Digest);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));
    }

    [Fact]
    public async Task Build_WhatCrashesHaveLeft_GoesWhenItIsOld()
    {
        using var target = ImageLayout.Open(directory["layout"], create: true);
        Directory.CreateDirectory(directory["work/odin-old/blobs"]);
        Directory.CreateDirectory(directory["work/odin-busy"]);
        await File.WriteAllTextAsync(directory["work/layer-old"], "x");
        File.SetLastWriteTimeUtc(directory["work/layer-old"], DateTime.UtcNow.AddDays(-3));
        Directory.SetLastWriteTimeUtc(directory["work/odin-old"], DateTime.UtcNow.AddDays(-3));

        await BuildAsync(Model(target, BaseImage.Scratch()));

        Assert.Equal([directory["work/odin-busy"]], Directory.EnumerateFileSystemEntries(directory["work"]));
    }

    private static ImageBuild BusyBox(IImageRepository target) => new()
    {
        Target = target,
        Tag = "1",
        Base = BaseImage.Scratch(),
        Layers =
        [
            new ImageLayer("busybox", [LayerEntry.File("bin/busybox", File.Exists("/bin/busybox") ? "/bin/busybox" : "/usr/bin/busybox")]),
            new ImageLayer("model", [LayerEntry.Bytes("app/model/größe", "12\n"u8.ToArray())]),
        ],
    };

    private static ImageBuild Model(IImageRepository target, BaseImage from) => new()
    {
        Target = target,
        Tag = "1",
        Base = from,
        Layers = [new ImageLayer("model", [LayerEntry.Bytes("model.pkl", RemoteRepositoryTests.Bytes(300_000))])],
        Configuration = new ImageConfiguration
        {
            Entrypoint = ["/bin/serve"],
            Environment = new Dictionary<string, string> { ["B"] = "3", ["A"] = "2" },
            Labels = new Dictionary<string, string> { ["model"] = "wine" },
            Ports = [5000],
        },
    };

    private static List<(string, string)> Hashes(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => (Path.GetRelativePath(folder, file), ContentDigest.Of(File.ReadAllBytes(file)))).Order()];

    private Task<BuiltImage> BuildAsync(ImageBuild build) => Builder.BuildAsync(build, Log, CancellationToken.None);

    private Task Log(string line, CancellationToken cancellationToken)
    {
        log.Add(line);
        return Task.CompletedTask;
    }
}
