namespace Odin.Reconciliation;

/// <summary>Whether an id is waiting for a pass, in one, or both; and its next wake by the clock.</summary>
internal sealed class KeyState : IDisposable
{
    private readonly Lock gate = new();
    private bool queued, running, dirty;
    private ITimer? timer;

    /// <summary>Passes that failed since the last one that did not.</summary>
    public int Failures { get; set; }

    /// <summary>True: the caller must put the id into the queue.</summary>
    public bool MarkDirty()
    {
        lock (gate)
        {
            if (running)
            {
                dirty = true;
                return false;
            }
            if (queued)
                return false;
            return queued = true;
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
            timer = time.CreateTimer(static state => ((Action)state!)(), wake, delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>True if nothing is pending.</summary>
    public bool TryRetire()
    {
        lock (gate)
            return !queued && !running && timer is null;
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
