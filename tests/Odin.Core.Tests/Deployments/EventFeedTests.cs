using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Deployments;
using Odin.Storage;

namespace Odin.Tests.Deployments;

public sealed class EventFeedTests(PostgresServer server)
{
    private readonly ManualTime time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_NothingYet_IsEmptyAndEchoesTheCursor()
    {
        var feed = new EventFeed(new InMemoryResourceStore(), time);
        var page = await feed.ReadAsync(EventGroups.Deployment, 7, Token);
        Assert.Empty(page.Events);
        Assert.Equal(7, page.Cursor);
    }

    [Fact]
    public async Task Append_SameThingAgain_OnlyTheNewestEventIsKept()
    {
        var store = new InMemoryResourceStore();
        var feed = new EventFeed(store, time);
        await AppendAsync(store, feed, EventGroups.Deployment, "wine", EventTypes.DeploymentCreated);
        await AppendAsync(store, feed, EventGroups.Deployment, "beer", EventTypes.DeploymentCreated);
        time.Advance(TimeSpan.FromSeconds(3));
        await AppendAsync(store, feed, EventGroups.Deployment, "wine", EventTypes.DeploymentUpdated);
        await AppendAsync(store, feed, EventGroups.Route, "wine", EventTypes.RouteCreated);

        var page = await feed.ReadAsync(EventGroups.Deployment, 0, Token);
        Assert.Equal(
            [new FeedItem(2, "beer", EventTypes.DeploymentCreated, time.GetUtcNow().AddSeconds(-3)), new FeedItem(3, "wine", EventTypes.DeploymentUpdated, time.GetUtcNow())],
            page.Events);
        Assert.Equal(3, page.Cursor);
        Assert.Equal("wine", Assert.Single((await feed.ReadAsync(EventGroups.Deployment, 2, Token)).Events).EntityId);
        Assert.Empty((await feed.ReadAsync(EventGroups.Deployment, 3, Token)).Events);
        Assert.Equal(1, (await feed.ReadAsync(EventGroups.Route, 0, Token)).Cursor);
    }

    [Fact]
    public async Task Prune_OldDeletions_AreForgottenAndNothingElse()
    {
        var store = new InMemoryResourceStore();
        var feed = new EventFeed(store, time);
        await AppendAsync(store, feed, EventGroups.Deployment, "alive", EventTypes.DeploymentCreated);
        await AppendAsync(store, feed, EventGroups.Deployment, "old", EventTypes.DeploymentDeleted);
        await AppendAsync(store, feed, EventGroups.Deployment, "back", EventTypes.DeploymentDeleted);
        await AppendAsync(store, feed, EventGroups.Route, "old", EventTypes.RouteDeleted);
        time.Advance(EventFeed.Memory + TimeSpan.FromSeconds(1));
        await AppendAsync(store, feed, EventGroups.Deployment, "new", EventTypes.DeploymentDeleted);
        await AppendAsync(store, feed, EventGroups.Deployment, "back", EventTypes.DeploymentCreated);
        await feed.PruneAsync(Token);
        Assert.Equal(["alive", "new", "back"], (await feed.ReadAsync(EventGroups.Deployment, 0, Token)).Events.Select(e => e.EntityId));
        Assert.Empty((await feed.ReadAsync(EventGroups.Route, 0, Token)).Events);
        // The numbers go on.
        await AppendAsync(store, feed, EventGroups.Route, "next", EventTypes.RouteCreated);
        Assert.Equal(2, (await feed.ReadAsync(EventGroups.Route, 1, Token)).Cursor);
    }

    [Fact]
    public async Task Append_SeveralInOneBatch_AreNumberedInTheirOrder()
    {
        await using var store = await OpenAsync(await server.CreateDatabaseAsync());
        var feed = new EventFeed(store, time);
        var batch = new ResourceBatch(time);
        await feed.AppendAsync(batch, EventGroups.Route, "a", EventTypes.RouteCreated, Token);
        await feed.AppendAsync(batch, EventGroups.Route, "b", EventTypes.RouteCreated, Token);
        await feed.AppendAsync(batch, EventGroups.Route, "a", EventTypes.RouteStatusUpdated, Token);
        await feed.AppendAsync(batch, EventGroups.Deployment, "c", EventTypes.DeploymentCreated, Token);
        await store.ApplyAsync(batch, Token);

        var page = await feed.ReadAsync(EventGroups.Route, 0, Token);
        Assert.Equal([(2L, "b", EventTypes.RouteCreated), (3L, "a", EventTypes.RouteStatusUpdated)], page.Events.Select(e => (e.Sequence, e.EntityId, e.Type)));
    }

    [Fact]
    public async Task Append_BatchThatFails_LeavesNoEventAndNoNumber()
    {
        var store = new InMemoryResourceStore();
        var feed = new EventFeed(store, time);
        await store.CreateAsync(new Widget("there"), time, Token);
        var batch = new ResourceBatch(time);
        batch.Create(new Widget("there"));
        await feed.AppendAsync(batch, EventGroups.Route, "there", EventTypes.RouteCreated, Token);

        var failure = await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => store.ApplyAsync(batch, Token));
        Assert.Equal(Widget.Kind, failure.Kind);
        await AppendAsync(store, feed, EventGroups.Route, "other", EventTypes.RouteCreated);
        Assert.Equal([(1L, "other")], (await feed.ReadAsync(EventGroups.Route, 0, Token)).Events.Select(e => (e.Sequence, e.EntityId)));
    }

    [Fact]
    public async Task Append_TwoBatchesAtOnce_TheSecondConflicts()
    {
        var store = new InMemoryResourceStore();
        var feed = new EventFeed(store, time);
        var (one, two) = (new ResourceBatch(time), new ResourceBatch(time));
        await feed.AppendAsync(one, EventGroups.Route, "a", EventTypes.RouteCreated, Token);
        await feed.AppendAsync(two, EventGroups.Route, "a", EventTypes.RouteUpdated, Token);
        await store.ApplyAsync(one, Token);
        await Assert.ThrowsAsync<ResourceConflictException>(() => store.ApplyAsync(two, Token));
        Assert.Equal(EventTypes.RouteCreated, Assert.Single((await feed.ReadAsync(EventGroups.Route, 0, Token)).Events).Type);
    }

    [Fact]
    public async Task Append_TwoServersWriteAndOneReads_NothingIsMissedAndNumbersAreUnique()
    {
        const int Each = 25;
        var database = await server.CreateDatabaseAsync();
        await using var one = await OpenAsync(database);
        await using var two = await OpenAsync(database);
        var writing = Task.WhenAll(WriteAsync(one, "one", Each), WriteAsync(two, "two", Each), WriteAsync(two, "three", Each));

        // A reader who goes on from its cursor sees every thing, because none changes twice.
        var reader = new EventFeed(one, TimeProvider.System);
        var (seen, cursor) = (new List<FeedItem>(), 0L);
        await Eventually.True(
            async () =>
            {
                var page = await reader.ReadAsync(EventGroups.Deployment, cursor, Token);
                seen.AddRange(page.Events);
                cursor = page.Cursor;
                return seen.Count >= 3 * Each;
            },
            "all events were read");
        await writing;
        Assert.Equal(3 * Each, seen.Select(e => e.EntityId).Distinct().Count());
        Assert.Equal(Enumerable.Range(1, 3 * Each).Select(n => (long)n), seen.Select(e => e.Sequence));
    }

    private async Task WriteAsync(IResourceStore store, string name, int count)
    {
        var feed = new EventFeed(store, TimeProvider.System);
        for (var i = 0; i < count; i++)
            await AppendAsync(store, feed, EventGroups.Deployment, string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"), EventTypes.DeploymentCreated);
    }

    private async Task AppendAsync(IResourceStore store, EventFeed feed, string group, string id, string type)
    {
        while (true)
        {
            var batch = new ResourceBatch(time);
            await feed.AppendAsync(batch, group, id, type, Token);
            try
            {
                await store.ApplyAsync(batch, Token);
                return;
            }
            catch (ResourceConflictException)
            {
                // Another one has taken the number.
            }
        }
    }

    private static Task<SqlResourceStore> OpenAsync(string database) => StoreFactory.OpenAsync(
        new StorageOptions { Database = database }, "/nowhere", TimeProvider.System, NullLogger.Instance, Token);
}
