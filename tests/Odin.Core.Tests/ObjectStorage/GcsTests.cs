using Odin.ObjectStorage;

namespace Odin.Tests.ObjectStorage;

public sealed class FakeGcsConformanceTests : ObjectStorageConformance
{
    private readonly FakeGcsServer server = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        server.Dispose();
    }

    private protected override Task<IObjectStorage> CreateAsync(TransferLimits limits) => Task.FromResult<IObjectStorage>(new GcsObjectStorage(
        new GcsStorageOptions { Bucket = FakeGcsServer.Bucket, ServiceAccountJson = server.ServiceAccountJson, Endpoint = server.Endpoint }, limits));
}
