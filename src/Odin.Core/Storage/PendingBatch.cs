namespace Odin.Storage;

/// <summary>A caller's batch on its way through the <see cref="GroupCommitWriter"/>.</summary>
internal sealed class PendingBatch(IReadOnlyList<PendingWrite> writes, LeaseToken? lease)
{
    private const int Queued = 0, Taken = 1, Withdrawn = 2;

    // Callers go on elsewhere: the writer must not run their code.
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int state = Queued;

    public IReadOnlyList<PendingWrite> Writes { get; } = writes;

    /// <summary>What must be good for it; null: nothing.</summary>
    public LeaseToken? Lease { get; } = lease;

    /// <summary>Bytes of all documents.</summary>
    public long Size { get; } = writes.Sum(w => (long)(w.Document?.Length ?? 0));

    /// <summary>Ends when the batch is durable, refused or withdrawn.</summary>
    public Task Completion => completion.Task;

    /// <summary>Why the batch was refused; null if it was carried out.</summary>
    public Exception? Failure { get; set; }

    /// <summary>True if the batch is the writer's now; false if its caller has withdrawn it.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, Taken, Queued) == Queued;

    /// <summary>Takes the batch back if the writer does not have it yet.</summary>
    public void Withdraw(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref state, Withdrawn, Queued) == Queued)
            completion.TrySetCanceled(cancellationToken);
    }

    /// <summary>Forgets what an attempt that was rolled back has found out.</summary>
    public void Reset()
    {
        Failure = null;
        foreach (var write in Writes)
            (write.Applied, write.StoredParent) = (false, null);
    }

    /// <summary>Lets the caller go on, with <see cref="Failure"/> if there is one.</summary>
    public void Complete()
    {
        if (Failure is null)
            completion.TrySetResult();
        else
            completion.TrySetException(Failure);
    }
}
