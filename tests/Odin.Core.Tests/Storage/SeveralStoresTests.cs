using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Odin.Storage;

namespace Odin.Tests.Storage;

/// <summary>Several stores over one PostgreSQL: what each hears of the other, and what they hold against each other.</summary>
public sealed class SeveralStoresTests(PostgresServer server) : IAsyncLifetime
{
    private string database = "";
    private SqlResourceStore one = null!, two = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await server.CreateDatabaseAsync();
        one = await OpenAsync();
        two = await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await two.DisposeAsync();
    }

    [Fact]
    public async Task Watch_ChangesOfAnotherStore_AreHeardInOrderAndOwnOnesOnce()
    {
        await using var here = ResourceWatcher.Start<Widget>(one, Token);
        await using var there = ResourceWatcher.Start<Widget>(two, Token);
        var odd = "quote\" comma, line\n€ <&>";
        var widget = await one.CreateAsync(new Widget(odd, owner: "o"), TimeProvider.System, Token);
        await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => one.CreateAsync(new Widget(odd), TimeProvider.System, Token));
        widget = await one.UpdateSpecAsync(widget, TimeProvider.System, Token);
        await one.UpdateStatusAsync(widget, TimeProvider.System, Token);
        await one.DeleteAsync<Widget>(odd, TimeProvider.System, Token);
        await one.DeleteAsync<Widget>("missing", TimeProvider.System, Token);
        await one.CreateAsync(new Widget("last"), TimeProvider.System, Token);

        ResourceChange[] expected =
        [
            new(WriteKind.Create, odd, "o"), new(WriteKind.UpdateSpec, odd, "o"), new(WriteKind.UpdateStatus, odd, "o"),
            new(WriteKind.Delete, odd, "o"), new(WriteKind.Create, "last", null),
        ];
        foreach (var change in expected)
        {
            Assert.Equal(change, await here.ReadAsync());
            Assert.Equal(change with { IsRemote = true }, await there.ReadAsync());
        }
        await two.CreateAsync(new Widget("back"), TimeProvider.System, Token);
        Assert.Equal(new ResourceChange(WriteKind.Create, "back", null) { IsRemote = true }, await here.ReadAsync());
        Assert.Equal(new ResourceChange(WriteKind.Create, "back", null), await there.ReadAsync());
    }

    [Fact]
    public async Task Watch_ManyChangesInOneCommit_AllAreHeard()
    {
        const int count = 2_000;
        await using var there = ResourceWatcher.Start<Widget>(two, Token);
        var batch = new ResourceBatch(TimeProvider.System);
        for (var i = 0; i < count; i++)
            batch.Create(new Widget($"w{i:0000}-{new string('x', 60)}", owner: new string('o', 60)));
        await one.ApplyAsync(batch, Token);

        for (var i = 0; i < count; i++)
            Assert.StartsWith($"w{i:0000}-", (await there.ReadAsync())!.Id, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_MoreThanNoticesCanSay_IsAResync()
    {
        await using var there = ResourceWatcher.Start<Widget>(two, Token);
        var batch = new ResourceBatch(TimeProvider.System);
        for (var i = 0; i < 1_000; i++)
            batch.Create(new Widget($"w{i}-{new string('x', 900)}", owner: new string('o', 900)));
        await one.ApplyAsync(batch, Token);
        await one.CreateAsync(new Widget("\u0001" + new string('\u0001', 990), owner: new string('\u0002', 990)), TimeProvider.System, Token);

        Assert.Equal(ResourceChange.Resync, await there.ReadAsync());
        Assert.Equal(ResourceChange.Resync, await there.ReadAsync());
    }

    [Fact]
    public async Task Watch_ListeningConnectionIsLost_OneResyncAndThenChangesAgain()
    {
        await using var there = ResourceWatcher.Start<Widget>(two, Token);
        await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'");

        Assert.Equal(ResourceChange.Resync, await there.ReadAsync());
        await one.CreateAsync(new Widget("a"), TimeProvider.System, Token);
        Assert.Equal("a", (await there.ReadAsync())!.Id);
    }

    [Fact]
    public async Task Acquire_WhileATransactionReliesOnTheLease_WaitsForItsEnd()
    {
        await one.Leases.JoinAsync("a", null, TimeSpan.FromHours(1), Token);
        await two.Leases.JoinAsync("b", null, TimeSpan.FromHours(1), Token);
        var lease = Assert.Single(await one.Leases.AcquireAsync("a", ["x"], Token));
        await using var connection = new NpgsqlConnection(database + ";Pooling=False");
        await connection.OpenAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using (var check = new NpgsqlCommand(PostgresLeases.Check, connection, transaction))
        {
            check.Parameters.Add(new NpgsqlParameter { Value = lease.Name });
            check.Parameters.Add(new NpgsqlParameter { Value = lease.Number });
            Assert.NotNull(await check.ExecuteScalarAsync(Token));
        }
        // Renewing is not held up; taking over is.
        Assert.True(await one.Leases.RenewAsync("a", TimeSpan.FromHours(1), Token));
        await ExecuteAsync("UPDATE servers SET expires = 0 WHERE id = 'a'");
        var taking = two.Leases.AcquireAsync("b", ["x"], Token);
        await Eventually.True(
            async () => Convert.ToInt64(await ExecuteAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO leases%'"),
                CultureInfo.InvariantCulture) == 1,
            "the acquisition waits for the lock");
        Assert.False(taking.IsCompleted);

        await transaction.CommitAsync(Token);

        Assert.Single(await taking);
    }

    [Fact]
    public async Task Transaction_OfAProgramThatWasStopped_DoesNotHoldItsLocksForLong()
    {
        await using var connection = await PostgresDataSource.Create(new DatabaseSetting.Postgres("", database + ";Pooling=False")).OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using (var command = new NpgsqlCommand("LOCK TABLE leases", connection, transaction))
            await command.ExecuteNonQueryAsync(Token);

        // Nothing is asked of the connection any more, as if its program had been stopped.
        await two.Leases.JoinAsync("b", null, TimeSpan.FromHours(1), Token);
        Assert.Single(await two.Leases.AcquireAsync("b", ["x"], Token));
    }

    [Fact]
    public void Notices_FromElsewhere_AreReadOrMeanThatAnythingMayHaveChanged()
    {
        var notices = new ChangeNotices("me");

        Assert.Empty(notices.Read("""["me",["Run","1","a",null]]""")!);
        Assert.Equal([new KindChange("Run", new ResourceChange(WriteKind.UpdateSpec, "a", null) { IsRemote = true })], notices.Read("""["you",["Run","1","a",null]]""")!);
        Assert.All(["", "[]", "{}", "7", "[7]", "[\"you\"]", "[\"you\",[]]", "[\"you\",[\"Run\",\"x\",\"a\",null]]", ChangeNotices.Resync], text => Assert.Null(notices.Read(text)));
    }

    private Task<SqlResourceStore> OpenAsync() => StoreFactory.OpenAsync(
        new StorageOptions { Database = database }, "/nowhere", TimeProvider.System, NullLogger.Instance, Token);

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }
}
