using Odin.ObjectStorage;

[assembly: AssemblyFixture(typeof(AzuriteServer))]

namespace Odin.Tests.ObjectStorage;

public sealed class AzuriteConformanceTests(AzuriteServer server) : ObjectStorageConformance
{
    private protected override async Task<IObjectStorage> CreateAsync(TransferLimits limits)
    {
        var container = await server.CreateContainerAsync();
        return new AzureBlobObjectStorage(new AzureBlobStorageOptions { SasUrl = server.SasUrl, Container = container }, limits);
    }
}
