namespace Odin.Reconciliation;

/// <summary>Whether an id is waiting for a pass, in one, or both; and its next wake by the clock.</summary>
internal sealed class KeyState : IDisposable
{
    private readonly Lock gate = new();
    // Timers cannot be set for longer than 49 days; an early look at things does no harm.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    private bool queued, running, dirty, retired;
    private ITimer? timer;

    /// <summary>Passes that failed since the last one that did not.</summary>
    public int Failures { get; set; }

    /// <summary>What <see cref="MarkDirty"/> asks of its caller.</summary>
    public enum Marked
    {
        /// <summary>Nothing: a pass is coming anyway.</summary>
        Waiting,

        /// <summary>Put the id into the queue.</summary>
        MustQueue,

        /// <summary>This state is out of use; take the one that has replaced it.</summary>
        Retired,
    }

    public Marked MarkDirty()
    {
        lock (gate)
        {
            if (retired)
                return Marked.Retired;
            if (running)
            {
                dirty = true;
                return Marked.Waiting;
            }
            if (queued)
                return Marked.Waiting;
            queued = true;
            return Marked.MustQueue;
        }
    }

    public void BeginPass()
    {
        lock (gate)
        {
            (queued, running, dirty) = (false, true, false);
            timer?.Dispose();
            timer = null;
        }
    }

    /// <summary>True: something happened during the pass and the caller must put the id into the queue again.</summary>
    public bool EndPass()
    {
        lock (gate)
        {
            (running, queued) = (false, dirty);
            dirty = false;
            return queued;
        }
    }

    public void Schedule(TimeProvider time, TimeSpan delay, Action wake)
    {
        lock (gate)
        {
            timer?.Dispose();
            timer = time.CreateTimer(static state => ((Action)state!)(), wake, delay < LongestDelay ? delay : LongestDelay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Takes the state out of use if nothing is pending.</summary>
    public bool TryRetire()
    {
        lock (gate)
            return retired = retired || (!queued && !running && timer is null);
    }

    public void Dispose()
    {
        lock (gate)
        {
            timer?.Dispose();
            timer = null;
        }
    }
}
