using Odin.Predictor.Hosting;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Calls;

/// <summary>Takes predictions in, for all protocols, and lets those that run end before the server does.</summary>
internal sealed class Predictions(CallQueue queue, WorkerPool pool, PredictorOptions options, TimeProvider time) : IHostedLifecycleService
{
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isEnding;
    private int running;

    /// <summary>Predictions that have come and are not answered.</summary>
    public int Running => Volatile.Read(ref running);

    /// <summary>Why nothing can be predicted now, in a sentence; null when it can.</summary>
    public string? Trouble => isEnding ? "The model server is ending." : pool.Trouble;

    /// <summary>Counts a prediction until it is disposed of; null when none is taken any more.</summary>
    public Entry? Enter()
    {
        Interlocked.Increment(ref running);
        var entry = new Entry(this);
        if (!isEnding)
            return entry;
        entry.Dispose();
        return null;
    }

    /// <summary>Runs the model on the rows; null when the queue is full.</summary>
    public async Task<CallOutcome?> PredictAsync(PredictionInput input, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        var call = new PredictionCall(input, now, now + (long)(options.Timeout.TotalSeconds * time.TimestampFrequency));
        if (!queue.TryAdd(call))
            return null;
        await using (cancellationToken.UnsafeRegister(static state =>
        {
            var (queue, call) = ((CallQueue, PredictionCall))state!;
            queue.Remove(call);
            call.Complete(new TimedOut(WasRunning: false));
        }, (queue, call)))
        {
            return await call.Outcome;
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before the listener closes: whoever looks at readiness sees that it is over.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        isEnding = true;
        if (Volatile.Read(ref running) == 0)
            return;
        using var enough = new CancellationTokenSource();
        await Task.WhenAny(drained.Task, Task.Delay(options.Drain, time, enough.Token));
        await enough.CancelAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Leave()
    {
        if (Interlocked.Decrement(ref running) == 0 && isEnding)
            drained.TrySetResult();
    }

    /// <summary>One prediction that is under way.</summary>
    internal sealed class Entry(Predictions predictions) : IDisposable
    {
        public void Dispose() => predictions.Leave();
    }
}
