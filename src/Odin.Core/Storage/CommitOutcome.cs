using System.Data;
using System.Data.Common;

namespace Odin.Storage;

/// <summary>
/// Finds out what became of a transaction whose connection was lost after its commit was asked for. The database itself
/// is asked by the number of the transaction: what the rows hold now proves nothing, because another server may have
/// changed them since, or the commit may still be under way.
/// </summary>
internal sealed class CommitOutcome(DbDataSource source, SqlDialect dialect, TimeProvider time)
{
    // All other writes wait for the answer, so it is not waited for as long as a database may be away.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>True: it took place; false: it did not, and never will; null: there was no telling in time.</summary>
    /// <param name="number">Of the transaction; null if the database gives none.</param>
    public async Task<bool?> FindAsync(long? number)
    {
        if (number is not { } known || dialect.TransactionOutcome is not { } question)
            return null;
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) < Patience; await Task.Delay(Pause, time, CancellationToken.None))
        {
            try
            {
                switch (await AskAsync(question, known))
                {
                    case "committed":
                        return true;
                    case "aborted":
                        return false;
                    case null:
                        return null;
                }
            }
            catch (Exception e) when (dialect.AsUnavailable(e) is not null)
            {
                // It is not back yet.
            }
            catch (DbException)
            {
                // It knows no such transaction: another database stands there now.
                return null;
            }
        }
        return null;
    }

    private async Task<string?> AskAsync(string question, long number)
    {
        await using var connection = await source.OpenConnectionAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = question;
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.Int64, number);
        return await command.ExecuteScalarAsync(CancellationToken.None) as string;
    }
}
