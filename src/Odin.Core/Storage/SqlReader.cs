using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Odin.Storage;

/// <summary>Runs single statements, each on a connection of the pool.</summary>
internal sealed class SqlReader(DbDataSource source, SqlDialect dialect)
{
    private const int IdsOnPage = 1_000;

    /// <summary>Runs a statement that may be repeated: one attempt may find a connection that has died.</summary>
    /// <exception cref="StoreUnavailableException">The database could not be asked.</exception>
    public async Task<TResult> ReadAsync<TResult>(
        Action<DbCommand> write, Func<DbDataReader, Task<TResult>> read, CancellationToken cancellationToken)
    {
        for (var isLastAttempt = false; ; isLastAttempt = true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                await using var command = connection.CreateCommand();
                write(command);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await read(reader);
            }
            catch (Exception e) when (dialect.AsUnavailable(e) is { } unavailable)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A pooled connection may have died since it was last used; a second one is fresh.
                if (isLastAttempt)
                    throw unavailable;
            }
        }
    }

    /// <summary>The ids of a kind in one of these phases, oldest first, page by page.</summary>
    /// <param name="condition">A further condition on <c>r</c>, where <c>$1</c> is the kind; empty: none.</param>
    public async IAsyncEnumerable<string> ListIdsAsync(
        string kind, IReadOnlyCollection<string> phases, string condition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = new SortKey(long.MinValue, "");
        List<SortKey> page;
        do
        {
            page = await ReadAsync(command => WriteListIds(command, kind, phases, condition, last), ReadKeysAsync, cancellationToken);
            foreach (var key in page)
                yield return key.Id;
            if (page.Count > 0)
                last = page[^1];
        }
        while (page.Count == IdsOnPage);

        async Task<List<SortKey>> ReadKeysAsync(DbDataReader reader)
        {
            var keys = new List<SortKey>();
            while (await reader.ReadAsync(cancellationToken))
                keys.Add(new SortKey(reader.GetInt64(0), reader.GetString(1)));
            return keys;
        }
    }

    private void WriteListIds(DbCommand command, string kind, IReadOnlyCollection<string> phases, string condition, SortKey last)
    {
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, kind);
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.Int64, last.Created);
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, last.Id);
        var text = new StringBuilder("SELECT r.created, r.id FROM resources r WHERE r.kind = $1 AND (r.created, r.id) > ($2, $3) AND r.phase IN (");
        foreach (var phase in phases)
        {
            dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, phase);
            text.Append(CultureInfo.InvariantCulture, $"{(command.Parameters.Count > 4 ? "," : "")}${command.Parameters.Count}");
        }
        command.CommandText = text.Append(CultureInfo.InvariantCulture, $") {condition} ORDER BY r.created, r.id LIMIT {IdsOnPage}").ToString();
    }
}
