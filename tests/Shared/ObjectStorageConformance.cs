using System.Text;
using Odin.ObjectStorage;

namespace Odin.Testing;

/// <summary>What every <see cref="IObjectStorage"/> does. A back end inherits this and says how an empty one is made.</summary>
public abstract class ObjectStorageConformance : IAsyncLifetime
{
    private const int MiB = 1 << 20;

    // Small pages, so that lists have several; the smallest parts that S3 allows.
    private static readonly TransferLimits Limits = new() { PageSize = 3, PartSize = 5 * MiB, FirstDelay = TimeSpan.FromMilliseconds(20) };

    private IObjectStorage storage = null!;

    /// <summary>Whether of several at once only one creates; else only one after the other is refused.</summary>
    protected virtual bool CreatesExclusively => true;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => storage = await CreateAsync(Limits);

    public virtual ValueTask DisposeAsync()
    {
        storage?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>A storage without objects.</summary>
    private protected abstract Task<IObjectStorage> CreateAsync(TransferLimits limits);

    [Fact]
    public Task Check_GoodSettings_Passes() => storage.CheckAsync(Token);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(5 * MiB)]
    [InlineData((5 * MiB) + 1)]
    [InlineData(20 * MiB)]
    public async Task Save_AnyLength_IsReadBack(int length)
    {
        var saved = await SaveAsync("models/wine.zip", length, 7);

        Assert.Equal(("models/wine.zip", length), (saved.Key, saved.Length));
        Assert.True(saved.Modified.Year >= 2024, $"Modified is {saved.Modified}");
        await AssertHoldsAsync("models/wine.zip", length, 7);
        Assert.Equal(saved, await storage.FindAsync("models/wine.zip", Token));
        Assert.Equal([saved], await ListAsync(""));
    }

    [Theory]
    [InlineData("with blanks/in the  name .txt")]
    [InlineData("Größe/naïve/Привет/日本/😀.bin")]
    [InlineData("a+b=c&d;e,f@g:h$i!j*k(l)")]
    [InlineData("100%/%20/%2F/%")]
    [InlineData("#fragment/?query=1&b#c")]
    [InlineData("quotes'\"`<tag>&amp;[x]{y}|^~")]
    [InlineData("...dots/..a/.hidden/b..")]
    [InlineData("-dash/--/_")]
    public async Task Save_KeyWithUnusualCharacters_IsKeptAsItIs(string key)
    {
        await SaveTextAsync(key, "content");

        Assert.Equal("content", await ReadTextAsync(key));
        Assert.Equal(7, (await storage.FindAsync(key, Token))!.Length);
        Assert.Equal([key], await KeysAsync(""));
        Assert.Equal([key], await KeysAsync(key[..3]));
        await storage.DeleteAsync(key, Token);
        Assert.Null(await storage.FindAsync(key, Token));
    }

    [Fact]
    public async Task Save_KeyOfGreatestLength_IsKept()
    {
        var key = string.Join('/', Enumerable.Repeat(new string('k', 204), 5));
        await SaveTextAsync(key, "content");
        Assert.Equal([key], await KeysAsync(key));
    }

    [Fact]
    public async Task List_MoreThanOnePage_GivesAllInOrder()
    {
        string[] keys = ["Z", "a b", "a-b", "a.b", "a/b", "a/b.c/d", "a/b/c", "a0", "b", "ä", "z/1", "z/10", "z/2"];
        foreach (var key in keys.Reverse())
            await SaveTextAsync(key == "a/b" ? "a/b-" : key, key);

        var listed = await ListAsync("");

        var expected = keys.Select(k => k == "a/b" ? "a/b-" : k).Order(ObjectKey.Order);
        Assert.Equal(expected, listed.Select(o => o.Key));
        Assert.All(listed, o => Assert.NotEqual("", o.ETag));
        Assert.Equal(await storage.FindAsync("z/10", Token), listed.Single(o => o.Key == "z/10"));
    }

    [Theory]
    [InlineData("data", "data.csv", "data/1", "data/deep/2", "database")]
    [InlineData("data/", "data/1", "data/deep/2")]
    [InlineData("data/d", "data/deep/2")]
    [InlineData("data/1", "data/1")]
    [InlineData("data/1/")]
    [InlineData("nothing")]
    [InlineData("nothing/at all/")]
    public async Task List_Prefix_GivesWhatBeginsWithIt(string prefix, params string[] expected)
    {
        foreach (var key in new[] { "Data", "data.csv", "data/1", "data/deep/2", "database", "other/data" })
            await SaveTextAsync(key, "x");

        Assert.Equal(expected, await KeysAsync(prefix));
    }

    [Fact]
    public async Task Save_ExistingKey_ReplacesIt()
    {
        var first = await SaveAsync("a", 6 * MiB, 1);
        var second = await SaveAsync("a", 1000, 2);

        Assert.NotEqual(first.ETag, second.ETag);
        await AssertHoldsAsync("a", 1000, 2);
        await SaveAsync("a", 6 * MiB, 3);
        await AssertHoldsAsync("a", 6 * MiB, 3);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(6 * MiB)]
    public async Task Save_CreateOnly_RefusesAnExistingKey(int length)
    {
        var saved = await storage.SaveAsync("a/b", new MadeContent(length), SaveMode.CreateOnly, Token);

        var error = await Assert.ThrowsAsync<ObjectAlreadyExistsException>(() =>
            storage.SaveAsync("a/b", new MadeContent(length, 2), SaveMode.CreateOnly, Token));

        Assert.Equal(("a/b", false), (error.Key, error.IsPassing));
        Assert.Contains("'a/b'", error.Message, StringComparison.Ordinal);
        Assert.Equal([saved], await ListAsync(""));
        await AssertHoldsAsync("a/b", length, 1);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(12 * MiB)]
    public async Task Save_CreateOnlyOvertaken_IsRefusedAtItsEnd(int length)
    {
        var held = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var slow = storage.SaveAsync("a", new MadeContent(length, 1)
        {
            HoldAt = length / 2,
            Hold = token =>
            {
                held.TrySetResult();
                return go.Task.WaitAsync(token);
            },
        }, SaveMode.CreateOnly, Token);
        await held.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await storage.SaveAsync("a", new MadeContent(20, 2), SaveMode.CreateOnly, Token);
        go.SetResult();

        await Assert.ThrowsAsync<ObjectAlreadyExistsException>(() => slow);
        await AssertHoldsAsync("a", 20, 2);
    }

    [Fact]
    public async Task Save_CreateOnlyBySeveralAtOnce_OneWins()
    {
        Assert.SkipUnless(CreatesExclusively, "This server has no conditional writes.");
        var results = await Task.WhenAll(Enumerable.Range(1, 8).Select(async seed =>
        {
            try
            {
                await storage.SaveAsync("a", new MadeContent(5000, seed), SaveMode.CreateOnly, Token);
                return seed;
            }
            catch (ObjectAlreadyExistsException)
            {
                return 0;
            }
        }));

        var winner = Assert.Single(results, seed => seed > 0);
        await AssertHoldsAsync("a", 5000, winner);
    }

    [Fact]
    public async Task Open_Missing_Throws()
    {
        await SaveTextAsync("a/b", "x");

        foreach (var key in new[] { "a", "a/b/c", "a/c", "x/y" })
        {
            var error = await Assert.ThrowsAsync<ObjectNotFoundException>(() => storage.OpenAsync(key, Token));
            Assert.Equal((key, false), (error.Key, error.IsPassing));
            Assert.Null(await storage.FindAsync(key, Token));
        }
    }

    [Fact]
    public async Task Delete_Twice_Succeeds()
    {
        await SaveTextAsync("a/b/c", "x");
        await SaveTextAsync("a/d", "y");

        await storage.DeleteAsync("a/b/c", Token);
        await storage.DeleteAsync("a/b/c", Token);
        await storage.DeleteAsync("never/there", Token);

        Assert.Null(await storage.FindAsync("a/b/c", Token));
        Assert.Equal(["a/d"], await KeysAsync(""));
        // Nothing of the folder is left that would be in the way.
        await SaveTextAsync("a/b", "z");
        Assert.Equal(["a/b", "a/d"], await KeysAsync("a/"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/absolute")]
    [InlineData("folder/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("a/./b")]
    [InlineData("line\nbreak")]
    [InlineData("nul\0")]
    public async Task Calls_BadKey_AreRefused(string key)
    {
        Func<Task>[] calls =
        [
            () => storage.FindAsync(key, Token), () => storage.OpenAsync(key, Token), () => storage.DeleteAsync(key, Token),
            () => storage.SaveAsync(key, new MadeContent(3), SaveMode.Overwrite, Token),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<ObjectStorageException>(call);
            Assert.StartsWith("The key '", error.Message, StringComparison.Ordinal);
        }
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task Calls_TooLongKeyOrNoText_AreRefused()
    {
        foreach (var key in new[] { string.Join('/', Enumerable.Repeat("ää", 206)), "half \ud83d" })
            await Assert.ThrowsAsync<ObjectStorageException>(() => storage.FindAsync(key, Token));
    }

    [Theory]
    [InlineData("../")]
    [InlineData("a/../b")]
    [InlineData("/")]
    public async Task List_BadPrefix_IsRefused(string prefix) =>
        await Assert.ThrowsAsync<ObjectStorageException>(() => ListAsync(prefix));

    [Fact]
    public async Task Open_ReadSlowly_GivesAll()
    {
        await SaveAsync("a", 9 * MiB, 5);
        await using var stream = await storage.OpenAsync("a", Token);
        await MadeContent.AssertSameAsync(9 * MiB, 5, stream, piece: 3001, between: () => storage.FindAsync("a", Token));
    }

    [Fact]
    public async Task Open_LeftInTheMiddle_HindersNobody()
    {
        await SaveAsync("a", 9 * MiB, 5);
        for (var i = 0; i < 5; i++)
        {
            await using var stream = await storage.OpenAsync("a", Token);
            await stream.ReadExactlyAsync(new byte[1000], Token);
        }
        await AssertHoldsAsync("a", 9 * MiB, 5);
    }

    [Theory]
    [InlineData(4 * MiB)]
    [InlineData(12 * MiB)]
    public async Task Save_Cancelled_LeavesNothing(int until)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var content = new MadeContent(20 * MiB)
        {
            HoldAt = until,
            Hold = async token =>
            {
                await cancel.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.SaveAsync("new/a", content, SaveMode.Overwrite, cancel.Token));

        Assert.Null(await storage.FindAsync("new/a", Token));
        Assert.Empty(await ListAsync(""));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(12 * MiB)]
    public async Task Save_ContentThatFails_LeavesWhatWas(int until)
    {
        await SaveAsync("old", 100, 1);
        foreach (var key in new[] { "old", "new" })
        {
            var content = new MadeContent(20 * MiB, 9) { HoldAt = until, Hold = _ => throw new InvalidDataException("broken source") };
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => storage.SaveAsync(key, content, SaveMode.Overwrite, Token));
            Assert.Equal("broken source", error.Message);
        }

        Assert.Equal(["old"], await KeysAsync(""));
        await AssertHoldsAsync("old", 100, 1);
    }

    [Fact]
    public async Task Save_LargeContent_IsNotHeldInMemory()
    {
        using var content = new MadeContent(48 * MiB);
        await storage.SaveAsync("a", content, SaveMode.Overwrite, Token);
        Assert.InRange(content.BufferBytes, 1, 16 * MiB);
    }

    [Fact]
    public async Task Save_ManyAtOnce_AreAllKept()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => SaveAsync($"deep/{i % 3}/{i}", 1000 + i, i + 1)));

        Assert.Equal(12, (await KeysAsync("deep/")).Count);
        for (var i = 0; i < 12; i++)
            await AssertHoldsAsync($"deep/{i % 3}/{i}", 1000 + i, i + 1);
    }

    private Task<StoredObject> SaveAsync(string key, long length, int seed) =>
        storage.SaveAsync(key, new MadeContent(length, seed), SaveMode.Overwrite, Token);

    private Task<StoredObject> SaveTextAsync(string key, string text) =>
        storage.SaveAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(text)), SaveMode.Overwrite, Token);

    private async Task<string> ReadTextAsync(string key)
    {
        await using var stream = await storage.OpenAsync(key, Token);
        return await new StreamReader(stream).ReadToEndAsync(Token);
    }

    private async Task AssertHoldsAsync(string key, long length, int seed)
    {
        await using var stream = await storage.OpenAsync(key, Token);
        await MadeContent.AssertSameAsync(length, seed, stream);
    }

    private async Task<List<StoredObject>> ListAsync(string prefix) => await storage.ListAsync(prefix, Token).ToListAsync(Token);

    private async Task<List<string>> KeysAsync(string prefix) => [.. (await ListAsync(prefix)).Select(o => o.Key)];
}
