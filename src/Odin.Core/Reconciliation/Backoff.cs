namespace Odin.Reconciliation;

/// <summary>Delays between attempts: doubling, bounded, with jitter so that many waiters do not come back together.</summary>
public static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromSeconds(2);

    /// <summary>0.1 s, 0.2 s, … at most 2 s, plus up to a quarter. Short, because what is waited for is our own database.</summary>
    public static TimeSpan Delay(int failures) => Exponential(First, Longest, failures) * (1 + (Random.Shared.NextDouble() / 4));

    /// <summary><paramref name="first"/> times two to the power of <paramref name="failures"/>, at most <paramref name="longest"/>.</summary>
    public static TimeSpan Exponential(TimeSpan first, TimeSpan longest, int failures)
    {
        var ticks = first.Ticks * Math.Pow(2, Math.Min(failures, 60));
        return ticks >= longest.Ticks ? longest : TimeSpan.FromTicks((long)ticks);
    }
}
