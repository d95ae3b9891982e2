using Odin.ObjectStorage;

[assembly: AssemblyFixture(typeof(MotoServer))]
[assembly: AssemblyFixture(typeof(SwiftServer))]

namespace Odin.Tests.ObjectStorage;

public sealed class MotoConformanceTests(MotoServer server) : ObjectStorageConformance
{
    // It looks and writes in two steps, and answers each request on a thread of its own.
    protected override bool CreatesExclusively => false;

    private protected override async Task<IObjectStorage> CreateAsync(TransferLimits limits)
    {
        var bucket = await server.CreateBucketAsync();
        return new S3ObjectStorage(new S3StorageOptions { Bucket = bucket, KeyId = "test", KeySecret = "test", Endpoint = server.Endpoint }, limits);
    }
}

public sealed class SwiftConformanceTests(SwiftServer server) : ObjectStorageConformance
{
    protected override bool CreatesExclusively => false;

    private protected override async Task<IObjectStorage> CreateAsync(TransferLimits limits)
    {
        var bucket = await server.CreateBucketAsync();
        return new S3ObjectStorage(
            new S3StorageOptions { Bucket = bucket, KeyId = SwiftServer.KeyId, KeySecret = SwiftServer.KeySecret, Endpoint = server.Endpoint }, limits);
    }
}
