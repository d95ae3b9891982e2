using Odin.Images;
using Odin.ObjectStorage;

namespace Odin.Tests.Images;

/// <summary>Registries of several servers over one storage.</summary>
public sealed class StoredRegistryTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTime time = new(DateTimeOffset.UtcNow);
    private readonly DirectoryObjectStorage storage;
    private readonly StoredRegistry one, two;

    public StoredRegistryTests()
    {
        storage = new DirectoryObjectStorage(Directory.CreateDirectory(directory["registry"]).FullName);
        (one, two) = (new StoredRegistry(storage, () => "one:1", time), new StoredRegistry(storage, () => "two:1", time));
    }

    public void Dispose()
    {
        one.Dispose();
        two.Dispose();
        storage.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Collect_OldBlobThatAnotherServerWasAskedFor_StaysForADay()
    {
        var content = RemoteRepositoryTests.Bytes(1000);
        var blob = RemoteRepositoryTests.Describe(content);
        using var repository = two.Open("models/wine");
        await RemoteRepositoryTests.UploadAsync(repository, content);
        foreach (var file in Directory.EnumerateFiles(directory["registry"], "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);

        // Reading says nothing of what is to come.
        Assert.Equal(1000, await repository.MeasureBlobAsync(blob.Digest, CancellationToken.None));
        Assert.Empty(Directory.Exists(directory["registry/wanted"]) ? Directory.GetFiles(directory["registry/wanted"], "*", SearchOption.AllDirectories) : []);
        Assert.Equal(1000, await repository.FindBlobAsync(blob.Digest, CancellationToken.None));
        Assert.Equal((0, 0), await one.CollectAsync(CancellationToken.None));
        Assert.NotNull(await repository.FindBlobAsync(blob.Digest, CancellationToken.None));

        time.Advance(StoredRegistry.Grace + TimeSpan.FromMinutes(1));
        Assert.Equal((1, 1000), await one.CollectAsync(CancellationToken.None));
        Assert.Null(await repository.FindBlobAsync(blob.Digest, CancellationToken.None));
        Assert.Empty(Directory.GetFiles(directory["registry"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Put_BlobThatGoesInTheSameMoment_IsRefusedAndLeavesNoManifest()
    {
        var content = RemoteRepositoryTests.Bytes(1000);
        using var repository = two.Open("models/wine");
        await RemoteRepositoryTests.UploadAsync(repository, content);
        var manifest = new ImageManifest { MediaType = MediaTypes.Manifest, Config = RemoteRepositoryTests.Describe(content) with { MediaType = MediaTypes.Configuration }, Layers = [] };
        using var hasty = new StoredRegistry(new DeletingStorage(storage, StoredRegistry.BlobKey(manifest.Config.Digest)), () => "two:1", time);

        var problem = await Assert.ThrowsAsync<InvalidManifestException>(() => hasty.Open("models/wine").PutManifestAsync("1", MediaTypes.Manifest, manifest.ToBytes(), CancellationToken.None));

        Assert.Equal(ManifestFlaw.BlobMissing, problem.Flaw);
        Assert.Null(await repository.FindManifestAsync("1", CancellationToken.None));
        Assert.Null(await repository.FindManifestAsync(ContentDigest.Of(manifest.ToBytes()), CancellationToken.None));
    }

    /// <summary>Real storage in which a blob is deleted when the first manifest is saved, as another server may do.</summary>
    private sealed class DeletingStorage(DirectoryObjectStorage inner, string key) : IObjectStorage
    {
        public string Description => inner.Description;

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

        public Task<StoredObject?> FindAsync(string name, CancellationToken cancellationToken) => inner.FindAsync(name, cancellationToken);

        public Task<Stream> OpenAsync(string name, CancellationToken cancellationToken) => inner.OpenAsync(name, cancellationToken);

        public async Task<StoredObject> SaveAsync(string name, Stream content, SaveMode mode, CancellationToken cancellationToken)
        {
            await inner.DeleteAsync(key, cancellationToken);
            return await inner.SaveAsync(name, content, mode, cancellationToken);
        }

        public Task DeleteAsync(string name, CancellationToken cancellationToken) => inner.DeleteAsync(name, cancellationToken);

        public Task CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

        public void Dispose() => inner.Dispose();
    }
}
