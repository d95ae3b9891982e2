using System.Text.Json.Nodes;
using Odin.Images;
using Odin.ObjectStorage;

namespace Odin.Server.Tests.Registry;

/// <summary>The server's own registry with the clients that people use, and with ours.</summary>
public sealed class RegistryClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly RegistryOptions Quick = new()
    {
        Limits = TransferLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1), PartSize = 1 << 20 },
    };

    private readonly string name = $"models/c-{Guid.NewGuid():N}";

    private string Host => fixture.Server.Url.Authority;

    private string Login => $"admin:{TestServer.Password}";

    [Fact]
    public async Task Podman_BuiltImage_IsPulledRunAndPushed()
    {
        using var tool = new ContainerTool("podman", "busybox");
        var image = await BuildAsync(Target());

        await tool.RunAsync("podman", "login", "-u", "admin", "-p", TestServer.Password, Host);
        Assert.Equal("hello", await tool.RunAsync("podman", "run", "--rm", "--network", "none", image.Reference));
        await tool.RunAsync("podman", "tag", image.Reference, $"{Host}/{name}:pushed");
        await tool.RunAsync("podman", "push", $"{Host}/{name}:pushed");
        using var target = Target();
        Assert.NotNull(await target.FindManifestAsync("pushed", CancellationToken.None));
    }

    [Fact]
    public async Task Skopeo_CopiesInAndOutAndDeletes()
    {
        using var tool = new ContainerTool("skopeo", "busybox");
        using var directory = new TemporaryDirectory();
        using var layout = ImageLayout.Open(directory["in"], create: true);
        var built = await BuildAsync(layout);

        await tool.RunAsync("skopeo", "copy", "--dest-creds", Login, "--dest-tls-verify=false", $"oci:{directory["in"]}:1", $"docker://{Host}/{name}:copied");
        await tool.RunAsync("skopeo", "copy", "--src-creds", Login, "--src-tls-verify=false", $"docker://{Host}/{name}:copied", $"oci:{directory["out"]}:1");
        var inspected = JsonNode.Parse(await tool.RunAsync("skopeo", "inspect", "--creds", Login, "--tls-verify=false", $"docker://{Host}/{name}:copied"))!;
        Assert.Equal(built.Digest, (string?)inspected["Digest"]);
        Assert.Equal(["copied"], inspected["RepoTags"]!.AsArray().Select(t => (string?)t));
        using var copy = ImageLayout.Open(directory["out"]);
        Assert.Equal(built.Digest, (await copy.FindManifestAsync("1", CancellationToken.None))!.Digest);
        await tool.RunAsync("skopeo", "delete", "--creds", Login, "--tls-verify=false", $"docker://{Host}/{name}:copied");
        using var target = Target();
        Assert.Null(await target.FindManifestAsync("copied", CancellationToken.None));
    }

    [Fact]
    public async Task Skopeo_WrongPassword_IsRefused()
    {
        using var tool = new ContainerTool("skopeo");

        var (code, _, errors) = await tool.TryAsync("skopeo", "inspect", "--creds", "somebody:else", "--tls-verify=false", $"docker://{Host}/{name}:1");

        Assert.NotEqual(0, code);
        Assert.Contains("user name or the password is wrong", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buildah_PullsChangesAndPushes()
    {
        using var tool = new ContainerTool("buildah", "busybox");
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["more"], "more");
        var image = await BuildAsync(Target());

        await tool.RunAsync("buildah", "login", "--tls-verify=false", "-u", "admin", "-p", TestServer.Password, Host);
        var container = await tool.RunAsync("buildah", "from", "--tls-verify=false", image.Reference);
        await tool.RunAsync("buildah", "copy", container, directory["more"], "/more");
        await tool.RunAsync("buildah", "commit", container, "more");
        await tool.RunAsync("buildah", "push", "--tls-verify=false", "more", $"docker://{Host}/{name}:more");

        using var target = Target();
        Assert.Equal(2, (await BaseImage.FindAsync(target, "more", null, CancellationToken.None)).Layers.Count);
    }

    [Fact]
    public async Task OurClient_WithSbom_FindsItAmongTheReferrers()
    {
        using var target = Target();

        var image = await BuildAsync(target, sbom: "{}"u8.ToArray());

        using var client = fixture.Server.Admin();
        var manifests = (await client.GetJsonAsync($"/v2/{name}/referrers/{image.Digest}"))["manifests"]!.AsArray();
        Assert.Equal(image.SbomDigest, (string?)manifests.Single()!["digest"]);
        Assert.Equal(["1"], (await client.GetJsonAsync($"/v2/{name}/tags/list"))["tags"]!.AsArray().Select(t => (string?)t));
    }

    [Fact]
    public async Task OurClient_ConnectionBreaks_SendsOnlyTheRest()
    {
        using var proxy = new TroubleProxy(fixture.Server.Url.Port);
        using var target = new RemoteRepository($"127.0.0.1:{proxy.Port}", name, new RegistryCredentials("admin", TestServer.Password), Quick);
        var content = new byte[5_000_000];
        new Random(1).NextBytes(content);
        var blob = new Descriptor("application/octet-stream", ContentDigest.Of(content), content.Length);
        var offsets = new List<long>();
        // The first connection is used for asking; it breaks in the middle of the content.
        proxy.Plan = number => number == 1 ? new Trouble { CutRequestAfter = 3_000_000 } : null;

        await target.UploadBlobAsync(
            blob,
            (offset, _) =>
            {
                offsets.Add(offset);
                return Task.FromResult<Stream>(new MemoryStream(content, (int)offset, content.Length - (int)offset));
            },
            CancellationToken.None);

        Assert.Equal(content.Length, await target.FindBlobAsync(blob.Digest, CancellationToken.None));
        Assert.True(offsets.Count >= 2 && offsets[0] == 0 && offsets[^1] > 1_000_000, $"began at {string.Join(", ", offsets)}");
    }

    [Fact]
    public async Task OurClient_WrongPassword_SaysSo()
    {
        using var target = new RemoteRepository(Host, name, new RegistryCredentials("somebody", "else"), Quick);

        var e = await Assert.ThrowsAsync<ImageException>(() => target.FindManifestAsync("1", CancellationToken.None));

        Assert.Contains("does not accept the password of the user 'somebody'", e.Message, StringComparison.Ordinal);
    }

    private static async Task<BuiltImage> BuildAsync(IImageRepository target, byte[]? sbom = null)
    {
        using var directory = new TemporaryDirectory();
        var builder = new LayersImageBuilder(new ImageBuilderOptions { WorkDirectory = directory.Path });
        var busybox = File.Exists("/bin/busybox") ? "/bin/busybox" : "/usr/bin/busybox";
        return await builder.BuildAsync(
            new ImageBuild
            {
                Target = target,
                Tag = "1",
                Base = BaseImage.Scratch(),
                Layers = [new ImageLayer("busybox", [File.Exists(busybox) ? LayerEntry.File("bin/busybox", busybox) : LayerEntry.Directory("bin")])],
                Configuration = new ImageConfiguration { Entrypoint = ["/bin/busybox"], Command = ["echo", "hello"] },
                Sbom = sbom is null ? null : (ReadOnlyMemory<byte>?)sbom,
            },
            (_, _) => Task.CompletedTask,
            CancellationToken.None);
    }

    private RemoteRepository Target() => new(Host, name, new RegistryCredentials("admin", TestServer.Password), Quick);
}
