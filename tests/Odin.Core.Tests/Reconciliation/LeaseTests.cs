using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Reconciliation;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Tests.Reconciliation;

/// <summary>Several servers of one process on one store, with a clock set by hand: who works on what, and who stops to.</summary>
public sealed class LeaseTests : IAsyncLifetime
{
    private readonly ManualTime time = new();
    private readonly InMemoryResourceStore store;
    private readonly List<Server> servers = [];

    public LeaseTests() => store = new InMemoryResourceStore(new StorageOptions(), time, isShared: true);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
            await server.StopAsync();
    }

    [Fact]
    public async Task Work_OfTwoServers_EachThingIsInOneHand()
    {
        for (var i = 0; i < 50; i++)
            await store.CreateAsync(new Widget($"w{i}", stage: "busy"), time, Token);
        var (one, two) = (await StartAsync(), await StartAsync());

        await Eventually.True(() => one.Owned.Count + two.Owned.Count >= 50, "all is taken");

        Assert.Equal(50, one.Owned.Concat(two.Owned).Distinct().Count());
        Assert.Equal(50, one.Owned.Count + two.Owned.Count);
    }

    [Fact]
    public async Task Server_CutOffFromTheStore_LosesItsLeasesByTheClockAndItsWritesAreRefused()
    {
        var one = await StartAsync();
        var widget = await store.CreateAsync(new Widget("w", stage: "busy"), time, Token);
        await Eventually.True(() => one.Owned.Contains("w"), "the first server has it");
        var lease = one.Leases["w"];
        var two = await StartAsync();
        one.Store.IsCut = true;

        time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(lease.IsHeld);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(lease.IsHeld);
        await Until(() => two.Owned.Contains("w"), "the second server takes over");
        await Until(() => one.Disowned.Contains("w"), "the first server lets go");

        var batch = new ResourceBatch(time) { Lease = lease.Token };
        batch.UpdateStatus(widget with { Text = "stale" });
        await Assert.ThrowsAsync<LeaseLostException>(() => store.ApplyAsync(batch, Token));
        Assert.Throws<LeaseLostException>(lease.ThrowIfLost);

        // Back again, it takes up new work under a new name, and leaves the old to the other.
        one.Store.IsCut = false;
        await one.Store.CreateAsync(new Widget("new", stage: "busy"), time, Token);
        await Until(() => one.Owned.Contains("new") || two.Owned.Contains("new"), "new work is taken up");
        Assert.True(two.Leases["w"].IsHeld);
        Assert.False(lease.IsHeld);
    }

    [Fact]
    public async Task Server_ThatStops_HandsOverWithoutAnyTimePassing()
    {
        var one = await StartAsync();
        await store.CreateAsync(new Widget("w", stage: "busy"), time, Token);
        await Eventually.True(() => one.Owned.Contains("w"), "the first server has it");
        var two = await StartAsync();

        await one.StopAsync();

        await Eventually.True(() => two.Owned.Contains("w"), "the second server has it");
        Assert.False(one.Leases["w"].IsHeld);
    }

    [Fact]
    public async Task Server_ThatDies_IsFollowedWhenItsTimeIsOver()
    {
        var one = await StartAsync();
        await store.CreateAsync(new Widget("w", stage: "busy"), time, Token);
        await Eventually.True(() => one.Owned.Contains("w"), "the first server has it");
        var two = await StartAsync();
        one.Store.IsCut = true;

        for (var i = 0; i < 6; i++)
            time.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("w", two.Owned);
        await Until(() => two.Owned.Contains("w"), "the second server takes over");
    }

    [Fact]
    public async Task Finished_LeaseIsGivenBackAndTheEndIsNotLookedAtAgain()
    {
        var one = await StartAsync();
        var widget = await store.CreateAsync(new Widget("w", stage: "busy"), time, Token);
        await Eventually.True(() => one.Owned.Contains("w"), "the server has it");
        var lease = one.Leases["w"];
        await store.UpdateSpecAsync(widget with { Stage = "ended" }, time, Token);

        await Eventually.True(() => !lease.IsHeld, "the lease is given back");
        Assert.DoesNotContain("w", one.Disowned);
        await Until(async () => (await store.Leases.AcquireAsync(await OtherAsync(), ["Widget/w"], Token)).Count == 1, "the store has it back, too");
    }

    [Fact]
    public async Task Wish_ToldToAnotherServer_ReachesTheOneThatHasTheLease()
    {
        var one = await StartAsync();
        var widget = await store.CreateAsync(new Widget("w", stage: "busy"), time, Token);
        await Eventually.True(() => one.Owned.Contains("w"), "the server has it");
        var two = await StartAsync();
        var before = one.Passes;

        await two.Store.UpdateSpecAsync(widget with { Text = "wish" }, time, Token);

        await Eventually.True(() => one.Passes > before, "the first server looks again");
        Assert.Empty(two.Owned);
    }

    [Fact]
    public async Task Keeper_OfAStoreOfOneServer_NeverLosesAnything()
    {
        var alone = new InMemoryResourceStore(new StorageOptions(), time, isShared: false);
        using var keeper = new LeaseKeeper(alone, new LeaseOptions(), time, NullLogger<LeaseKeeper>.Instance);
        await keeper.StartAsync(Token);
        var lease = await keeper.AcquireAsync("x", Token);

        time.Advance(TimeSpan.FromDays(400));

        Assert.True(lease!.IsHeld);
        Assert.Same(lease, await keeper.AcquireAsync("x", Token));
        var batch = new ResourceBatch(time) { Lease = lease.Token };
        batch.Create(new Widget("w"));
        await alone.ApplyAsync(batch, Token);
        keeper.Release(lease);
        var next = await keeper.AcquireAsync("x", Token);
        Assert.True(next!.Token.Number > lease.Token.Number);
        Assert.False(lease.IsHeld);
        await keeper.StopAsync(Token);
        Assert.False(next.IsHeld);
    }

    [Fact]
    public async Task Keeper_ManyRequestsAtOnce_AllAreAnswered()
    {
        using var keeper = new LeaseKeeper(store, new LeaseOptions(), time, NullLogger<LeaseKeeper>.Instance);
        var other = await OtherAsync();
        await store.Leases.AcquireAsync(other, ["n7"], Token);

        var leases = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i => await keeper.AcquireAsync($"n{i % 100}", Token)));

        Assert.All(leases.Index(), l => Assert.Equal(l.Index % 100 != 7, l.Item is { IsHeld: true }));
    }

    private async Task<Server> StartAsync()
    {
        var server = new Server(new CuttableStore(store), time);
        servers.Add(server);
        await server.StartAsync();
        return server;
    }

    private async Task<string> OtherAsync()
    {
        var name = $"other-{Guid.NewGuid():N}";
        await store.Leases.JoinAsync(name, null, TimeSpan.FromDays(1), Token);
        return name;
    }

    private Task Until(Func<bool> condition, string what) => Until(() => Task.FromResult(condition()), what);

    // The clock goes on while we wait: what is due by it happens on other threads.
    private Task Until(Func<Task<bool>> condition, string what) => Eventually.True(
        async () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            return await condition();
        },
        what);

    /// <summary>Keeps hold of widgets until their stage is <c>ended</c>.</summary>
    private sealed class Server : IReconciler<Widget>
    {
        private readonly LeaseKeeper keeper;
        private readonly ReconcilerHost<Widget> host;
        private int passes;
        private bool stopped;

        public Server(CuttableStore store, ManualTime time)
        {
            Store = store;
            keeper = new LeaseKeeper(store, new LeaseOptions(), time, NullLogger<LeaseKeeper>.Instance);
            host = new ReconcilerHost<Widget>(this, store, keeper, time, NullLogger<ReconcilerHost<Widget>>.Instance, workers: 4);
        }

        public CuttableStore Store { get; }

        public ConcurrentDictionary<string, Lease> Leases { get; } = new();

        public ConcurrentBag<string> Disowned { get; } = [];

        public ICollection<string> Owned => [.. Leases.Where(l => l.Value.IsHeld).Select(l => l.Key)];

        public int Passes => Volatile.Read(ref passes);

        public IReadOnlyCollection<string> UnfinishedPhases => ["busy"];

        public async Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref passes);
            Leases[id] = lease;
            var widget = await Store.FindAsync<Widget>(id, cancellationToken);
            return widget?.Stage == "busy" ? ReconcileResult.Waiting : ReconcileResult.Finished;
        }

        public void Disown(string id) => Disowned.Add(id);

        public async Task StartAsync()
        {
            await keeper.StartAsync(Token);
            await host.StartAsync(Token);
        }

        public async Task StopAsync()
        {
            if (stopped)
                return;
            stopped = true;
            await host.StopAsync(CancellationToken.None);
            await keeper.StopAsync(CancellationToken.None);
            host.Dispose();
            keeper.Dispose();
        }
    }

    /// <summary>A way to the common store that can be cut: then nobody can be asked, and nothing is heard in time.</summary>
    private sealed class CuttableStore(IResourceStore inner) : ForwardingStore(inner), ILeaseStore
    {
        public volatile bool IsCut;

        public override ILeaseStore Leases => this;

        public bool IsShared => true;

        protected override IResourceStore Inner => IsCut ? throw new StoreUnavailableException("The way to the store is cut.") : base.Inner;

        public Task JoinAsync(string server, string? previous, TimeSpan duration, CancellationToken cancellationToken) =>
            Inner.Leases.JoinAsync(server, previous, duration, cancellationToken);

        public Task<bool> RenewAsync(string server, TimeSpan duration, CancellationToken cancellationToken) =>
            Inner.Leases.RenewAsync(server, duration, cancellationToken);

        public Task LeaveAsync(string server, CancellationToken cancellationToken) => Inner.Leases.LeaveAsync(server, cancellationToken);

        public Task<IReadOnlyList<LeaseToken>> AcquireAsync(string server, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
            Inner.Leases.AcquireAsync(server, names, cancellationToken);

        public Task ReleaseAsync(IReadOnlyCollection<LeaseToken> tokens, CancellationToken cancellationToken) =>
            Inner.Leases.ReleaseAsync(tokens, cancellationToken);

        public IAsyncEnumerable<string> ListFreeAsync(string kind, IReadOnlyCollection<string> phases, CancellationToken cancellationToken) =>
            Inner.Leases.ListFreeAsync(kind, phases, cancellationToken);
    }
}
