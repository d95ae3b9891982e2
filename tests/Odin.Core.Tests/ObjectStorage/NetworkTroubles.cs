using Odin.ObjectStorage;

namespace Odin.Tests.ObjectStorage;

/// <summary>What is wrong with the settings that a storage is made with.</summary>
public enum Mistake
{
    None,
    WrongSecret,
    UnknownBucket,
}

/// <summary>What every storage behind a network does when things go wrong. A protocol inherits this.</summary>
public abstract class NetworkTroubles
{
    private const int MiB = 1 << 20;

    private static readonly TransferLimits Limits = new() { PartSize = 5 * MiB, FirstDelay = TimeSpan.FromMilliseconds(10) };

    private static readonly TransferLimits Impatient = Limits with { Attempts = 2, AnswerTimeout = TimeSpan.FromMilliseconds(500) };

    /// <summary>What must stand in no message.</summary>
    protected abstract string Secret { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts the real server; its port.</summary>
    private protected abstract Task<int> StartAsync();

    /// <summary>A storage at that port, with a bucket of its own.</summary>
    private protected abstract Task<IObjectStorage> ConnectAsync(int port, TransferLimits limits, Mistake mistake);

    [Fact]
    public async Task Check_WrongSecret_SaysSo()
    {
        using var storage = await ConnectAsync(await StartAsync(), Limits, Mistake.WrongSecret);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.True(System.Text.RegularExpressions.Regex.IsMatch(error.Message, "correct the secret|signature of the SAS is not accepted|make a new key"), error.Message);
        Assert.False(error.IsPassing);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync(storage, "a", 10));
        await Assert.ThrowsAsync<ObjectStorageException>(() => storage.OpenAsync("a", Token));
    }

    [Fact]
    public async Task Calls_UnknownBucket_SaySo()
    {
        using var storage = await ConnectAsync(await StartAsync(), Limits, Mistake.UnknownBucket);
        Func<Task>[] calls =
        [
            () => storage.CheckAsync(Token), () => storage.FindAsync("a", Token), () => storage.OpenAsync("a", Token),
            () => storage.DeleteAsync("a", Token), () => SaveAsync(storage, "a", 10), () => SaveAsync(storage, "a", 11 * MiB),
            () => storage.SaveAsync("a", new MadeContent(10), SaveMode.CreateOnly, Token),
            async () => await storage.ListAsync("", Token).ToListAsync(Token),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<ObjectStorageException>(call);
            Assert.Matches("(bucket|container) 'no-such-.*' does not exist there; create it", error.Message);
            Assert.False(error.IsPassing);
        }
    }

    [Fact]
    public async Task Check_ServerThatSaysNothing_EndsWithAMessage()
    {
        using var proxy = new TroubleProxy { Plan = _ => new Trouble { IsSilent = true } };
        using var storage = await ConnectAsync(proxy.Port, Impatient, Mistake.None);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.Contains("did not answer within 0.5 s", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsPassing);
        Assert.True(proxy.Connections >= 2);
    }

    [Fact]
    public async Task Check_NobodyListens_SaysSo()
    {
        using var storage = await ConnectAsync(FreePort.Find(), Limits, Mistake.None);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.Contains("nothing could be reached at '127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsPassing);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<html><p>Hello!</p></html>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\u0001\u0002garb\u0003\u0004")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("HTTP/1.1 400 Bad\r\nContent-Length: 7\r\nConnection: close\r\n\r\n<a></b>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 84\r\nConnection: close\r\n\r\n<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>")]
    public async Task Check_ServerThatIsSomethingElse_SaysSo(string answer)
    {
        using var proxy = new TroubleProxy { Plan = _ => new Trouble { Answer = answer } };
        using var storage = await ConnectAsync(proxy.Port, Impatient, Mistake.None);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.Matches("(?i)is the (address|endpoint) right|the server refuses this", error.Message);
        Assert.DoesNotContain("root:", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("301 Moved Permanently")]
    [InlineData("302 Found")]
    [InlineData("307 Temporary Redirect")]
    public async Task Calls_RedirectToAnotherHost_IsNotFollowed(string status)
    {
        using var other = new TroubleProxy { Plan = _ => Trouble.Http("200 OK") };
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http(status, "", $"Location: http://127.0.0.1:{other.Port}/elsewhere\r\n") };
        using var storage = await ConnectAsync(proxy.Port, Impatient, Mistake.None);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));
        Assert.Contains("not followed", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync(storage, "a", 10));
        Assert.Equal(0, other.Connections);
    }

    [Fact]
    public async Task Calls_BusyTwice_Succeed()
    {
        using var proxy = new TroubleProxy(await StartAsync()) { Plan = number => number <= 2 ? Trouble.Http("503 Service Unavailable", "", "Retry-After: 0\r\n") : null };
        using var storage = await ConnectAsync(proxy.Port, Limits, Mistake.None);

        await SaveAsync(storage, "a", 1000);

        Assert.True(proxy.Connections >= 3);
        await AssertHoldsAsync(storage, "a", 1000);
    }

    [Fact]
    public async Task Calls_AlwaysBusy_ArePassingAfterAWhile()
    {
        using var proxy = new TroubleProxy { Plan = _ => Trouble.Http("503 Service Unavailable") };
        using var storage = await ConnectAsync(proxy.Port, Limits, Mistake.None);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => storage.CheckAsync(Token));

        Assert.Contains("the server is busy", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsPassing);
        Assert.Equal(Limits.Attempts, proxy.Connections);
    }

    [Theory]
    [InlineData(SaveMode.Overwrite)]
    [InlineData(SaveMode.CreateOnly)]
    public async Task Save_AnswerLost_SucceedsAllTheSame(SaveMode mode)
    {
        using var proxy = new TroubleProxy(await StartAsync()) { Plan = number => number == 1 ? new Trouble { CutAfter = 1 } : null };
        using var storage = await ConnectAsync(proxy.Port, Limits, Mistake.None);

        var saved = await storage.SaveAsync("a", new MadeContent(1000), mode, Token);

        Assert.Equal(saved, await storage.FindAsync("a", Token));
        await AssertHoldsAsync(storage, "a", 1000);
    }

    [Fact]
    public async Task Save_ConnectionsThatBreak_SucceedsAllTheSame()
    {
        using var proxy = new TroubleProxy(await StartAsync()) { Plan = number => number % 2 == 1 && number < 8 ? new Trouble { CutAfter = 1 } : null };
        using var storage = await ConnectAsync(proxy.Port, Limits, Mistake.None);

        await SaveAsync(storage, "a", 12 * MiB);

        await AssertHoldsAsync(storage, "a", 12 * MiB);
    }

    [Fact]
    public async Task Open_ConnectionThatBreaks_ReadsOn()
    {
        using var proxy = new TroubleProxy(await StartAsync());
        using var storage = await ConnectAsync(proxy.Port, Limits, Mistake.None);
        await SaveAsync(storage, "a", 12 * MiB);
        var cuts = 0;
        using var fresh = new TroubleProxy(proxy.Port) { Plan = number => Interlocked.Increment(ref cuts) <= 3 ? new Trouble { CutAfter = 2 * MiB } : null };
        using var reader = await ReconnectAsync(storage, fresh.Port, Limits);

        await AssertHoldsAsync(reader, "a", 12 * MiB);

        Assert.True(cuts > 3, $"There were {cuts} connections.");
    }

    [Fact]
    public async Task Open_ConnectionThatAlwaysBreaks_EndsWithAMessage()
    {
        using var direct = new TroubleProxy(await StartAsync());
        using var storage = await ConnectAsync(direct.Port, Limits, Mistake.None);
        await SaveAsync(storage, "a", 9 * MiB);
        using var proxy = new TroubleProxy(direct.Port) { Plan = _ => new Trouble { CutAfter = 128 * 1024 } };
        using var reader = await ReconnectAsync(storage, proxy.Port, Limits);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => AssertHoldsAsync(reader, "a", 9 * MiB));

        Assert.Matches("broke off after [0-9]+ of 9437184 bytes", error.Message);
        Assert.True(error.IsPassing);
    }

    [Fact]
    public async Task Open_ReplacedWhileRead_IsNotMixed()
    {
        using var direct = new TroubleProxy(await StartAsync());
        using var storage = await ConnectAsync(direct.Port, Limits, Mistake.None);
        await SaveAsync(storage, "a", 9 * MiB);
        using var proxy = new TroubleProxy(direct.Port) { Plan = number => number == 1 ? new Trouble { CutAfter = MiB } : null };
        using var reader = await ReconnectAsync(storage, proxy.Port, Limits);

        await using var stream = await reader.OpenAsync("a", Token);
        await stream.ReadExactlyAsync(new byte[1000], Token);
        await storage.SaveAsync("a", new MadeContent(9 * MiB, 2), SaveMode.Overwrite, Token);

        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.Contains("was replaced or deleted while it was read", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Another storage for the same bucket, at another port.</summary>
    private protected abstract Task<IObjectStorage> ReconnectAsync(IObjectStorage storage, int port, TransferLimits limits);

    private protected static string BucketOf(IObjectStorage storage) => storage.Description.Split("://")[1].Split(' ')[0];

    private static Task<StoredObject> SaveAsync(IObjectStorage storage, string key, long length) =>
        storage.SaveAsync(key, new MadeContent(length), SaveMode.Overwrite, Token);

    private static async Task AssertHoldsAsync(IObjectStorage storage, string key, long length)
    {
        await using var stream = await storage.OpenAsync(key, Token);
        await MadeContent.AssertSameAsync(length, 1, stream);
    }
}
