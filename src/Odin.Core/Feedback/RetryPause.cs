using Odin.Reconciliation;

namespace Odin.Feedback;

/// <summary>Says whether it is time to try again: after 1 s, 2 s, 4 s, … at most half a minute.</summary>
internal sealed class RetryPause(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromSeconds(30);

    private DateTimeOffset until = DateTimeOffset.MinValue;

    /// <summary>Attempts that have failed since the last one that succeeded.</summary>
    public int Failures { get; private set; }

    public bool IsOver => time.GetUtcNow() >= until;

    public void Succeeded() => (Failures, until) = (0, DateTimeOffset.MinValue);

    public void Failed() => until = time.GetUtcNow() + Backoff.Exponential(First, Longest, Failures++);
}
