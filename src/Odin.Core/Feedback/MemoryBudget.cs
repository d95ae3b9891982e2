namespace Odin.Feedback;

/// <summary>Counts bytes up to a bound. Safe for use by many at once.</summary>
internal sealed class MemoryBudget(long bound)
{
    private long used;

    public long Used => Volatile.Read(ref used);

    /// <summary>Takes so many bytes if they fit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref used, bytes) <= bound)
            return true;
        Interlocked.Add(ref used, -bytes);
        return false;
    }

    /// <summary>Takes or, below zero, gives back, also beyond the bound: what is there already is there.</summary>
    public void Add(long bytes) => Interlocked.Add(ref used, bytes);
}
