using System.Data;
using System.Data.Common;

namespace Odin.Storage;

/// <summary>
/// The one connection that writes, with its statements. Each statement answers with the parent of the row that it
/// changed, or with nothing; none of them can violate a constraint, so a refused write leaves the transaction whole.
/// </summary>
internal sealed class WriteConnection(DbConnection connection, SqlDialect dialect) : IAsyncDisposable
{
    private const string Insert =
        "INSERT INTO resources (kind, id, parent, phase, created, updated, version, generation, document) "
        + "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (kind, id) DO NOTHING RETURNING parent";

    private const string Update =
        "UPDATE resources SET phase = $3, updated = $4, version = $5, generation = $6, document = $7 "
        + "WHERE kind = $1 AND id = $2 AND version = $8 RETURNING parent";

    private const string Delete = "DELETE FROM resources WHERE kind = $1 AND id = $2 RETURNING parent";

    // A driver that sends command by command keeps what it has prepared; one that sends batches does that by itself.
    private readonly Dictionary<string, DbCommand> prepared = new(StringComparer.Ordinal);

    /// <summary>The number of the transaction of the last writes, by which its outcome can be asked for; null: none is given.</summary>
    public long? TransactionNumber { get; private set; }

    public ValueTask<DbTransaction> BeginAsync()
    {
        TransactionNumber = null;
        return connection.BeginTransactionAsync(CancellationToken.None);
    }

    /// <summary>Carries out the writes in order, in as few round trips as the driver can, and notes what became of each.</summary>
    public async Task ExecuteAsync(DbTransaction transaction, IReadOnlyList<PendingWrite> writes)
    {
        if (writes.Count == 0)
            return;
        if (connection.CanCreateBatch)
        {
            await ExecuteBatchAsync(transaction, writes);
            return;
        }
        foreach (var write in writes)
        {
            var command = Prepared(transaction, write);
            await using var reader = await command.ExecuteReaderAsync(CancellationToken.None);
            await NoteAsync(reader, write);
        }
    }

    public async Task<bool> ExistsAsync(DbTransaction transaction, PendingWrite write)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT 1 FROM resources WHERE kind = $1 AND id = $2";
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, write.Kind);
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, write.Id);
        return await command.ExecuteScalarAsync(CancellationToken.None) is not null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in prepared.Values)
            await command.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task ExecuteBatchAsync(DbTransaction transaction, IReadOnlyList<PendingWrite> writes)
    {
        await using var batch = connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var write in writes)
        {
            var command = batch.CreateBatchCommand();
            var (sql, parameters) = Statement(write);
            command.CommandText = sql;
            foreach (var (type, value) in parameters)
                dialect.AddParameter(command.Parameters, command.CreateParameter(), type, value);
            batch.BatchCommands.Add(command);
        }
        if (dialect.TransactionNumber is { } question)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = question;
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        foreach (var write in writes)
        {
            await NoteAsync(reader, write);
            await reader.NextResultAsync(CancellationToken.None);
        }
        if (dialect.TransactionNumber is not null && await reader.ReadAsync(CancellationToken.None) && !await reader.IsDBNullAsync(0, CancellationToken.None))
            TransactionNumber = reader.GetInt64(0);
    }

    private DbCommand Prepared(DbTransaction transaction, PendingWrite write)
    {
        var (sql, parameters) = Statement(write);
        if (!prepared.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (type, _) in parameters)
                dialect.AddParameter(command.Parameters, command.CreateParameter(), type, null);
            prepared.Add(sql, command);
        }
        command.Transaction = transaction;
        for (var i = 0; i < parameters.Length; i++)
            command.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
        return command;
    }

    private static async Task NoteAsync(DbDataReader reader, PendingWrite write)
    {
        write.Applied = await reader.ReadAsync(CancellationToken.None);
        write.StoredParent = write.Applied && !reader.IsDBNull(0) ? reader.GetString(0) : null;
    }

    private static (string Sql, (DbType Type, object? Value)[] Parameters) Statement(PendingWrite pending)
    {
        var (write, metadata) = (pending.Write, pending.Write.Metadata);
        (DbType, object?) kind = (DbType.String, write.Kind), id = (DbType.String, write.Id);
        if (metadata is null)
            return (Delete, [kind, id]);
        (DbType, object?) phase = (DbType.String, write.Phase), updated = (DbType.Int64, SortKey.Microseconds(metadata.Updated));
        (DbType, object?) version = (DbType.String, metadata.Version), generation = (DbType.Int64, metadata.Generation);
        (DbType, object?) document = (DbType.Binary, pending.Document);
        return write.WriteKind == WriteKind.Create
            ? (Insert, [kind, id, (DbType.String, write.Parent), phase, (DbType.Int64, SortKey.Microseconds(metadata.Created)),
                updated, version, generation, document])
            : (Update, [kind, id, phase, updated, version, generation, document, (DbType.String, write.ExpectedVersion)]);
    }
}
