using Npgsql;

namespace Odin.Storage;

/// <summary>Opens connections to PostgreSQL, from the driver's pool.</summary>
internal static class PostgresDataSource
{
    // Each list has an index that yields its page in order. After many writes the statistics are out of date for up to a
    // minute; a planner that takes a filter for rare then collects and sorts all it lets through: 130 ms instead of 1.
    // A program that is stopped in the middle of a transaction must not hold its locks, on leases above all, for longer than
    // its leases live.
    private const string Settings = "SET enable_bitmapscan = off; SET idle_in_transaction_session_timeout = '5s'";

    /// <exception cref="ArgumentException">The connection string contradicts itself.</exception>
    public static NpgsqlDataSource Create(DatabaseSetting.Postgres setting) =>
        new NpgsqlDataSourceBuilder(setting.ConnectionString)
            .UsePhysicalConnectionInitializer(
                static connection =>
                {
                    using var command = new NpgsqlCommand(Settings, connection);
                    command.ExecuteNonQuery();
                },
                static async connection =>
                {
                    await using var command = new NpgsqlCommand(Settings, connection);
                    await command.ExecuteNonQueryAsync();
                })
            .Build();
}
