using Npgsql;

namespace Odin.Storage;

/// <summary>Opens connections to PostgreSQL, from the driver's pool.</summary>
internal static class PostgresDataSource
{
    // Each list has an index that yields its page in order. After many writes the statistics are out of date for up to a
    // minute; a planner that takes a filter for rare then collects and sorts all it lets through: 130 ms instead of 1.
    private const string Settings = "SET enable_bitmapscan = off";

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
