using System.Data.Common;
using System.Threading.Channels;

namespace Odin.Storage;

/// <summary>
/// Through here goes every write. One loop takes all batches that wait, carries them out in one transaction and waits for
/// the disk once for all of them; then their callers go on, and then watchers hear of it, in the order of commits.
/// </summary>
/// <remarks>
/// A refused batch harms no other one. A database that fails makes the batches of that moment fail; the loop itself goes
/// on and opens another connection for the next ones.
/// </remarks>
internal sealed class GroupCommitWriter : IAsyncDisposable
{
    // Enough to share one wait for the disk among many, and little enough that the first caller need not wait long.
    private const int MaxGroupWrites = 2_000, MaxGroupBytes = 8 * 1024 * 1024;

    private const int QueueLength = 10_000, MaxAttempts = 4;

    private readonly DbDataSource source;
    private readonly SqlDialect dialect;
    private readonly ChangeFeed feed;
    private readonly CommitOutcome outcome;
    private readonly Channel<PendingBatch> queue = Channel.CreateBounded<PendingBatch>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Task loop;
    private WriteConnection? connection;

    public GroupCommitWriter(DbDataSource source, SqlDialect dialect, ChangeFeed feed, TimeProvider time)
    {
        (this.source, this.dialect, this.feed) = (source, dialect, feed);
        outcome = new CommitOutcome(source, dialect, time);
        loop = RunAsync();
    }

    /// <summary>Ends when the batch is durable. Cancelling withdraws a batch that still waits; one in work is carried out.</summary>
    public async Task ApplyAsync(ResourceBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Documents are written here, by the callers side by side, and not by the loop, one after the other.
        var pending = new PendingBatch([.. batch.Writes.Select(w => new PendingWrite(w))]);
        if (pending.Writes.Count == 0)
            return;
        try
        {
            await queue.Writer.WriteAsync(pending, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqlResourceStore));
        }
        await using var withdrawal = cancellationToken.UnsafeRegister(
            static (state, token) => ((PendingBatch)state!).Withdraw(token), pending);
        await pending.Completion;
    }

    /// <summary>Carries out what waits and then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        await DropConnectionAsync();
    }

    private async Task RunAsync()
    {
        while (await queue.Reader.WaitToReadAsync())
        {
            var group = TakeGroup();
            if (group.Count > 0)
                await CommitAsync(group);
        }
    }

    private List<PendingBatch> TakeGroup()
    {
        var (group, writes, bytes) = (new List<PendingBatch>(), 0, 0L);
        while (writes < MaxGroupWrites && bytes < MaxGroupBytes && queue.Reader.TryRead(out var batch))
        {
            if (!batch.TryTake())
                continue;
            group.Add(batch);
            writes += batch.Writes.Count;
            bytes += batch.Size;
        }
        return group;
    }

    private async Task CommitAsync(List<PendingBatch> group)
    {
        for (var attempt = 1; ; attempt++)
        {
            var stale = connection is not null;
            var transaction = new GroupTransaction(group);
            try
            {
                connection ??= new WriteConnection(await source.OpenConnectionAsync(CancellationToken.None), dialect);
                await transaction.RunAsync(connection);
                Finish(group);
                return;
            }
            catch (Exception e)
            {
                await DropConnectionAsync();
                if (transaction.IsInDoubt && await outcome.FindAsync(transaction.Number) is not false and var happened)
                {
                    Settle(group, happened, e);
                    return;
                }
                // Nothing has been committed: a connection that had died in its idle time or at its commit, or a collision,
                // is tried anew.
                var unavailable = dialect.AsUnavailable(e);
                if (attempt < MaxAttempts && (dialect.IsCollision(e) || (unavailable is not null && (stale || transaction.IsInDoubt))))
                    continue;
                if (unavailable is not null || group.Count == 1)
                {
                    Fail(group, unavailable ?? e);
                    return;
                }
            }
            // One of them cannot be stored at all; the others must not suffer from it.
            foreach (var batch in group)
                await CommitAsync([batch]);
            return;
        }
    }

    private void Settle(List<PendingBatch> group, bool? happened, Exception error)
    {
        if (happened is true)
        {
            Finish(group);
            return;
        }
        // Watchers must look for themselves whether the commit took place.
        Fail(group, dialect.AsUnavailable(error) ?? new StoreUnavailableException($"The commit failed: {error.Message}", error));
        feed.PublishResync();
    }

    private void Finish(List<PendingBatch> group)
    {
        foreach (var batch in group)
            batch.Complete();
        foreach (var write in group.Where(b => b.Failure is null).SelectMany(b => b.Writes).Where(w => w.Applied))
            feed.Publish(write.Kind, write.Change);
    }

    private static void Fail(List<PendingBatch> group, Exception error)
    {
        foreach (var batch in group)
        {
            batch.Failure = error;
            batch.Complete();
        }
    }

    private async Task DropConnectionAsync()
    {
        var dropped = connection;
        connection = null;
        if (dropped is not null)
            await new Quietly(dropped).DisposeAsync();
    }
}
