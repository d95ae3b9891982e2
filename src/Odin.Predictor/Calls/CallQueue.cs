using Odin.Predictor.Hosting;

namespace Odin.Predictor.Calls;

/// <summary>
/// The calls that wait, in the order of their arrival, and those who take them: one queue for all workers. A call that finds an idle
/// worker and a free processor goes there at once; those that wait anyway go together, as far as they can be joined.
/// </summary>
internal sealed class CallQueue : IDisposable
{
    // Threads of one Python hinder each other while they compute, and a call that joins the next batch costs next to nothing. So a
    // worker that runs a call gets another one only when the wait for the end of that has been in vain: when the next call has
    // waited for twice as long as calls take. It never waits for long, as a model may spend its time with waiting, too.
    private const double LeastPatience = 2, MostPatience = 25, Weight = 0.1;

    // A model that computes on the last free processor hinders all that passes requests on. So beside as many calls as there are
    // processors but one, the next one waits for the end of one of them, and goes with what has come meanwhile. Not for long either.
    private const double MostForProcessor = 3;

    private readonly Lock gate = new();
    private readonly LinkedList<PredictionCall> waiting = new();
    private readonly List<Taker> takers = [];
    private readonly PredictorOptions options;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly int computing;
    private int rows, running;
    private bool isBatching;
    private double patience = LeastPatience;

    /// <param name="processors">Of this machine, or of what it may use of them.</param>
    public CallQueue(PredictorOptions options, TimeProvider time, int processors)
    {
        (this.options, this.time) = (options, time);
        computing = Math.Max(1, processors - 1);
        isBatching = options.BatchRows > 1;
        timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls that wait.</summary>
    public int Length
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    /// <summary>Puts a call at the end; false when there is no room.</summary>
    public bool TryAdd(PredictionCall call)
    {
        lock (gate)
        {
            if (waiting.Count >= options.Queue)
                return false;
            call.Place = waiting.AddLast(call);
            rows += call.Input.RowCount;
            Match();
            return true;
        }
    }

    /// <summary>Puts calls of a batch that failed in front again, each to be run by itself. They have had their place before.</summary>
    public void RunSingly(CallBatch batch)
    {
        lock (gate)
        {
            foreach (var call in batch.Calls.Reverse().Where(c => !c.Outcome.IsCompleted))
            {
                call.IsAlone = true;
                call.Place = waiting.AddFirst(call);
                rows += call.Input.RowCount;
            }
            Match();
        }
    }

    /// <summary>From now on each call is run by itself. False when that was so before.</summary>
    public bool StopBatching()
    {
        lock (gate)
        {
            var was = isBatching;
            isBatching = false;
            return was;
        }
    }

    /// <summary>Takes a call's place away, if it still has one: its client has gone.</summary>
    public void Remove(PredictionCall call)
    {
        lock (gate)
            Leave(call);
    }

    /// <summary>Ends the calls that have waited until their deadline.</summary>
    public void Expire(long now)
    {
        lock (gate)
        {
            for (var node = waiting.First; node is not null;)
            {
                var call = node.Value;
                node = node.Next;
                if (call.Deadline > now)
                    continue;
                Leave(call);
                call.Complete(new TimedOut(WasRunning: false));
            }
        }
    }

    /// <summary>The next batch for one thread of a worker; null when the worker gets no more.</summary>
    public Task<CallBatch?> TakeAsync(CallTaker worker)
    {
        lock (gate)
        {
            if (worker.HasLeft)
                return Task.FromResult<CallBatch?>(null);
            var taker = new Taker(worker);
            takers.Add(taker);
            Match();
            return taker.Batch.Task;
        }
    }

    /// <summary>A batch that was taken is done.</summary>
    public void Done(CallTaker worker, TimeSpan duration)
    {
        lock (gate)
        {
            worker.Running--;
            running--;
            patience = Math.Clamp((patience * (1 - Weight)) + (2 * duration.TotalMilliseconds * Weight), LeastPatience, MostPatience);
        }
    }

    /// <summary>The worker gets no more calls.</summary>
    public void Leave(CallTaker worker)
    {
        lock (gate)
        {
            worker.HasLeft = true;
            foreach (var taker in takers.Where(t => t.Worker == worker))
                taker.Batch.TrySetResult(null);
            takers.RemoveAll(t => t.Worker == worker);
        }
    }

    public void Dispose() => timer.Dispose();

    private void OnTimer()
    {
        lock (gate)
            Match();
    }

    // Under the lock, like all below.
    private void Match()
    {
        while (waiting.First is { Value: var first } && takers.Count > 0)
        {
            // Among those that run as little, the one that has ended last: what it needs is nearest to the processor.
            var taker = takers[0];
            for (var i = 1; i < takers.Count; i++)
            {
                if (takers[i].Worker.Running <= taker.Worker.Running)
                    taker = takers[i];
            }
            var wait = Wait(first, taker.Worker) - time.GetElapsedTime(first.Entered).TotalMilliseconds;
            if (wait > 0)
            {
                timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, wait)), Timeout.InfiniteTimeSpan);
                return;
            }
            takers.Remove(taker);
            taker.Worker.Running++;
            running++;
            taker.Batch.TrySetResult(Form(first));
        }
    }

    // Milliseconds from the arrival of the first call in the queue until it goes.
    private double Wait(PredictionCall first, CallTaker worker)
    {
        if (!isBatching || first.IsAlone)
            return 0;
        if (worker.Running > 0)
            return patience;
        var delay = rows >= options.BatchRows ? 0 : options.BatchDelay.TotalMilliseconds;
        return running >= computing ? Math.Max(delay, Math.Min(patience, MostForProcessor)) : delay;
    }

    private CallBatch Form(PredictionCall first)
    {
        var calls = new List<PredictionCall> { first };
        var room = options.BatchRows - first.Input.RowCount;
        if (isBatching && !first.IsAlone)
        {
            for (var node = first.Place!.Next; node is not null && room > 0; node = node.Next)
            {
                var call = node.Value;
                if (call.IsAlone || call.Input.RowCount > room || !call.Input.CanJoin(first.Input))
                    continue;
                room -= call.Input.RowCount;
                calls.Add(call);
            }
        }
        foreach (var call in calls)
            Leave(call);
        return new CallBatch(calls);
    }

    private void Leave(PredictionCall call)
    {
        if (call.Place is not { } place)
            return;
        waiting.Remove(place);
        call.Place = null;
        rows -= call.Input.RowCount;
    }

    private sealed record Taker(CallTaker Worker)
    {
        public TaskCompletionSource<CallBatch?> Batch { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>A worker, as the queue sees it. Only the queue changes it.</summary>
internal sealed class CallTaker
{
    /// <summary>Batches that it runs.</summary>
    public int Running { get; set; }

    public bool HasLeft { get; set; }
}
