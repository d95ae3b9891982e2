using Odin.ObjectStorage;

namespace Odin.Tests.ObjectStorage;

/// <summary>On the server that checks signatures.</summary>
public sealed class SwiftTroubleTests(SwiftServer server) : NetworkTroubles
{
    protected override string Secret => "wrong-secret";

    private protected override async Task<int> StartAsync()
    {
        await server.StartAsync();
        return new Uri(server.Endpoint).Port;
    }

    private protected override async Task<IObjectStorage> ConnectAsync(int port, TransferLimits limits, Mistake mistake)
    {
        var bucket = mistake == Mistake.UnknownBucket ? "no-such-bucket" : await server.CreateBucketAsync();
        return Connect(bucket, port, limits, mistake == Mistake.WrongSecret ? Secret : SwiftServer.KeySecret);
    }

    private protected override Task<IObjectStorage> ReconnectAsync(IObjectStorage storage, int port, TransferLimits limits) =>
        Task.FromResult<IObjectStorage>(Connect(BucketOf(storage), port, limits, SwiftServer.KeySecret));

    private static S3ObjectStorage Connect(string bucket, int port, TransferLimits limits, string secret) => new(
        new S3StorageOptions { Bucket = bucket, KeyId = SwiftServer.KeyId, KeySecret = secret, Endpoint = $"http://127.0.0.1:{port}" }, limits);
}

/// <summary>On the server that knows conditional writes.</summary>
public sealed class MotoTroubleTests(MotoServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Save_CreateOnlyAnswerLost_IsKnownAsOurs()
    {
        var bucket = await server.CreateBucketAsync();
        using var proxy = new TroubleProxy(server.Port) { Plan = number => number == 1 ? new Trouble { CutAfter = 1 } : null };
        using var storage = Connect(bucket, proxy.Port);

        var saved = await storage.SaveAsync("a", new MadeContent(1000), SaveMode.CreateOnly, Token);

        Assert.Equal(saved, await storage.FindAsync("a", Token));
        await Assert.ThrowsAsync<ObjectAlreadyExistsException>(() => storage.SaveAsync("a", new MadeContent(1000), SaveMode.CreateOnly, Token));
    }

    [Theory]
    [InlineData("403 Forbidden", "InvalidAccessKeyId", "the key id is not known there")]
    [InlineData("403 Forbidden", "SignatureDoesNotMatch", "correct the secret")]
    [InlineData("403 Forbidden", "RequestTimeTooSkewed", "set the clock")]
    [InlineData("403 Forbidden", "AccessDenied", "give them the right to")]
    [InlineData("404 Not Found", "NoSuchBucket", "the bucket 'b' does not exist")]
    [InlineData("400 Bad Request", "AuthorizationHeaderMalformed", "correct the region")]
    [InlineData("400 Bad Request", "ExpiredToken", "get new ones")]
    [InlineData("501 Not Implemented", "NotImplemented", "the server has a fault")]
    public async Task Check_Refusal_SaysWhatToDoAndWhatTheServerSaid(string status, string code, string remedy)
    {
        var body = $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>In the server's words.</Message></Error>";
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http(status, body, "Content-Type: application/xml\r\n") };
        using var storage = Connect("b", proxy.Port);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.StartsWith($"s3://b at http://127.0.0.1:{proxy.Port}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"The server said {status[..3]} {code}: In the server's words.", error.Message, StringComparison.Ordinal);
        Assert.Equal(code == "RequestTimeTooSkewed", error.IsPassing);
    }

    [Theory]
    [InlineData("ftp://host")]
    [InlineData("no address")]
    [InlineData("http://user:password@host")]
    public void Constructor_BadEndpoint_IsRefusedWithoutRepeatingIt(string endpoint)
    {
        var error = Assert.Throws<ObjectStorageException>(() => new S3ObjectStorage(new S3StorageOptions { Bucket = "b", Endpoint = endpoint }));
        Assert.Contains("no usable address", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("password", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("..")]
    public void Constructor_BadBucket_IsRefused(string bucket) =>
        Assert.Throws<ObjectStorageException>(() => new S3ObjectStorage(new S3StorageOptions { Bucket = bucket }));

    [Fact]
    public void ToString_Options_HoldsNoSecret()
    {
        var texts = new object[]
        {
            new S3StorageOptions { Bucket = "b", KeyId = "SECRET", KeySecret = "SECRET" },
            new AzureBlobStorageOptions { Container = "c", SasUrl = "https://host/?sig=SECRET" },
            new GcsStorageOptions { Bucket = "b", ServiceAccountJson = "SECRET" },
        };
        Assert.All(texts, t => Assert.DoesNotContain("SECRET", $"{t}", StringComparison.Ordinal));
    }

    private static S3ObjectStorage Connect(string bucket, int port) => new(
        new S3StorageOptions { Bucket = bucket, KeyId = "test", KeySecret = "test", Endpoint = $"http://127.0.0.1:{port}" },
        new TransferLimits { Attempts = 3, FirstDelay = TimeSpan.FromMilliseconds(10) });
}
