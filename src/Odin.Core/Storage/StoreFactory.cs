using System.Data.Common;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Odin.Storage;

/// <summary>Opens the store that the settings name, ready for use: reachable, writable, its tables up to date.</summary>
public static partial class StoreFactory
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens the store. Several programs may do this at once on one PostgreSQL.</summary>
    /// <param name="options">Which database; how long to wait for a PostgreSQL that cannot be reached.</param>
    /// <param name="dataDirectory">Where the default database lies; made if it is missing and needed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of migrations and of waiting for the database.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreConfigurationException">The settings, the rights or the version do not fit.</exception>
    /// <exception cref="StoreUnavailableException">The directory is read-only, the disk full, or the server not there in time.</exception>
    public static Task<SqlResourceStore> OpenAsync(
        StorageOptions options, string dataDirectory, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        DatabaseSetting.Parse(options.Database, dataDirectory) switch
        {
            DatabaseSetting.Sqlite sqlite => OpenFileAsync(sqlite, options, time, logger, cancellationToken),
            DatabaseSetting.Postgres postgres => OpenServerAsync(postgres, options, time, logger, cancellationToken),
            var other => throw new InvalidOperationException($"No store for {other.GetType().Name}."),
        };

    private static async Task<SqlResourceStore> OpenFileAsync(
        DatabaseSetting.Sqlite setting, StorageOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        SqliteFile.Prepare(setting.Path);
        var source = new SqliteDataSource(setting.ConnectionString);
        try
        {
            return await OpenAsync(source, new SqliteDialect(setting.Path), options, time, logger, cancellationToken);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static async Task<SqlResourceStore> OpenServerAsync(
        DatabaseSetting.Postgres setting, StorageOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        NpgsqlDataSource source;
        try
        {
            source = PostgresDataSource.Create(setting);
        }
        catch (ArgumentException e)
        {
            throw new StoreConfigurationException($"The setting 'database' does not work: {e.Message}", e);
        }

        try
        {
            return await WaitAndOpenAsync(source, new PostgresDialect(setting.Where), options, time, logger, cancellationToken);
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    private static async Task<SqlResourceStore> WaitAndOpenAsync(
        DbDataSource source, SqlDialect dialect, StorageOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await OpenAsync(source, dialect, options, time, logger, cancellationToken);
            }
            catch (StoreUnavailableException e) when (time.GetElapsedTime(start) < options.StartupTimeout)
            {
                LogWaiting(logger, e.Message, options.StartupTimeout - time.GetElapsedTime(start));
            }
            await Task.Delay(RetryInterval, time, cancellationToken);
        }
    }

    private static async Task<SqlResourceStore> OpenAsync(
        DbDataSource source, SqlDialect dialect, StorageOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var end = new Quietly(connection);
            foreach (var number in await Migrator.RunAsync(connection, dialect, time, cancellationToken))
                LogMigrated(logger, number);
        }
        catch (Exception e) when (dialect.AsConfiguration(e) is { } wrong)
        {
            throw wrong;
        }
        catch (Exception e) when (dialect.AsUnavailable(e) is { } unavailable)
        {
            throw unavailable;
        }
        return new SqlResourceStore(source, dialect, options, time);
    }

    [LoggerMessage(EventName = "StoreWaiting", Level = LogLevel.Warning, Message = "{Problem} Trying again for another {Remaining}.")]
    private static partial void LogWaiting(ILogger logger, string problem, TimeSpan remaining);

    [LoggerMessage(EventName = "StoreMigrated", Level = LogLevel.Information, Message = "The database was brought to schema {Number}.")]
    private static partial void LogMigrated(ILogger logger, long number);
}
