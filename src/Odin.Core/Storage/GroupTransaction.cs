using System.Data.Common;

namespace Odin.Storage;

/// <summary>
/// One attempt to carry out a group of batches in one transaction. It hopes first: all writes go to the database together.
/// A refused batch of one write has changed nothing and needs no more. When a longer batch is refused, what it has done
/// already must go, so the group is rolled back and repeated with a savepoint for each batch.
/// </summary>
internal sealed class GroupTransaction(IReadOnlyList<PendingBatch> group)
{
    private const string Savepoint = "batch";

    /// <summary>True from the moment the commit was asked for until it was confirmed.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>By which the outcome of the commit can be asked for; null: it cannot.</summary>
    public long? Number { get; private set; }

    public async Task RunAsync(WriteConnection connection)
    {
        if (!await TryTogetherAsync(connection))
            await OneByOneAsync(connection);
    }

    private async Task<bool> TryTogetherAsync(WriteConnection connection)
    {
        Reset();
        var transaction = await connection.BeginAsync();
        await using var end = new Quietly(transaction);
        await connection.ExecuteAsync(transaction, [.. group.SelectMany(b => b.Writes)]);
        var refused = group.Where(b => b.Writes.Any(w => w.IsRefused)).ToList();
        if (refused.Any(b => b.Writes.Count > 1))
        {
            await transaction.RollbackAsync(CancellationToken.None);
            return false;
        }
        foreach (var batch in refused)
            batch.Failure = await FailureAsync(connection, transaction, batch.Writes[0]);
        await CommitAsync(connection, transaction);
        return true;
    }

    private async Task OneByOneAsync(WriteConnection connection)
    {
        Reset();
        var transaction = await connection.BeginAsync();
        await using var end = new Quietly(transaction);
        foreach (var batch in group)
        {
            await transaction.SaveAsync(Savepoint, CancellationToken.None);
            await connection.ExecuteAsync(transaction, batch.Writes);
            if (batch.Writes.FirstOrDefault(w => w.IsRefused) is { } refused)
            {
                batch.Failure = await FailureAsync(connection, transaction, refused);
                await transaction.RollbackAsync(Savepoint, CancellationToken.None);
            }
            await transaction.ReleaseAsync(Savepoint, CancellationToken.None);
        }
        await CommitAsync(connection, transaction);
    }

    private async Task CommitAsync(WriteConnection connection, DbTransaction transaction)
    {
        Number = connection.TransactionNumber;
        // Nothing was changed, so nothing can be in doubt.
        IsInDoubt = group.Any(b => b.Failure is null);
        await transaction.CommitAsync(CancellationToken.None);
        IsInDoubt = false;
    }

    private static async Task<Exception> FailureAsync(WriteConnection connection, DbTransaction transaction, PendingWrite write) =>
        write.Failure(exists: await connection.ExistsAsync(transaction, write));

    private void Reset()
    {
        foreach (var batch in group)
            batch.Reset();
    }
}
