using Microsoft.Extensions.Logging.Abstractions;
using Odin.Storage;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Odin.Tests.Storage;

public sealed class InMemoryResourceStoreTests : ResourceStoreConformance
{
    protected override Task<IResourceStore> CreateStoreAsync(StorageOptions options) =>
        Task.FromResult<IResourceStore>(new InMemoryResourceStore(options));
}

public sealed class SqliteResourceStoreTests : ResourceStoreConformance
{
    private readonly List<TemporaryDirectory> directories = [];

    // A test class that is disposed of asynchronously is not disposed of in the other way too.
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directories.ForEach(d => d.Dispose());
        GC.SuppressFinalize(this);
    }

    protected override async Task<IResourceStore> CreateStoreAsync(StorageOptions options)
    {
        var directory = new TemporaryDirectory();
        directories.Add(directory);
        return await StoreFactory.OpenAsync(
            options, directory.Path, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}

public sealed class PostgresResourceStoreTests(PostgresServer server) : ResourceStoreConformance
{
    protected override async Task<IResourceStore> CreateStoreAsync(StorageOptions options)
    {
        options.Database = await server.CreateDatabaseAsync();
        return await StoreFactory.OpenAsync(
            options, "/nowhere", TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
    }
}
