using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Storage;

namespace Odin.Tests.Storage;

/// <summary>The server goes and comes back, with one of its own for each test.</summary>
public sealed class PostgresOutageTests : IAsyncDisposable
{
    private readonly PostgresServer server = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Outage_WhileIdle_CallsSayUnavailableAndThenWorkAgain()
    {
        await using var store = await OpenAsync(await server.CreateDatabaseAsync());
        await store.CreateAsync(new Widget("before"), TimeProvider.System, Token);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => store.FindAsync<Widget>("before", Token)));

        await server.StopAsync();
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CreateAsync(new Widget("during"), TimeProvider.System, Token));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.FindAsync<Widget>("before", Token));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ListAsync<Widget>(new ResourceQuery(), Token));
        }
        await server.StartAsync();

        Assert.NotNull(await store.FindAsync<Widget>("before", Token));
        Assert.Null(await store.FindAsync<Widget>("during", Token));
        await store.CreateAsync(new Widget("after"), TimeProvider.System, Token);

        // Nobody calls while it is away: connections in the pool are dead and nobody knows.
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => store.FindAsync<Widget>("before", Token)));
        await server.StopAsync();
        await server.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => store.FindAsync<Widget>("before", Token)));
        await store.CreateAsync(new Widget("later"), TimeProvider.System, Token);
    }

    [Fact]
    public async Task Outage_UnderLoad_WhatWasAnnouncedIsThereAndTheRestIsUnavailable()
    {
        await using var store = await OpenAsync(await server.CreateDatabaseAsync());
        var (announced, failed, stop) = (new ConcurrentBag<string>(), new ConcurrentBag<Exception>(), false);
        var writers = Enumerable.Range(0, 8).Select(async w =>
        {
            for (var i = 0; !Volatile.Read(ref stop); i++)
            {
                try
                {
                    announced.Add((await store.CreateAsync(new Widget($"w{w}-{i}"), TimeProvider.System, Token)).Id);
                }
                catch (Exception e)
                {
                    failed.Add(e);
                    await Task.Delay(10, Token);
                }
            }
        }).ToList();

        await Eventually.True(() => announced.Count > 100, "writers are at work");
        await server.StopAsync();
        await Eventually.True(() => failed.Count > 20, "writers notice the outage");
        await server.StartAsync();
        var before = announced.Count;
        await Eventually.True(() => announced.Count > before + 100, "writers go on");
        Volatile.Write(ref stop, true);
        await Task.WhenAll(writers);

        Assert.All(failed, e => Assert.IsType<StoreUnavailableException>(e));
        var there = new HashSet<string>();
        await foreach (var widget in store.EnumerateAsync<Widget>(new ResourceQuery(), Token))
            there.Add(widget.Id);
        Assert.Subset(there, announced.ToHashSet());
    }

    [Fact]
    public async Task Open_ServerComesLater_WaitsForIt()
    {
        var database = await server.CreateDatabaseAsync();
        await server.StopAsync();
        var opening = OpenAsync(database, TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(database, TimeSpan.Zero));
        Assert.False(opening.IsCompleted);

        await server.StartAsync();

        await using var store = await opening;
        await store.CreateAsync(new Widget("a"), TimeProvider.System, Token);
    }

    private static Task<SqlResourceStore> OpenAsync(string database, TimeSpan? patience = null) => StoreFactory.OpenAsync(
        new StorageOptions { Database = database, StartupTimeout = patience ?? TimeSpan.FromMinutes(1) },
        "/nowhere", TimeProvider.System, NullLogger.Instance, Token);
}
