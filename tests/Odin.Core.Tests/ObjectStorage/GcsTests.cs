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

public sealed class FakeGcsTroubleTests : NetworkTroubles, IDisposable
{
    private const int MiB = 1 << 20;

    private readonly FakeGcsServer server = new();

    protected override string Secret => "BEGIN PRIVATE KEY";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static TransferLimits Quick { get; } = new() { FirstDelay = TimeSpan.FromMilliseconds(10), PartSize = MiB };

    public void Dispose() => server.Dispose();

    [Fact]
    public async Task Save_LostAnswersAndHalfTakenParts_SucceedsAllTheSame()
    {
        var number = 0;
        server.MostKept = 3 << 18;
        server.Lose = request => request.HttpMethod == "PUT" && Interlocked.Increment(ref number) % 3 == 0;
        using var storage = Connect(server.Port, Quick);

        await storage.SaveAsync("a", new MadeContent((5 * MiB) + 17), SaveMode.CreateOnly, Token);

        server.Lose = _ => false;
        await using var stream = await storage.OpenAsync("a", Token);
        await MadeContent.AssertSameAsync((5 * MiB) + 17, 1, stream);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(2 * MiB)]
    public async Task Save_LastAnswerLost_SucceedsAllTheSame(int length)
    {
        var last = $"/{length}";
        var isLost = false;
        server.Lose = request => request.HttpMethod == "PUT" && !isLost
            && (request.Headers["Content-Range"]?.EndsWith(last, StringComparison.Ordinal) ?? true) && (isLost = true);
        using var storage = Connect(server.Port, Quick);

        await storage.SaveAsync("a", new MadeContent(length), SaveMode.CreateOnly, Token);

        Assert.True(isLost);
        Assert.Equal(length, (await storage.FindAsync("a", Token))!.Length);
    }

    [Fact]
    public async Task Save_ThatFails_EndsItsSession()
    {
        using var storage = Connect(server.Port, Quick);
        var content = new MadeContent(9 * MiB) { HoldAt = 3 * MiB, Hold = _ => throw new InvalidDataException("broken") };
        await Assert.ThrowsAsync<InvalidDataException>(() => storage.SaveAsync("a", content, SaveMode.Overwrite, Token));
        Assert.Equal(0, server.OpenSessions);
    }

    [Fact]
    public async Task Save_SessionOnAnotherHost_IsNotFollowed()
    {
        using var other = new TroubleProxy { Plan = _ => Trouble.Http("200 OK") };
        server.SessionEndpoint = $"http://127.0.0.1:{other.Port}";
        using var storage = Connect(server.Port, Quick);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.SaveAsync("a", new MadeContent(5), SaveMode.Overwrite, Token));

        Assert.Contains("sends to another host", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, other.Connections);
    }

    [Fact]
    public async Task Calls_Token_IsKeptUntilShortlyBeforeItsEnd()
    {
        var time = new ManualTime();
        using var clocked = new FakeGcsServer(time);
        using var storage = Connect(clocked.ServiceAccountJson, clocked.Port, FakeGcsServer.Bucket, Quick with { Time = time });

        await storage.CheckAsync(Token);
        time.Advance(TimeSpan.FromMinutes(57));
        await storage.CheckAsync(Token);
        Assert.Equal(1, clocked.TokensGiven);
        time.Advance(TimeSpan.FromMinutes(2));
        await storage.CheckAsync(Token);
        Assert.Equal(2, clocked.TokensGiven);
    }

    [Fact]
    public async Task Calls_TokenRefused_AreRepeatedWithANewOneOnce()
    {
        using var storage = Connect(server.Port, Quick);
        await storage.CheckAsync(Token);

        server.RevokeTokens();
        await storage.CheckAsync(Token);
        Assert.Equal(2, server.TokensGiven);

        server.Refuse = request => request.RawUrl == "/token" ? null : 401;
        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));
        Assert.Contains("the token is not accepted", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, server.TokensGiven);
    }

    [Fact]
    public async Task Check_WrongClock_SaysSo()
    {
        var time = new ManualTime(TimeProvider.System.GetUtcNow().AddHours(-3));
        using var storage = Connect(server.ServiceAccountJson, server.Port, FakeGcsServer.Bucket, Quick with { Time = time });
        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));
        Assert.Contains("set the clock", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_UnknownAccount_SaysSo()
    {
        using var storage = Connect(server.UnknownAccountJson, server.Port, FakeGcsServer.Bucket, Quick);
        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));
        Assert.Contains("the account is not known", error.Message, StringComparison.Ordinal);
        Assert.Contains("Invalid grant: account not found", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"client_email":"a","private_key":"SECRET","token_uri":"https://host/token"}""")]
    [InlineData("""{"client_email":"a","private_key":5,"token_uri":"https://host/token"}""")]
    public void Constructor_BadKeyFile_IsRefusedWithoutRepeatingIt(string json)
    {
        var error = Assert.Throws<ObjectStorageException>(() => new GcsObjectStorage(new GcsStorageOptions { Bucket = "b", ServiceAccountJson = json }));
        Assert.Contains("key is not usable", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_TokenServerWithoutTls_IsRefused()
    {
        var json = server.ServiceAccountJson.Replace("127.0.0.1", "tokens.example", StringComparison.Ordinal);
        var error = Assert.Throws<ObjectStorageException>(() => new GcsObjectStorage(new GcsStorageOptions { Bucket = "b", ServiceAccountJson = json }));
        Assert.Contains("must begin with https://", error.Message, StringComparison.Ordinal);
    }

    private protected override Task<int> StartAsync() => Task.FromResult(server.Port);

    private protected override Task<IObjectStorage> ConnectAsync(int port, TransferLimits limits, Mistake mistake) => Task.FromResult<IObjectStorage>(Connect(
        mistake == Mistake.WrongSecret ? server.StrangerJson : server.ServiceAccountJson,
        port,
        mistake == Mistake.UnknownBucket ? "no-such-bucket" : FakeGcsServer.Bucket,
        limits));

    private protected override Task<IObjectStorage> ReconnectAsync(IObjectStorage storage, int port, TransferLimits limits) =>
        Task.FromResult<IObjectStorage>(Connect(port, limits));

    private GcsObjectStorage Connect(int port, TransferLimits limits) => Connect(server.ServiceAccountJson, port, FakeGcsServer.Bucket, limits);

    private static GcsObjectStorage Connect(string account, int port, string bucket, TransferLimits limits) =>
        new(new GcsStorageOptions { Bucket = bucket, ServiceAccountJson = account, Endpoint = $"http://127.0.0.1:{port}" }, limits);
}
