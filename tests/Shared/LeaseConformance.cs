using Odin.Storage;

namespace Odin.Testing;

/// <summary>What every <see cref="ILeaseStore"/> does, and what its store does for a batch that carries a lease.</summary>
public abstract class LeaseConformance : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1), Blink = TimeSpan.FromMilliseconds(1);

    private IResourceStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ILeaseStore Leases => store.Leases;

    public async ValueTask InitializeAsync() => store = await CreateStoreAsync();

    public async ValueTask DisposeAsync()
    {
        if (store is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A store without contents, with the system's clock where it has a clock of its own.</summary>
    protected abstract Task<IResourceStore> CreateStoreAsync();

    [Fact]
    public async Task Acquire_WhatAnotherLivingServerHolds_IsNotGranted()
    {
        await JoinAsync("a", "b");
        var first = await Leases.AcquireAsync("a", ["x", "y"], Token);
        var second = await Leases.AcquireAsync("b", ["x", "y", "z"], Token);

        Assert.Equal(["x", "y"], first.Select(t => t.Name).Order());
        Assert.Equal(["z"], second.Select(t => t.Name));
        Assert.Empty(await Leases.AcquireAsync("b", [], Token));
    }

    [Fact]
    public async Task Acquire_Again_GetsAHigherNumberAndTheOldOneIsNoLongerGood()
    {
        await JoinAsync("a");
        var first = await AcquireAsync("a", "x");
        var second = await AcquireAsync("a", "x");

        Assert.True(second.Number > first.Number);
        await Assert.ThrowsAsync<LeaseLostException>(() => WriteAsync("w1", first));
        await WriteAsync("w2", second);
    }

    [Fact]
    public async Task Acquire_ByAServerThatNeverJoinedOrLeft_IsNotGranted()
    {
        await JoinAsync("a");
        await Leases.LeaveAsync("a", Token);

        Assert.Empty(await Leases.AcquireAsync("a", ["x"], Token));
        Assert.Empty(await Leases.AcquireAsync("nobody", ["x"], Token));
    }

    [Fact]
    public async Task Acquire_WhenTheOwnerIsOverdue_GoesToTheNextWithAHigherNumber()
    {
        await JoinAsync("a", "b");
        var first = await AcquireAsync("a", "x");
        Assert.True(await Leases.RenewAsync("a", Blink, Token));

        var second = default(LeaseToken);
        await Eventually.True(
            async () => (await Leases.AcquireAsync("b", ["x"], Token)) is [var token] && (second = token) == token, "the lease can be taken over");

        Assert.True(second.Number > first.Number);
        Assert.False(await Leases.RenewAsync("a", Long, Token));
        Assert.Empty(await Leases.AcquireAsync("a", ["other"], Token));
        var error = await Assert.ThrowsAsync<LeaseLostException>(() => WriteAsync("stale", first));
        Assert.Equal("x", error.Name);
        await WriteAsync("fresh", second);
        Assert.Null(await store.FindAsync<Widget>("stale", Token));
    }

    [Fact]
    public async Task Acquire_ManyServersAtOnce_EachLeaseGoesToOne()
    {
        string[] servers = [.. Enumerable.Range(0, 8).Select(i => $"s{i}")], names = [.. Enumerable.Range(0, 100).Select(i => $"n{i}")];
        await JoinAsync(servers);

        var granted = await Task.WhenAll(servers.SelectMany((s, i) => new[]
        {
            Leases.AcquireAsync(s, [.. names.Skip(i * 10)], Token),
            Leases.AcquireAsync(s, [.. names.Take(50).Reverse()], Token),
        }));

        // A server may have been granted a lease twice; then the first token is no longer good.
        var owners = granted.SelectMany((tokens, i) => tokens.Select(t => (t.Name, Server: i / 2))).Distinct().ToList();
        Assert.Equal(names.Order(), owners.Select(o => o.Name).Order());
    }

    [Fact]
    public async Task Join_UnderANewName_FreesWhatTheOldOneHad()
    {
        await JoinAsync("a", "b");
        var old = await AcquireAsync("a", "x");
        await Leases.JoinAsync("a2", "a", Long, Token);

        Assert.False(await Leases.RenewAsync("a", Long, Token));
        await Assert.ThrowsAsync<LeaseLostException>(() => WriteAsync("w", old));
        Assert.Single(await Leases.AcquireAsync("b", ["x"], Token));
    }

    [Fact]
    public async Task Leave_FreesEverythingAndTellsWatchers()
    {
        await JoinAsync("a", "b");
        await AcquireAsync("a", "x");
        await using var watcher = ResourceWatcher.Start<Widget>(store, Token);
        await Leases.LeaveAsync("a", Token);

        Assert.Equal(ResourceChange.Resync, await watcher.ReadAsync());
        Assert.Single(await Leases.AcquireAsync("b", ["x"], Token));
    }

    [Fact]
    public async Task Release_OldToken_LeavesTheNewOneAlone()
    {
        await JoinAsync("a", "b");
        var old = await AcquireAsync("a", "x");
        var current = await AcquireAsync("a", "x");
        await Leases.ReleaseAsync([old, new LeaseToken("unknown", 1)], Token);
        Assert.Empty(await Leases.AcquireAsync("b", ["x"], Token));

        await Leases.ReleaseAsync([current], Token);

        Assert.True((await AcquireAsync("b", "x")).Number > current.Number);
    }

    [Fact]
    public async Task ListFree_WhatNobodyHolds_OldestFirstAndOnlyThePhases()
    {
        var time = new ManualTime();
        foreach (var (id, stage) in new[] { ("c", "new"), ("a", "busy"), ("b", "new"), ("old", "ended"), ("none", null) })
        {
            await store.CreateAsync(new Widget(id, stage: stage), time, Token);
            time.Advance(TimeSpan.FromSeconds(1));
        }
        await JoinAsync("a", "b");
        Assert.Equal(["c", "a", "b"], await FreeAsync());
        await AcquireAsync("a", "Widget/a");
        await AcquireAsync("b", "Widget/c");
        Assert.Equal(["b"], await FreeAsync());

        await Leases.LeaveAsync("a", Token);
        Assert.Equal(["a", "b"], await FreeAsync());
    }

    [Fact]
    public async Task ListFree_MoreThanAPage_GivesEachOnce()
    {
        var batch = new ResourceBatch(TimeProvider.System);
        string[] ids = [.. Enumerable.Range(0, 2_500).Select(i => $"w{i}")];
        foreach (var id in ids)
            batch.Create(new Widget(id, stage: "new"));
        await store.ApplyAsync(batch, Token);

        Assert.Equal(ids.Order(StringComparer.Ordinal), (await FreeAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Apply_LostLeaseAmongManyBatches_OnlyThatOneIsRefusedAndWhole()
    {
        await JoinAsync("a");
        var (lost, good) = (await AcquireAsync("a", "x"), await AcquireAsync("a", "y"));
        await Leases.ReleaseAsync([lost], Token);

        var errors = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i => await Record.ExceptionAsync(
            () => WriteAsync($"w{i}", (i % 3) switch { 0 => lost, 1 => good, _ => null }))));

        for (var i = 0; i < errors.Length; i++)
        {
            Assert.True(i % 3 == 0 ? errors[i] is LeaseLostException : errors[i] is null, $"{i}: {errors[i]}");
            Assert.Equal(i % 3 != 0, await store.FindAsync<Widget>($"w{i}", Token) is not null);
            Assert.Equal(i % 3 != 0, await store.FindAsync<Widget>($"w{i}-2", Token) is not null);
        }
    }

    private async Task JoinAsync(params string[] servers)
    {
        foreach (var server in servers)
            await Leases.JoinAsync(server, null, Long, Token);
    }

    private async Task<LeaseToken> AcquireAsync(string server, string name) => Assert.Single(await Leases.AcquireAsync(server, [name], Token));

    private async Task<List<string>> FreeAsync() => await Leases.ListFreeAsync("Widget", ["new", "busy"], Token).ToListAsync(Token);

    private Task WriteAsync(string id, LeaseToken? lease)
    {
        var batch = new ResourceBatch(TimeProvider.System) { Lease = lease };
        batch.Create(new Widget(id));
        batch.Create(new Widget(id + "-2"));
        return store.ApplyAsync(batch, Token);
    }
}
