using Odin.Files;
using Odin.Images;
using Odin.ObjectStorage;

namespace Odin.Tests.Images;

/// <summary>A real registry that is killed in the middle of a push.</summary>
public sealed class RegistryKilledTests : IAsyncLifetime
{
    private const int LayerBytes = 5_000_000, KilledAt = 2_500_000;

    private static readonly RegistryOptions Quick = new()
    {
        Limits = TransferLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1), AnswerTimeout = TimeSpan.FromSeconds(30), PartSize = 1 << 20 },
    };

    private readonly RegistryServer registry = new();
    private readonly TemporaryDirectory directory = new();
    private int isKilled;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await registry.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Push_RegistryComesBack_GoesOn()
    {
        using var repository = await registry.CreateRepositoryAsync(options: Quick);

        var image = await BuildAsync(new TroubledRepository(repository, () => KillAsync(comesBack: true)), seed: 1);

        Assert.Equal(1, isKilled);
        await AssertWholeAsync(repository, image.Digest);
    }

    [Fact]
    public async Task Push_RegistryStaysAway_LeavesTheTagAsItWas_AndTheNextPushReplacesIt()
    {
        using var repository = await registry.CreateRepositoryAsync(options: Quick);
        var old = await BuildAsync(repository, seed: 1);

        var problem = await Assert.ThrowsAsync<ImageException>(() => BuildAsync(new TroubledRepository(repository, () => KillAsync(comesBack: false)), seed: 2));

        Assert.True(problem.IsPassing, problem.Message);
        Assert.Contains(registry.Host, problem.Message, StringComparison.Ordinal);
        await registry.RestartAsync();
        await AssertWholeAsync(repository, old.Digest);
        var next = await BuildAsync(repository, seed: 2);
        Assert.NotEqual(old.Digest, next.Digest);
        await AssertWholeAsync(repository, next.Digest);
    }

    private async Task KillAsync(bool comesBack)
    {
        // What is sent again passes the place once more.
        if (Interlocked.Exchange(ref isKilled, 1) == 1)
            return;
        if (comesBack)
            await registry.RestartAsync();
        else
            await registry.StopAsync();
    }

    private Task<BuiltImage> BuildAsync(IImageRepository target, int seed) => new LayersImageBuilder(new ImageBuilderOptions { WorkDirectory = directory["work"] }).BuildAsync(
        new ImageBuild { Target = target, Tag = "1", Base = BaseImage.Scratch(), Layers = [new ImageLayer("model", [LayerEntry.Bytes("model", RemoteRepositoryTests.Bytes(LayerBytes, seed))])] },
        (_, _) => Task.CompletedTask, CancellationToken.None);

    // What the tag stands for is there to its last byte.
    private static async Task AssertWholeAsync(RemoteRepository repository, string digest)
    {
        var found = await repository.FindManifestAsync("1", CancellationToken.None);
        Assert.Equal(digest, found?.Digest);
        var manifest = ImageManifest.Parse(found!, repository.Name);
        foreach (var blob in manifest.Layers.Append(manifest.Config))
        {
            await using var content = await repository.OpenBlobAsync(blob.Digest, CancellationToken.None);
            using var bytes = new MemoryStream();
            await content.CopyToAsync(bytes);
            Assert.Equal(blob.Size, bytes.Length);
        }
    }

    /// <summary>A real repository; something happens while a large blob is sent to it.</summary>
    private sealed class TroubledRepository(RemoteRepository inner, Func<Task> trouble) : IImageRepository
    {
        public string Name => inner.Name;

        public Task<long?> FindBlobAsync(string digest, CancellationToken cancellationToken) => inner.FindBlobAsync(digest, cancellationToken);

        public Task<Stream> OpenBlobAsync(string digest, CancellationToken cancellationToken) => inner.OpenBlobAsync(digest, cancellationToken);

        public Task UploadBlobAsync(Descriptor blob, BlobOpener open, CancellationToken cancellationToken) =>
            inner.UploadBlobAsync(blob, async (offset, token) => new TroubledStream(await open(offset, token), offset, trouble), cancellationToken);

        public Task<bool> TryMountBlobAsync(Descriptor blob, IImageRepository from, CancellationToken cancellationToken) => inner.TryMountBlobAsync(blob, from, cancellationToken);

        public Task<StoredManifest?> FindManifestAsync(string selector, CancellationToken cancellationToken) => inner.FindManifestAsync(selector, cancellationToken);

        public Task<StoredManifest> PutManifestAsync(string selector, string mediaType, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            inner.PutManifestAsync(selector, mediaType, content, cancellationToken);

        public void Dispose() => inner.Dispose();
    }

    private sealed class TroubledStream(Stream inner, long offset, Func<Task> trouble) : ReadOnlyStream
    {
        private long position = offset;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            if (position < KilledAt && (position += count) >= KilledAt)
                await trouble();
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
