namespace Odin.Deployments;

/// <summary>
/// What is asked of one deployment right now, as the gateway of this process sees it. In memory alone: it is the present, and
/// after a restart there is another one.
/// </summary>
public sealed class DeploymentLoad
{
    private const int Seconds = 32, RecentSeconds = 2;

    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Action wake;
    private readonly double[] sums = new double[Seconds];
    private readonly Dictionary<string, int> replicas = new(StringComparer.Ordinal);
    private readonly long origin;
    private long last;
    private long? active;
    private int running, waiting;

    internal DeploymentLoad(TimeProvider time, Action wake)
    {
        (this.time, this.wake) = (time, wake);
        origin = last = time.GetTimestamp();
    }

    /// <summary>A request has come. Each is followed by one <see cref="Leave"/>.</summary>
    public void Arrive() => Change(1, 0);

    /// <summary>A request has been answered or given up.</summary>
    public void Leave() => Change(-1, 0);

    /// <summary>A request that has come finds no replica; the deployment is looked at right now.</summary>
    public void Wait()
    {
        Change(0, 1);
        wake();
    }

    /// <summary>A request that waited does so no more.</summary>
    public void EndWait() => Change(0, -1);

    /// <summary>A replica gets a request.</summary>
    public void Enter(string replica)
    {
        lock (gate)
            replicas[replica] = replicas.GetValueOrDefault(replica) + 1;
    }

    /// <summary>A replica has one request less.</summary>
    public void Exit(string replica)
    {
        bool isLast;
        lock (gate)
        {
            var left = replicas.GetValueOrDefault(replica) - 1;
            isLast = left <= 0;
            if (isLast)
                replicas.Remove(replica);
            else
                replicas[replica] = left;
        }
        if (isLast && HasDrain)
            wake();
    }

    /// <summary>Requests that a replica has at this moment.</summary>
    public int RequestsOf(string replica)
    {
        lock (gate)
            return replicas.GetValueOrDefault(replica);
    }

    /// <summary>Whether somebody waits for a replica to be without requests.</summary>
    internal bool HasDrain { get; set; }

    /// <summary>Something else than a request has made it busy: a new revision.</summary>
    internal void Touch()
    {
        lock (gate)
            active = time.GetTimestamp();
    }

    internal ObservedLoad Observe()
    {
        lock (gate)
        {
            Advance();
            var second = SecondOf(last);
            var now = 0.0;
            var highest = 0.0;
            for (var back = 1; back < Seconds && second - back >= 0; back++)
            {
                var average = sums[(second - back) % Seconds];
                highest = Math.Max(highest, average);
                if (back <= RecentSeconds)
                    now += average / RecentSeconds;
            }
            TimeSpan? idle = running > 0 ? TimeSpan.Zero : active is { } since ? time.GetElapsedTime(since, last) : null;
            return new ObservedLoad(Math.Max(now, Math.Min(running, 1)), Math.Max(highest, now), waiting, idle);
        }
    }

    private void Change(int requests, int waits)
    {
        lock (gate)
        {
            Advance();
            running += requests;
            waiting += waits;
            active = last;
        }
    }

    // Adds what has run since the last change to the seconds that it has run in.
    private void Advance()
    {
        var now = time.GetTimestamp();
        var (from, to) = (SecondOf(last), SecondOf(now));
        if (to - from >= Seconds)
        {
            // Every second that is remembered was the same.
            Array.Fill(sums, running);
            sums[to % Seconds] = running * (time.GetElapsedTime(origin, now).TotalSeconds - to);
        }
        else
        {
            var start = time.GetElapsedTime(origin, last).TotalSeconds;
            var end = time.GetElapsedTime(origin, now).TotalSeconds;
            for (var second = from; second <= to; second++)
            {
                if (second > from)
                    sums[second % Seconds] = 0;
                sums[second % Seconds] += running * (Math.Min(end, second + 1) - Math.Max(start, second));
            }
        }
        last = now;
    }

    private long SecondOf(long timestamp) => (long)time.GetElapsedTime(origin, timestamp).TotalSeconds;
}
