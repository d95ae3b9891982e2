using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Tests.Storage;

/// <summary>What is particular to a server: who may enter, several programs at once, connections that die.</summary>
public sealed class PostgresStoreTests(PostgresServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_FourAtOnce_MigratesOnceAndAllWork()
    {
        var database = await server.CreateDatabaseAsync();
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(database)));

        await Task.WhenAll(stores.Select((s, i) => s.CreateAsync(new Widget($"w{i}"), TimeProvider.System, Token)));
        foreach (var store in stores)
        {
            Assert.Equal(4, (await store.ListAsync<Widget>(new ResourceQuery(), Token)).Items.Count);
            await store.DisposeAsync();
        }
        await using var again = await OpenAsync(database);
        Assert.NotNull(await again.FindAsync<Widget>("w0", Token));
    }

    [Fact]
    public async Task Open_Uri_IsTheSameDatabase()
    {
        var words = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync());
        await using (var store = await OpenAsync(words.ConnectionString))
            await store.CreateAsync(new Widget("a"), TimeProvider.System, Token);

        await using var same = await OpenAsync(
            $"postgresql://{words.Username}:{Uri.EscapeDataString(words.Password!)}@{words.Host}:{words.Port}/{words.Database}?application_name=odin%20test");
        Assert.NotNull(await same.FindAsync<Widget>("a", Token));
    }

    [Fact]
    public async Task Open_NewerSchema_Refuses()
    {
        var database = await server.CreateDatabaseAsync();
        await using (await OpenAsync(database))
            await ExecuteAsync(database, "INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)");

        var error = await Assert.ThrowsAsync<StoreConfigurationException>(() => OpenAsync(database));

        Assert.Contains("schema 9999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WrongPasswordOrDatabase_SaysSoAtOnceAndKeepsTheSecret()
    {
        var database = await server.CreateDatabaseAsync();
        var password = new NpgsqlConnectionStringBuilder(database) { Password = "wrong one" };
        var name = new NpgsqlConnectionStringBuilder(database) { Database = "none" };

        var refused = await Assert.ThrowsAsync<StoreConfigurationException>(() => OpenAsync(password.ConnectionString));
        var missing = await Assert.ThrowsAsync<StoreConfigurationException>(() => OpenAsync(name.ConnectionString));

        Assert.Contains("refuses the user or the password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong one", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("database 'none' does not have that database", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NobodyListens_SaysSoAfterTheTimeout()
    {
        var options = new StorageOptions
        {
            Database = $"Host=127.0.0.1;Port={FreePort.Find()};Database=odin;Username=app;Password=x",
            StartupTimeout = TimeSpan.FromSeconds(1),
        };

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => StoreFactory.OpenAsync(options, "/nowhere", TimeProvider.System, NullLogger.Instance, Token));

        Assert.StartsWith("PostgreSQL at 127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reached. Start it, or correct the setting 'database'. (Connection refused)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionsEndedByTheServer_NextCalls_NobodyNotices()
    {
        var database = await server.CreateDatabaseAsync();
        await using var store = await OpenAsync(database);
        await store.CreateAsync(new Widget("a"), TimeProvider.System, Token);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => store.ListAsync<Widget>(new ResourceQuery(), Token)));

        await ExecuteAsync(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => store.FindAsync<Widget>("a", Token)));
        await store.CreateAsync(new Widget("b"), TimeProvider.System, Token);
        Assert.NotNull(await store.FindAsync<Widget>("b", Token));
    }

    [Fact]
    public async Task Apply_OneCannotBeStoredAtAll_TheOthersAre()
    {
        await using var store = await OpenAsync(await server.CreateDatabaseAsync());
        var others = Enumerable.Range(0, 50).Select(i => store.CreateAsync(new Widget($"w{i}"), TimeProvider.System, Token)).ToList();
        var poison = store.CreateAsync(new Unstorable(new ResourceMetadata { Id = "x" }), TimeProvider.System, Token);
        others.AddRange(Enumerable.Range(50, 50).Select(i => store.CreateAsync(new Widget($"w{i}"), TimeProvider.System, Token)));

        await Assert.ThrowsAsync<PostgresException>(() => poison);
        await Task.WhenAll(others);

        Assert.Equal(100, (await store.ListAsync<Widget>(new ResourceQuery { Limit = 1000 }, Token)).Items.Count);
    }

    [Fact]
    public async Task Apply_TwoServersCrossEachOther_BothFinish()
    {
        var database = await server.CreateDatabaseAsync();
        await using var one = await OpenAsync(database);
        await using var two = await OpenAsync(database);
        var widgets = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => one.CreateAsync(new Widget($"w{i:D2}"), TimeProvider.System, Token)));

        var errors = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i => await Record.ExceptionAsync(
            () => i % 2 == 0 ? ApplyAsync(one, widgets) : ApplyAsync(two, widgets.Reverse()))));

        Assert.Equal(1, errors.Count(e => e is null));
        Assert.All(errors, e => Assert.True(e is null or ResourceConflictException, $"{e}"));

        static Task ApplyAsync(SqlResourceStore store, IEnumerable<Widget> all)
        {
            var batch = new ResourceBatch(TimeProvider.System);
            foreach (var widget in all)
                batch.UpdateStatus(widget);
            return store.ApplyAsync(batch, Token);
        }
    }

    private static Task<SqlResourceStore> OpenAsync(string database) => StoreFactory.OpenAsync(
        new StorageOptions { Database = database }, "/nowhere", TimeProvider.System, NullLogger.Instance, Token);

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Token);
    }
}

/// <summary>A resource whose kind PostgreSQL refuses.</summary>
internal sealed record Unstorable(ResourceMetadata Metadata) : IResource<Unstorable>
{
    public static string Kind => "Un\0storable";

    public static JsonTypeInfo<Unstorable> JsonType => UnstorableJson.Default.Unstorable;

    public static Unstorable WithMetadata(Unstorable resource, ResourceMetadata metadata) => new(metadata);

    [JsonIgnore]
    public string? Parent => null;

    [JsonIgnore]
    public string? Phase => null;
}

[JsonSerializable(typeof(Unstorable))]
internal sealed partial class UnstorableJson : JsonSerializerContext;
