using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Odin.Storage;

namespace Odin.Tests.Storage;

/// <summary>The connection dies between a commit and its answer: the caller hears what really happened.</summary>
public sealed class LostCommitTests(PostgresServer server) : IAsyncLifetime
{
    private CuttingProxy proxy = null!;
    private string direct = "";
    private SqlResourceStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        direct = await server.CreateDatabaseAsync();
        proxy = new CuttingProxy(server.Port);
        store = await OpenAsync(new NpgsqlConnectionStringBuilder(direct) { Port = proxy.Port }.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(Cut.BeforeCommit)]
    [InlineData(Cut.AfterCommit)]
    internal async Task Writes_CutAtTheirCommit_AreDoneOnceAndToldOnce(Cut cut)
    {
        await using var changes = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        proxy.Plan = n => n % 2 == 1 ? cut : null;

        var widget = await store.CreateAsync(new Widget("w"), TimeProvider.System, Token);
        widget = await store.UpdateStatusAsync(widget with { Text = "a" }, TimeProvider.System, Token);
        widget = await store.UpdateSpecAsync(widget with { Text = "b" }, TimeProvider.System, Token);

        Assert.True(proxy.Cuts >= 1, $"{proxy.Cuts} cuts");
        var stored = await store.FindAsync<Widget>("w", Token);
        Assert.Equal((widget.Metadata.Version, "b", 2L), (stored!.Metadata.Version, stored.Text, stored.Metadata.Generation));
        await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => store.CreateAsync(new Widget("w"), TimeProvider.System, Token));
        await store.DeleteAsync<Widget>("w", TimeProvider.System, Token);
        Assert.Null(await store.FindAsync<Widget>("w", Token));

        foreach (var expected in new[] { WriteKind.Create, WriteKind.UpdateStatus, WriteKind.UpdateSpec, WriteKind.Delete })
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.Equal(new ResourceChange(expected, "w", null), changes.Current);
        }
    }

    [Fact]
    public async Task Update_CutAfterItsCommitAndOverwrittenSince_SucceedsAllTheSame()
    {
        var created = await store.CreateAsync(new Widget("w"), TimeProvider.System, Token);
        await using var other = await OpenAsync(direct);
        var held = await proxy.HoldAsync();
        proxy.Plan = _ => Cut.AfterCommit;
        var update = store.UpdateStatusAsync(created with { Text = "ours" }, TimeProvider.System, Token);
        // The other server sees our commit, and writes over it before we can ask.
        Widget? seen = null;
        await Eventually.True(async () => (seen = await other.FindAsync<Widget>("w", Token))!.Text == "ours", "the commit took place");
        await other.UpdateStatusAsync(seen! with { Text = "theirs" }, TimeProvider.System, Token);
        proxy.Plan = _ => null;
        held.Dispose();

        Assert.Equal(seen!.Metadata.Version, (await update).Metadata.Version);
        Assert.Equal("theirs", (await store.FindAsync<Widget>("w", Token))!.Text);
    }

    [Fact]
    public async Task Batch_RefusedInPart_IsStillRefusedAfterALostCommit()
    {
        await store.CreateAsync(new Widget("there"), TimeProvider.System, Token);
        var held = await proxy.HoldAsync();
        proxy.Plan = n => n % 2 == 1 ? Cut.AfterCommit : Cut.BeforeCommit;
        var good = Enumerable.Range(0, 20).Select(i => store.CreateAsync(new Widget($"new-{i}"), TimeProvider.System, Token)).ToList();
        var bad = store.CreateAsync(new Widget("there"), TimeProvider.System, Token);
        held.Dispose();
        await Eventually.True(() => proxy.Cuts > 0, "a connection is cut");
        proxy.Plan = _ => null;

        await Task.WhenAll(good);
        await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => bad);
    }

    [Fact]
    public async Task Counters_OfManyWriters_CountEveryStepOnce()
    {
        const int writers = 4, steps = 60;
        var random = new Random(20260101);
        proxy.Plan = _ =>
        {
            lock (random)
                return random.Next(6) switch { 0 => Cut.BeforeCommit, 1 => Cut.AfterCommit, _ => null };
        };
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async w =>
        {
            var widget = await RepeatAsync(() => store.CreateAsync(new Widget($"w{w}", text: "0"), TimeProvider.System, Token));
            for (var step = 1; step <= steps; step++)
            {
                var next = widget with { Text = step.ToString(CultureInfo.InvariantCulture) };
                widget = await RepeatAsync(() => store.UpdateStatusAsync(next, TimeProvider.System, Token));
            }
        }));

        Assert.True(proxy.Cuts > 10, $"{proxy.Cuts} cuts");
        for (var w = 0; w < writers; w++)
            Assert.Equal($"{steps}", (await store.FindAsync<Widget>($"w{w}", Token))!.Text);
    }

    // "Unavailable" may come when every attempt was cut before its commit. A repeated write that had taken place would be
    // refused as a conflict.
    private static async Task<Widget> RepeatAsync(Func<Task<Widget>> write)
    {
        while (true)
        {
            try
            {
                return await write();
            }
            catch (StoreUnavailableException)
            {
                // Not done: once more.
            }
        }
    }

    private static Task<SqlResourceStore> OpenAsync(string database) => StoreFactory.OpenAsync(
        new StorageOptions { Database = database }, "/nowhere", TimeProvider.System, NullLogger.Instance, Token);
}
