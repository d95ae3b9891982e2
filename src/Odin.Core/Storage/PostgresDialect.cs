using System.Net.Sockets;
using Npgsql;

namespace Odin.Storage;

/// <summary>PostgreSQL, as far as it differs.</summary>
/// <param name="where">Host, port and database, for messages; never the password.</param>
internal sealed class PostgresDialect(string where) : SqlDialect
{
    public override string TextType => "TEXT COLLATE \"C\"";

    public override string BytesType => "BYTEA";

    // Kept, because computing it takes longer than the rest of the search.
    public override string FoldedId => ", lower(id)";

    // The number is the program's name in ASCII: an advisory lock is known by its number alone.
    public override string MigrationLock => "SELECT pg_advisory_xact_lock(1868851566)";

    public override string TransactionNumber => "SELECT txid_current_if_assigned()";

    public override string TransactionOutcome => "SELECT txid_status($1)";

    // Under the collation "C" lower() changes ASCII letters alone. The backslash is PostgreSQL's own escape.
    public override string IdMatches(string parameter) => $"lower(id) LIKE {parameter}";

    // Classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
    public override StoreUnavailableException? AsUnavailable(Exception error) => error switch
    {
        PostgresException { SqlState: "53100" } => Unavailable("has no room on its disk. Make room; writing then goes on by itself.", error, isOutOfSpace: true),
        PostgresException { SqlState: "53300" } => Unavailable("has too many connections. Raise its max_connections, or lower 'Maximum Pool Size'.", error),
        PostgresException { SqlState: "25006" } => Unavailable("is read-only, perhaps a standby. Name the primary in the setting 'database'.", error),
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "57P05" } => Unavailable("is starting up or shutting down.", error),
        PostgresException e when e.SqlState is "57014" or "55P03" or "40P01" or "40001" =>
            Unavailable("did not answer in time, because it is too busy.", error),
        PostgresException e when e.SqlState.StartsWith("08", StringComparison.Ordinal)
            || e.SqlState.StartsWith("53", StringComparison.Ordinal)
            || e.SqlState.StartsWith("58", StringComparison.Ordinal)
            || e.SqlState.StartsWith("28", StringComparison.Ordinal)
            || e.SqlState == "3D000" => Unavailable("refuses to work. See its log.", error),
        PostgresException => null,
        NpgsqlException or SocketException or IOException or TimeoutException =>
            Unavailable("cannot be reached. Start it, or correct the setting 'database'.", error),
        _ => null,
    };

    public override StoreConfigurationException? AsConfiguration(Exception error) => error switch
    {
        PostgresException { SqlState: "3D000" } => Configuration("does not have that database. Make it: createdb NAME.", error),
        PostgresException e when e.SqlState.StartsWith("28", StringComparison.Ordinal) =>
            Configuration("refuses the user or the password. Correct the setting 'database'.", error),
        PostgresException { SqlState: "42501" } => Configuration("does not let this user make tables. Grant CREATE on the schema.", error),
        _ => null,
    };

    public override bool IsCollision(Exception error) => error is PostgresException { SqlState: "40001" or "40P01" };

    // Npgsql takes parameters by position when they have no name.
    protected override string ParameterName(int number) => "";

    private StoreUnavailableException Unavailable(string what, Exception error, bool isOutOfSpace = false) =>
        new($"PostgreSQL at {where} {what} ({error.GetBaseException().Message})", error) { IsOutOfSpace = isOutOfSpace };

    private StoreConfigurationException Configuration(string what, Exception error) =>
        new($"PostgreSQL at {where} {what} ({error.GetBaseException().Message})", error);
}
