using Microsoft.Extensions.Logging.Abstractions;
using Odin.Storage;

namespace Odin.Tests.Storage;

public sealed class InMemoryLeaseTests : LeaseConformance
{
    protected override Task<IResourceStore> CreateStoreAsync() => Task.FromResult<IResourceStore>(new InMemoryResourceStore());
}

public sealed class SqliteLeaseTests : LeaseConformance, IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    protected override async Task<IResourceStore> CreateStoreAsync() => await StoreFactory.OpenAsync(
        new StorageOptions(), directory.Path, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
}

public sealed class PostgresLeaseTests(PostgresServer server) : LeaseConformance
{
    protected override async Task<IResourceStore> CreateStoreAsync() => await StoreFactory.OpenAsync(
        new StorageOptions { Database = await server.CreateDatabaseAsync() }, "/nowhere", TimeProvider.System, NullLogger.Instance,
        TestContext.Current.CancellationToken);
}
