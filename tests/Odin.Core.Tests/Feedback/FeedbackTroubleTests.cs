using Odin.Connections;
using Odin.Feedback;
using Odin.ObjectStorage;

namespace Odin.Tests.Feedback;

/// <summary>What happens to records when the bucket behind them is gone, hangs, or is back.</summary>
public sealed class FeedbackTroubleTests(MotoServer server) : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bucket_BelowAPath_HoldsTheRecords()
    {
        var bucket = await server.CreateBucketAsync();
        await using var rig = await StartAsync(server.Port, bucket);
        rig.Capture.TryAdd(rig.Exchange("a", "question", "answer"));
        await rig.SayAsync("a");
        var joined = Assert.Single(await rig.Reader.JoinAsync(rig.Query(), withSilent: false, Token).ToListAsync(Token));
        Assert.Equal(("question", "answer", 1), (joined.Request.Text, joined.Response!.Text, joined.Feedback.Count));
        Assert.Equal(3, (await KeysAsync(bucket)).Count(k => k.StartsWith("some/where/model_log/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Bucket_BreaksEveryConnection_NothingIsLostAndNothingIsDoubled()
    {
        var bucket = await server.CreateBucketAsync();
        using var proxy = new TroubleProxy(server.Port) { Plan = _ => new Trouble { CutRequestAfter = 0 } };
        await using var rig = await StartAsync(proxy.Port, bucket);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(rig.Capture.TryAdd(rig.Exchange($"{i}")));
            await rig.SayAsync($"{i}");
        }
        await rig.FlushAsync();
        Assert.Empty(await KeysAsync(bucket));

        // Saved, and the answer lost: it is saved again, as the same object.
        proxy.Plan = number => number % 2 == 0 ? new Trouble { CutAfter = 1 } : null;
        await Eventually.True(
            async () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(31));
                await rig.FlushAsync();
                return rig.Capture.Budget.Used == 0 && rig.Journal.Files.Count == 0;
            },
            "everything is saved",
            TimeSpan.FromMinutes(3));
        proxy.Plan = _ => null;
        var joined = await rig.Reader.JoinAsync(rig.Query(), withSilent: true, Token).ToListAsync(Token);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), joined.Select(j => j.RequestId).Order(StringComparer.Ordinal));
        Assert.All(joined, j => Assert.Single(j.Feedback));
    }

    [Fact]
    public async Task Bucket_Killed_PredictionsGoOnAndStopEndsInTime()
    {
        var own = new MotoServer();
        var bucket = await own.CreateBucketAsync();
        await using var rig = await StartAsync(own.Port, bucket);
        rig.Capture.TryAdd(rig.Exchange("before"));
        await rig.FlushAsync();
        Assert.Equal(0, rig.Capture.Budget.Used);
        await own.DisposeAsync();

        Assert.True(rig.Capture.TryAdd(rig.Exchange("after")));
        await rig.SayAsync("after");
        await rig.StopAsync();
        // Both are where the next start finds them.
        Assert.Equal(2, rig.Journal.Files.Count);
    }

    [Fact]
    public async Task Stop_HostHasNoPatienceLeft_KeepsWhatIsBeingSaved()
    {
        // It takes what is sent and says nothing.
        using var proxy = new TroubleProxy { Plan = _ => new Trouble { IsSilent = true } };
        await using var rig = await StartAsync(proxy.Port, "bucket");
        Assert.True(rig.Capture.TryAdd(rig.Exchange("a")));
        var flush = rig.Writer.FlushAsync(Token);
        await Eventually.True(() => proxy.Connections > 0, "it is being saved");
        Assert.True(rig.Capture.TryAdd(rig.Exchange("b")));
        await rig.Writer.StopAsync(new CancellationToken(canceled: true));
        await flush;
        var lines = rig.Journal.Files.SelectMany(File.ReadAllLines).ToList();
        Assert.Equal(4, lines.Count);
        Assert.All((string[])["a", "b"], id => Assert.Equal(2, lines.Count(l => l.Contains($"\"request_id\":\"{id}\"", StringComparison.Ordinal))));
    }

    private static async Task<FeedbackRig> StartAsync(int port, string bucket, TemporaryDirectory directory)
    {
        var rig = new FeedbackRig(directory, new FeedbackOptions { Connection = "bucket" }, isQuiet: true);
        await rig.ConnectAsync("bucket", new ConnectionSpec { Type = ConnectionTypes.S3, Uri = $"http://127.0.0.1:{port}/{bucket}/some/where" });
        return await rig.StartAsync();
    }

    private Task<FeedbackRig> StartAsync(int port, string bucket) => StartAsync(port, bucket, directory);

    private async Task<List<string>> KeysAsync(string bucket)
    {
        using var storage = new S3ObjectStorage(new S3StorageOptions { Bucket = bucket, KeyId = "test", KeySecret = "test", Endpoint = server.Endpoint });
        return await storage.ListAsync("", Token).Select(o => o.Key).ToListAsync(Token);
    }
}
