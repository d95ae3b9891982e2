using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Odin.Storage;

/// <summary>
/// Opens connections to one SQLite file, from the driver's pool. The driver works synchronously, whatever its methods
/// are called; a read takes microseconds, so that is no harm.
/// </summary>
internal sealed class SqliteDataSource : DbDataSource
{
    // FULL waits for the disk at each commit: what was announced survives a power cut. Writers of other programs are waited for.
    private const string Settings = "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -8000;";

    private readonly string connectionString;

    public SqliteDataSource(string connectionString)
    {
        SqliteLibrary.Ensure();
        this.connectionString = connectionString;
    }

    public override string ConnectionString => connectionString;

    /// <summary>Further statements for each connection that is opened from now on; for tests of a full disk.</summary>
    internal string ExtraSettings { get; set; } = "";

    protected override DbConnection CreateDbConnection() => new SqliteConnection(connectionString);

    protected override DbConnection OpenDbConnection()
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = Settings + ExtraSettings;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(OpenDbConnection());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            ClearPool();
        base.Dispose(disposing);
    }

    protected override ValueTask DisposeAsyncCore()
    {
        ClearPool();
        return base.DisposeAsyncCore();
    }

    // Otherwise the pool keeps the file open for minutes.
    private void ClearPool()
    {
        using var connection = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(connection);
    }
}
