using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Storage;

namespace Odin.Tests.Storage;

/// <summary>What is particular to a file: its directory, its mode, its size, other programs.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SqliteStoreTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File => directory["odin.db"];

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Open_MissingDirectory_MakesItAndAFileForItsOwnerAlone()
    {
        await using (await OpenAsync(new StorageOptions(), directory["a/b"]))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(directory["a/b/odin.db"]));

        Assert.Equal(["odin.db"], Directory.GetFileSystemEntries(directory["a/b"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Open_Again_FindsWhatWasStored()
    {
        await using (var store = await OpenAsync())
            await store.CreateAsync(new Widget("a", text: "kept"), TimeProvider.System, Token);

        await using var again = await OpenAsync(new StorageOptions { Database = $"Data Source={File}" }, "/nowhere");
        Assert.Equal("kept", (await again.FindAsync<Widget>("a", Token))!.Text);
    }

    [Fact]
    public async Task Open_TwiceAtOnce_MigratesOnceAndBothWork()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => OpenAsync(), Token)));

        await Task.WhenAll(stores.Select((s, i) => s.CreateAsync(new Widget($"w{i}"), TimeProvider.System, Token)));
        Assert.Equal(4, (await stores[0].ListAsync<Widget>(new ResourceQuery(), Token)).Items.Count);
        foreach (var store in stores)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task Open_DirectoryThatCannotBeWritten_SaysSo()
    {
        // Modes do not bind root, but nobody makes files in /sys.
        var path = Environment.IsPrivilegedProcess ? "/sys/kernel" : Directory.CreateDirectory(
            directory["locked"], UnixFileMode.UserRead | UnixFileMode.UserExecute).FullName;

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(new StorageOptions(), path));

        Assert.StartsWith($"The data directory '{path}' is read-only for the user '", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NewerSchema_Refuses()
    {
        await using (await OpenAsync())
            await ExecuteAsync("INSERT INTO schema_migrations VALUES (9999, 'from_the_future', 0)");

        var error = await Assert.ThrowsAsync<StoreConfigurationException>(() => OpenAsync());

        Assert.Contains("newer version", error.Message, StringComparison.Ordinal);
        Assert.Contains("9999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NotADatabase_SaysSo()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('x', 10_000), Token);

        var error = await Assert.ThrowsAsync<StoreConfigurationException>(() => OpenAsync());

        Assert.Contains($"'{File}' is not an SQLite database", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_DiskFullAndThenRoom_FailsAndThenGoesOn()
    {
        await using (await OpenAsync())
        {
            // Makes the tables.
        }
        var source = new SqliteDataSource($"Data Source={File}") { ExtraSettings = "PRAGMA max_page_count = 60;" };
        await using var store = new SqlResourceStore(source, new SqliteDialect(File), new StorageOptions(), TimeProvider.System);
        await using var changes = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        await store.CreateAsync(new Widget("small"), TimeProvider.System, Token);

        var error = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => store.CreateAsync(new Widget("large", text: new string('x', 1_000_000)), TimeProvider.System, Token));
        Assert.StartsWith($"The disk is full: the database '{File}' cannot grow", error.Message, StringComparison.Ordinal);
        Assert.Null(await store.FindAsync<Widget>("large", Token));
        Assert.NotNull(await store.FindAsync<Widget>("small", Token));

        source.ExtraSettings = "PRAGMA max_page_count = 1000000;";
        await store.CreateAsync(new Widget("large", text: new string('x', 1_000_000)), TimeProvider.System, Token);
        Assert.NotNull(await store.FindAsync<Widget>("large", Token));
    }

    [Fact]
    public async Task Apply_FileLockedByAnotherProgram_ReadsGoOnAndWritesWait()
    {
        await using var store = await OpenAsync();
        await store.CreateAsync(new Widget("before"), TimeProvider.System, Token);
        using var other = new SqliteConnection($"Data Source={File}");
        other.Open();
        Task<Widget> write;
        using (var transaction = other.BeginTransaction())
        {
            write = store.CreateAsync(new Widget("during"), TimeProvider.System, Token);
            Assert.NotNull(await store.FindAsync<Widget>("before", Token));
            Assert.Null(await store.FindAsync<Widget>("during", Token));
            transaction.Rollback();
        }
        await write;
        Assert.NotNull(await store.FindAsync<Widget>("during", Token));
    }

    [Fact]
    public async Task Dispose_WritesWaiting_CarriesThemOutAndEndsWatches()
    {
        var store = await OpenAsync();
        var changes = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        var writes = Enumerable.Range(0, 100).Select(i => store.CreateAsync(new Widget($"w{i}"), TimeProvider.System, Token)).ToList();
        await store.DisposeAsync();
        await Task.WhenAll(writes);

        var seen = 0;
        while (await changes.MoveNextAsync())
            seen++;
        Assert.Equal(100, seen);
        await changes.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.CreateAsync(new Widget("late"), TimeProvider.System, Token));
    }

    private Task<SqlResourceStore> OpenAsync() => OpenAsync(new StorageOptions(), directory.Path);

    private static Task<SqlResourceStore> OpenAsync(StorageOptions options, string path) =>
        StoreFactory.OpenAsync(options, path, TimeProvider.System, NullLogger.Instance, Token);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Token);
    }
}
