using System.Globalization;
using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;
using Odin.Predictor.Metrics;
using Odin.Predictor.Models;

namespace Odin.Predictor.Workers;

/// <summary>Keeps as many workers as are wanted, and replaces those that end, hang or grow.</summary>
internal sealed class WorkerPool : IHostedService, IDisposable
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(100), LongLife = TimeSpan.FromSeconds(10),
        FirstPause = TimeSpan.FromMilliseconds(250), LongestPause = TimeSpan.FromSeconds(30);

    private readonly WorkerSurroundings around;
    private readonly ILoggerFactory logs;
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WorkerProcess?[] ready;
    private readonly List<WorkerProcess> all = [];
    private Task running = Task.CompletedTask;
    private string trouble = "The model is being loaded.";

    public WorkerPool(PredictorOptions options, CallQueue queue, PredictorMetrics metrics, TimeProvider time, ILoggerFactory logs)
    {
        this.logs = logs;
        around = new WorkerSurroundings(options, queue, new WorkerGate(), new WorkerLauncher(options), metrics, time);
        ready = new WorkerProcess?[options.Workers];
    }

    /// <summary>Of the first worker that has loaded the model; null until then.</summary>
    public ModelFacts? Facts { get; private set; }

    /// <summary>Workers that have loaded the model and run.</summary>
    public int Ready => ready.Count(w => w is not null);

    /// <summary>Why no worker is ready, in a sentence; null when one is.</summary>
    public string? Trouble => Ready > 0 ? null : Volatile.Read(ref trouble);

    /// <summary>Completes when a worker has loaded the model for the first time.</summary>
    public Task FirstReady => firstReady.Task;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = Task.WhenAll([WatchAsync(), .. Enumerable.Range(0, ready.Length).Select(KeepAsync)]);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stop.CancelAsync();
        await running;
    }

    public void Dispose()
    {
        foreach (var worker in Present())
            worker.Kill();
        stop.Dispose();
        around.Gate.Dispose();
        around.Launcher.Dispose();
    }

    private WorkerProcess[] Present()
    {
        lock (all)
            return [.. all];
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchPeriod, around.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                var now = around.Time.GetTimestamp();
                around.Queue.Expire(now);
                foreach (var worker in Present())
                    worker.Watch(now);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    // One place for a worker, for the life of the server.
    private async Task KeepAsync(int place)
    {
        var log = logs.CreateLogger($"worker-{(place + 1).ToString(CultureInfo.InvariantCulture)}");
        var retiring = new List<Task>();
        WorkerProcess? worker = null;
        try
        {
            worker = await LoadAsync(log, failures: 0);
            while (true)
            {
                ready[place] = worker;
                var since = around.Time.GetTimestamp();
                Log.Ready(log);
                firstReady.TrySetResult();
                var departure = await worker.Departure.WaitAsync(stop.Token);
                retiring.RemoveAll(r => r.IsCompleted);
                if (departure == WorkerDeparture.TooLarge)
                {
                    around.Metrics.CountRestart("memory");
                    // It serves until there is another one.
                    var next = await LoadAsync(log, failures: 0);
                    retiring.Add(EndAsync(worker, isHung: false));
                    worker = next;
                    continue;
                }
                var isHung = departure == WorkerDeparture.Hung;
                around.Metrics.CountRestart(isHung ? "hung" : "ended");
                ready[place] = null;
                retiring.Add(EndAsync(worker, isHung));
                worker = null;
                worker = await LoadAsync(log, isHung || around.Time.GetElapsedTime(since) > LongLife ? 0 : 1);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
        ready[place] = null;
        if (worker is not null)
            retiring.Add(EndAsync(worker, isHung: false));
        await Task.WhenAll(retiring);
    }

    // Tries until it succeeds: what is missing for the model may come.
    private async Task<WorkerProcess> LoadAsync(ILogger log, int failures)
    {
        while (true)
        {
            await Task.Delay(Pause(failures), around.Time, stop.Token);
            var worker = new WorkerProcess(around, log);
            lock (all)
                all.Add(worker);
            try
            {
                await worker.StartAsync();
                Facts = await worker.Loaded.WaitAsync(stop.Token);
                return worker;
            }
            catch (WorkerLoadException e)
            {
                around.Metrics.CountRestart("load");
                Volatile.Write(ref trouble, $"The model cannot be loaded: {e.Message}");
                Log.LoadFailed(log, e.Message, Pause(++failures).TotalSeconds);
                await EndAsync(worker, isHung: true);
            }
            catch (OperationCanceledException)
            {
                worker.Kill();
                await EndAsync(worker, isHung: true);
                throw;
            }
        }
    }

    private async Task EndAsync(WorkerProcess worker, bool isHung)
    {
        await worker.RetireAsync(isHung);
        lock (all)
            all.Remove(worker);
    }

    // A worker that has lived for a while is replaced at once; one that dies again and again is not to take all the processor.
    private static TimeSpan Pause(int failures) =>
        failures == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 10))));
}
