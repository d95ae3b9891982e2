namespace Odin.Server.Auth;

/// <summary>
/// Slows down guessing. After five failures of one user name from one address, each further one doubles the wait, up to
/// 15 minutes; an address that fails with many names is slowed down as a whole. Success clears the name. It is kept in
/// memory on purpose: a restart forgives, a database would be another thing to flood.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time) : IDisposable
{
    internal const int FreeFailuresOfUser = 5, FreeFailuresOfAddress = 50, MaxEntries = 10_000;

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15), Memory = TimeSpan.FromHours(1);

    // Few passwords are checked at a time: each costs a good part of a second of a core, and guesses that are made
    // at once must not all pass before the first of them has failed.
    private readonly SemaphoreSlim turns = new(2);
    private readonly Lock gate = new();
    private readonly Dictionary<(string? User, string Address), Entry> entries = [];

    /// <summary>Waits for a turn to check a password; the turn ends when the result is disposed.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken);
        return new Turn(turns);
    }

    public void Dispose() => turns.Dispose();

    /// <summary>How long the caller has to wait before the next attempt; null: go on.</summary>
    public TimeSpan? WaitFor(string user, string address)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            var until = Max(BlockedUntil((user, address)), BlockedUntil((null, address)));
            return until > now ? until - now : null;
        }
    }

    public void Failed(string user, string address)
    {
        lock (gate)
        {
            Count((user, address), FreeFailuresOfUser);
            Count((null, address), FreeFailuresOfAddress);
        }
    }

    public void Succeeded(string user, string address)
    {
        lock (gate)
            entries.Remove((user, address));
    }

    private void Count((string?, string) key, int free)
    {
        var now = time.GetUtcNow();
        if (entries.Count >= MaxEntries && !entries.ContainsKey(key))
            MakeRoom(now);
        var failures = entries.TryGetValue(key, out var entry) && now - entry.Last < Memory ? entry.Failures + 1 : 1;
        var wait = failures < free
            ? TimeSpan.Zero
            : TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Pow(2, Math.Min(failures - free, 20))));
        entries[key] = new Entry(failures, now, now + wait);
    }

    private DateTimeOffset BlockedUntil((string?, string) key) =>
        entries.TryGetValue(key, out var entry) ? entry.BlockedUntil : DateTimeOffset.MinValue;

    private void MakeRoom(DateTimeOffset now)
    {
        foreach (var (key, entry) in entries)
        {
            if (now - entry.Last >= Memory)
                entries.Remove(key);
        }
        // All are fresh: forget the quarter that fails least, so that a flood of names cannot free the one under attack.
        if (entries.Count < MaxEntries)
            return;
        foreach (var (key, _) in entries.OrderBy(e => e.Value.Failures).ThenBy(e => e.Value.Last).Take(MaxEntries / 4).ToList())
            entries.Remove(key);
    }

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }

    private readonly record struct Entry(int Failures, DateTimeOffset Last, DateTimeOffset BlockedUntil);
}
