using Odin.Images;
using Odin.ObjectStorage;

namespace Odin.Tests.Images;

/// <summary>What every repository of images does, by a registry over HTTP, a layout, and object storage in a directory and in S3.</summary>
public abstract class ImageRepositoryTests : IAsyncLifetime
{
    private protected TemporaryDirectory Directory { get; } = new();

    private protected IImageRepository Repository { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Repository = await OpenAsync();

    public virtual ValueTask DisposeAsync()
    {
        Repository.Dispose();
        Directory.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(9_000_000)]
    public async Task Blob_Uploaded_IsFoundAndRead(int length)
    {
        var content = RemoteRepositoryTests.Bytes(length);
        var blob = RemoteRepositoryTests.Describe(content);
        Assert.Null(await Repository.FindBlobAsync(blob.Digest, CancellationToken.None));

        await RemoteRepositoryTests.UploadAsync(Repository, content);
        await RemoteRepositoryTests.UploadAsync(Repository, content);

        Assert.Equal(length, await Repository.FindBlobAsync(blob.Digest, CancellationToken.None));
        Assert.Equal(content, await RemoteRepositoryTests.ReadAsync(Repository, blob.Digest));
    }

    [Fact]
    public async Task Blob_OtherThanItsDigest_IsRefusedAndNotVisible()
    {
        var blob = RemoteRepositoryTests.Describe(RemoteRepositoryTests.Bytes(1000));

        await Assert.ThrowsAsync<ImageException>(
            () => Repository.UploadBlobAsync(blob, RemoteRepositoryTests.Opener(RemoteRepositoryTests.Bytes(1000, seed: 2)), CancellationToken.None));

        Assert.Null(await Repository.FindBlobAsync(blob.Digest, CancellationToken.None));
    }

    [Fact]
    public async Task Blob_SourceFails_IsNotVisible()
    {
        var blob = RemoteRepositoryTests.Describe(RemoteRepositoryTests.Bytes(1000));

        await Assert.ThrowsAsync<ImageException>(() => Repository.UploadBlobAsync(
            blob, (_, _) => throw new ImageException("The source is gone.", isPassing: false), CancellationToken.None));

        Assert.Null(await Repository.FindBlobAsync(blob.Digest, CancellationToken.None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:../../etc/passwd")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    public async Task Digest_Wrong_IsRefused(string digest)
    {
        await Assert.ThrowsAsync<ImageException>(() => Repository.FindBlobAsync(digest, CancellationToken.None));
        await Assert.ThrowsAsync<ImageException>(() => Repository.OpenBlobAsync(digest, CancellationToken.None));
    }

    [Fact]
    public async Task Blob_Missing_SaysSo() =>
        Assert.Contains($"in '{Repository.Name}'", (await Assert.ThrowsAsync<ImageException>(
            () => Repository.OpenBlobAsync(RemoteRepositoryTests.Describe([7]).Digest, CancellationToken.None))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Manifest_Put_IsFoundByTagAndDigestAndReplaced()
    {
        var first = await ManifestAsync("first");
        var second = await ManifestAsync("second");

        var one = await Repository.PutManifestAsync("1.0", MediaTypes.Manifest, first, CancellationToken.None);
        var two = await Repository.PutManifestAsync("1.0", MediaTypes.Manifest, second, CancellationToken.None);
        await Repository.PutManifestAsync("other", MediaTypes.Manifest, second, CancellationToken.None);

        var found = (await Repository.FindManifestAsync("1.0", CancellationToken.None))!;
        Assert.Equal((two.Digest, MediaTypes.Manifest), (found.Digest, found.MediaType));
        Assert.Equal(second, found.Content.ToArray());
        Assert.Equal(two.Digest, (await Repository.FindManifestAsync("other", CancellationToken.None))!.Digest);
        Assert.Equal(first, (await Repository.FindManifestAsync(one.Digest, CancellationToken.None))!.Content.ToArray());
        Assert.Null(await Repository.FindManifestAsync("2.0", CancellationToken.None));
    }

    [Fact]
    public async Task Image_Built_IsFoundAgain()
    {
        var builder = new LayersImageBuilder(new ImageBuilderOptions { WorkDirectory = Directory["work"] });
        var build = new ImageBuild
        {
            Target = Repository,
            Tag = "1",
            Base = BaseImage.Scratch(),
            Layers = [new ImageLayer("model", [LayerEntry.Bytes("model", RemoteRepositoryTests.Bytes(3_000_000))])],
            Sbom = "{}"u8.ToArray(),
        };

        var image = await builder.BuildAsync(build, (_, _) => Task.CompletedTask, CancellationToken.None);

        var found = await BaseImage.FindAsync(Repository, "1", null, CancellationToken.None);
        Assert.Equal(image.Digest, found.Digest);
        Assert.NotNull(await Repository.FindManifestAsync(image.SbomDigest!, CancellationToken.None));
    }

    private protected abstract Task<IImageRepository> OpenAsync();

    private async Task<byte[]> ManifestAsync(string note)
    {
        var config = "{}"u8.ToArray();
        await RemoteRepositoryTests.UploadAsync(Repository, config);
        return new ImageManifest
        {
            MediaType = MediaTypes.Manifest,
            Config = RemoteRepositoryTests.Describe(config) with { MediaType = MediaTypes.Configuration },
            Layers = [],
            Annotations = new Dictionary<string, string> { ["note"] = note },
        }.ToBytes();
    }
}

public sealed class RegistryImageRepositoryTests(RegistryServer server) : ImageRepositoryTests
{
    private protected override async Task<IImageRepository> OpenAsync() => await server.CreateRepositoryAsync();
}

public sealed class LayoutImageRepositoryTests : ImageRepositoryTests
{
    private protected override Task<IImageRepository> OpenAsync() => Task.FromResult<IImageRepository>(ImageLayout.Open(Directory["layout"], create: true));
}

public sealed class StoredImageRepositoryTests : ImageRepositoryTests
{
    private StoredRegistry? registry;

    public override async ValueTask DisposeAsync()
    {
        registry?.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Blob_DiskFull_IsNotVisible()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can mount a small file system");
        System.IO.Directory.CreateDirectory(Directory["small"]);
        await TestProgram.RunAsync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", Directory["small"]]);
        try
        {
            using var small = new StoredRegistry(new DirectoryObjectStorage(Directory["small"]), () => "r.example.org", TimeProvider.System);
            using var repository = small.Open("x");
            var content = RemoteRepositoryTests.Bytes(3_000_000);

            var e = await Assert.ThrowsAsync<ImageException>(() => RemoteRepositoryTests.UploadAsync(repository, content));

            Assert.True(e.IsPassing);
            Assert.Null(await repository.FindBlobAsync(RemoteRepositoryTests.Describe(content).Digest, CancellationToken.None));
            await RemoteRepositoryTests.UploadAsync(repository, RemoteRepositoryTests.Bytes(1000));
        }
        finally
        {
            await TestProgram.RunAsync("umount", [Directory["small"]]);
        }
    }

    private protected override Task<IImageRepository> OpenAsync()
    {
        registry = new StoredRegistry(new DirectoryObjectStorage(Directory.Path), () => "r.example.org", TimeProvider.System);
        return Task.FromResult<IImageRepository>(registry.Open("models/wine"));
    }
}

public sealed class BucketImageRepositoryTests(MotoServer moto) : ImageRepositoryTests
{
    private S3ObjectStorage? storage;
    private StoredRegistry? registry;

    public override async ValueTask DisposeAsync()
    {
        registry?.Dispose();
        storage?.Dispose();
        await base.DisposeAsync();
    }

    private protected override async Task<IImageRepository> OpenAsync()
    {
        var bucket = await moto.CreateBucketAsync();
        storage = new S3ObjectStorage(new S3StorageOptions { Bucket = bucket, Region = "us-east-1", KeyId = "test", KeySecret = "test", Endpoint = moto.Endpoint });
        registry = new StoredRegistry(storage, () => "r.example.org", TimeProvider.System);
        return registry.Open("models/wine");
    }
}
