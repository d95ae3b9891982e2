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

public sealed class AzuriteTroubleTests(AzuriteServer server) : NetworkTroubles
{
    private static readonly TransferLimits Quick = new() { FirstDelay = TimeSpan.FromMilliseconds(10) };

    protected override string Secret => "d3Jvbmctc2VjcmV0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("r", "sco", 1, "does not give the right")]
    [InlineData("rwdlac", "s", 1, "does not give the right")]
    [InlineData("rwdlac", "sco", -1, "the SAS has expired")]
    public async Task Check_PoorSas_SaysWhatIsWrong(string permissions, string types, int days, string expected)
    {
        var container = await server.CreateContainerAsync();
        var sas = AzuriteServer.SasOf(permissions, types, TimeProvider.System.GetUtcNow().AddDays(days));
        using var storage = new AzureBlobObjectStorage(new AzureBlobStorageOptions { SasUrl = $"{server.Address}?{sas}", Container = container }, Quick);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.True(error.Message.Contains(expected, StringComparison.Ordinal), error.Message);
        Assert.DoesNotContain(sas[(sas.IndexOf("sig=", StringComparison.Ordinal) + 4)..], error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_SasUrlOfTheContainer_Passes()
    {
        var container = await server.CreateContainerAsync();
        var url = server.SasUrl.Replace("?", $"/{container}?", StringComparison.Ordinal);
        using var storage = new AzureBlobObjectStorage(new AzureBlobStorageOptions { SasUrl = url, Container = container });
        await storage.CheckAsync(Token);
        Assert.Equal($"azureblob://{container} at {server.Address}", storage.Description);
    }

    [Fact]
    public void Constructor_NoSignature_IsRefused() => Assert.Contains(
        "no signature",
        Assert.Throws<ObjectStorageException>(() => new AzureBlobObjectStorage(new AzureBlobStorageOptions { SasUrl = "https://host/?sv=1", Container = "c" })).Message,
        StringComparison.Ordinal);

    private protected override async Task<int> StartAsync()
    {
        await server.StartAsync();
        return server.Port;
    }

    private protected override async Task<IObjectStorage> ConnectAsync(int port, TransferLimits limits, Mistake mistake)
    {
        var container = mistake == Mistake.UnknownBucket ? "no-such-container" : await server.CreateContainerAsync();
        var url = server.SasUrl;
        if (mistake == Mistake.WrongSecret)
            url = $"{url[..(url.IndexOf("sig=", StringComparison.Ordinal) + 4)]}{Secret}";
        return Connect(container, url, port, limits);
    }

    private protected override Task<IObjectStorage> ReconnectAsync(IObjectStorage storage, int port, TransferLimits limits) =>
        Task.FromResult<IObjectStorage>(Connect(BucketOf(storage), server.SasUrl, port, limits));

    private AzureBlobObjectStorage Connect(string container, string url, int port, TransferLimits limits) => new(
        new AzureBlobStorageOptions { SasUrl = url.Replace($":{server.Port}/", $":{port}/", StringComparison.Ordinal), Container = container }, limits);
}
