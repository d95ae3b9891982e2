using System.Data.Common;
using Npgsql;

namespace Odin.Storage;

/// <summary>
/// Leases in the tables <c>servers</c> and <c>leases</c>. Each member is one statement, so that no program that is stopped in the
/// middle of it can hold a lock.
/// </summary>
internal sealed class PostgresLeases(SqlReader sql) : ILeaseStore
{
    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    /// <summary>
    /// Yields a row if the lease <c>$1</c> has the number <c>$2</c> and its owner lives, and keeps it from being handed on
    /// until the transaction ends.
    /// </summary>
    public const string Check =
        $"SELECT 1 FROM leases l WHERE l.name = $1 AND l.token = $2 AND EXISTS (SELECT 1 FROM servers s WHERE s.id = l.owner AND s.expires > {Now}) "
        + "FOR KEY SHARE OF l";

    // Also the place to tidy up: what is left of servers that died a while ago.
    private const string Join =
        $"WITH gone AS (DELETE FROM servers WHERE id = $2 OR expires < {Now} - 60000000 RETURNING id), "
        + "left_over AS (DELETE FROM leases WHERE name IN (SELECT l.name FROM leases l WHERE l.owner = $2 "
        + $"OR NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = l.owner AND s.expires >= {Now} - 60000000) FOR UPDATE SKIP LOCKED)) "
        + $"INSERT INTO servers (id, expires) VALUES ($1, {Now} + $3) ON CONFLICT (id) DO UPDATE SET expires = EXCLUDED.expires RETURNING id";

    private const string Renew = $"UPDATE servers SET expires = {Now} + $2 WHERE id = $1 AND expires > {Now} RETURNING id";

    private const string Leave =
        "WITH gone AS (DELETE FROM servers WHERE id = $1), free AS (DELETE FROM leases WHERE owner = $1) SELECT pg_notify($2, $3)";

    // What others hold is left alone without a look at its lock; the order keeps two servers from waiting for each other.
    private const string Acquire =
        "INSERT INTO leases (name, owner, token) SELECT n, $1, nextval('lease_tokens') FROM unnest($2) AS n "
        + $"WHERE EXISTS (SELECT 1 FROM servers WHERE id = $1 AND expires > {Now}) AND NOT EXISTS (SELECT 1 FROM leases l "
        + $"JOIN servers s ON s.id = l.owner WHERE l.name = n AND l.owner <> $1 AND s.expires > {Now}) ORDER BY n COLLATE \"C\" "
        + "ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, token = EXCLUDED.token WHERE leases.owner = EXCLUDED.owner "
        + $"OR NOT EXISTS (SELECT 1 FROM servers s WHERE s.id = leases.owner AND s.expires > {Now}) RETURNING name, token";

    private const string Release =
        "DELETE FROM leases l USING unnest($1, $2) AS r(name, token) WHERE l.name = r.name AND l.token = r.token";

    private const string IsFree =
        "AND NOT EXISTS (SELECT 1 FROM leases l JOIN servers s ON s.id = l.owner "
        + $"WHERE l.name = r.kind || '/' || r.id AND s.expires > {Now})";

    public bool IsShared => true;

    public Task JoinAsync(string server, string? previous, TimeSpan duration, CancellationToken cancellationToken) =>
        RunAsync(Join, [server, previous ?? "", Microseconds(duration)], cancellationToken);

    public Task<bool> RenewAsync(string server, TimeSpan duration, CancellationToken cancellationToken) =>
        RunAsync(Renew, [server, Microseconds(duration)], cancellationToken);

    public Task LeaveAsync(string server, CancellationToken cancellationToken) =>
        RunAsync(Leave, [server, ChangeNotices.Channel, ChangeNotices.Resync], cancellationToken);

    public Task<IReadOnlyList<LeaseToken>> AcquireAsync(string server, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        sql.ReadAsync<IReadOnlyList<LeaseToken>>(
            command => Write(command, Acquire, [server, names.Distinct(StringComparer.Ordinal).ToArray()]),
            async reader =>
            {
                var acquired = new List<LeaseToken>(names.Count);
                while (await reader.ReadAsync(cancellationToken))
                    acquired.Add(new LeaseToken(reader.GetString(0), reader.GetInt64(1)));
                return acquired;
            },
            cancellationToken);

    public Task ReleaseAsync(IReadOnlyCollection<LeaseToken> tokens, CancellationToken cancellationToken) =>
        RunAsync(Release, [tokens.Select(t => t.Name).ToArray(), tokens.Select(t => t.Number).ToArray()], cancellationToken);

    public IAsyncEnumerable<string> ListFreeAsync(string kind, IReadOnlyCollection<string> phases, CancellationToken cancellationToken) =>
        sql.ListIdsAsync(kind, phases, IsFree, cancellationToken);

    /// <summary>True if the statement yielded a row.</summary>
    private Task<bool> RunAsync(string text, object[] values, CancellationToken cancellationToken) =>
        sql.ReadAsync(command => Write(command, text, values), reader => reader.ReadAsync(cancellationToken), cancellationToken);

    private static void Write(DbCommand command, string text, object[] values)
    {
        command.CommandText = text;
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
    }

    private static long Microseconds(TimeSpan duration) => (long)duration.TotalMicroseconds;
}
