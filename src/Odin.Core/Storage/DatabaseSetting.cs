using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Odin.Storage;

/// <summary>What <see cref="StorageOptions.Database"/> means.</summary>
internal abstract record DatabaseSetting
{
    private DatabaseSetting()
    {
    }

    /// <param name="Path">The file, absolute.</param>
    public sealed record Sqlite(string Path, string ConnectionString) : DatabaseSetting
    {
        public override string ToString() => Path;
    }

    /// <param name="Where">Host, port and database, without secrets.</param>
    public sealed record Postgres(string Where, string ConnectionString) : DatabaseSetting
    {
        public override string ToString() => Where;
    }

    /// <summary>Reads the setting; the default is <c>odin.db</c> in the data directory.</summary>
    /// <exception cref="StoreConfigurationException">It is none of the forms. The message has no part of it: it may hold a password.</exception>
    public static DatabaseSetting Parse(string? text, string dataDirectory)
    {
        if (string.IsNullOrWhiteSpace(text))
            return OfFile(new SqliteConnectionStringBuilder { DataSource = Path.Combine(dataDirectory, "odin.db") });
        try
        {
            if (text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase))
                return OfServer(PostgresUri.Parse(text));
            var words = new DbConnectionStringBuilder { ConnectionString = text };
            if (words.ContainsKey("Host") || words.ContainsKey("Server"))
                return OfServer(new NpgsqlConnectionStringBuilder(text));
            if (words.ContainsKey("Data Source") || words.ContainsKey("DataSource") || words.ContainsKey("Filename"))
                return OfFile(new SqliteConnectionStringBuilder(text));
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException or OverflowException)
        {
            // The driver's sentence names the option that it does not know, and never its value.
            throw Malformed(e is ArgumentException ? $" ({e.Message})" : "");
        }
        throw Malformed("");
    }

    private static Sqlite OfFile(SqliteConnectionStringBuilder builder)
    {
        if (builder.Mode == SqliteOpenMode.Memory || builder.DataSource is "" or ":memory:" || builder.DataSource.StartsWith("file:", StringComparison.Ordinal))
            throw new StoreConfigurationException("The setting 'database' must name a file for SQLite: Data Source=/path/to/odin.db");
        builder.DataSource = Path.GetFullPath(builder.DataSource);
        if (builder.DefaultTimeout == 30)
            builder.DefaultTimeout = 10;
        return new Sqlite(builder.DataSource, builder.ConnectionString);
    }

    private static Postgres OfServer(NpgsqlConnectionStringBuilder builder)
    {
        builder.ApplicationName ??= "odin";
        // Statements that come again and again are planned once.
        if (builder.MaxAutoPrepare == 0)
            builder.MaxAutoPrepare = 32;
        // The driver's default is all that a server with its own default accepts from everybody together.
        if (builder.MaxPoolSize == 100)
            builder.MaxPoolSize = 20;
        // We change nothing in a session but what PostgresDataSource sets, and that is to stay.
        builder.NoResetOnClose = true;
        var where = string.Create(CultureInfo.InvariantCulture, $"{builder.Host}:{builder.Port}, database '{builder.Database ?? builder.Username}'");
        return new Postgres(where, builder.ConnectionString);
    }

    private static StoreConfigurationException Malformed(string detail) => new(
        "The setting 'database' cannot be read" + detail
        + ". Use 'Data Source=FILE' for SQLite, or 'Host=HOST;Database=NAME;Username=USER;Password=PASSWORD' "
        + "or 'postgresql://USER:PASSWORD@HOST:PORT/NAME' for PostgreSQL.");
}
