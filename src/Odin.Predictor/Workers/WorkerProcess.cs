using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Odin.Predictor.Calls;
using Odin.Predictor.Metrics;
using Odin.Predictor.Models;

namespace Odin.Predictor.Workers;

/// <summary>A process that holds the model.</summary>
internal sealed partial class WorkerProcess
{
    private const int SignalUser1 = 10;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5), LastWordsLimit = TimeSpan.FromMilliseconds(300);

    private readonly WorkerSurroundings around;
    private readonly ILogger log;
    private readonly List<WorkerLane> lanes = [];
    private readonly List<WorkerConnection> others = [];
    private readonly TaskCompletionSource<ModelFacts> loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WorkerDeparture> departure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> work = [];
    private string? token;
    private Process? process;

    public WorkerProcess(WorkerSurroundings around, ILogger log) => (this.around, this.log) = (around, log);

    public CallTaker Taker { get; } = new();

    /// <summary>What it says of the model once it has loaded it.</summary>
    /// <exception cref="WorkerLoadException">It has not.</exception>
    public Task<ModelFacts> Loaded => loaded.Task;

    /// <summary>Completes when it has to be replaced, with the reason.</summary>
    public Task<WorkerDeparture> Departure => departure.Task;

    public async Task StartAsync()
    {
        token = around.Gate.Expect(Attach);
        try
        {
            process = await around.Launcher.StartAsync(around.Gate.Address, token);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            around.Gate.Forget(token);
            exited.SetResult();
            departure.TrySetResult(WorkerDeparture.Ended);
            loaded.TrySetException(new WorkerLoadException($"The Python '{around.Options.Python}' cannot be run: {e.Message}"));
            return;
        }
        Log.Started(log, process.Id);
        process.StandardInput.Close();
        Keep(WorkerOutput.CopyAsync(process.StandardOutput.BaseStream, line => Log.Said(log, line)));
        Keep(WorkerOutput.CopyAsync(process.StandardError.BaseStream, line => Log.Said(log, line)));
        Keep(WatchExitAsync(process));
    }

    /// <summary>Looks for calls whose time is over, and for memory above the limit.</summary>
    public void Watch(long now)
    {
        WorkerLane[] present;
        lock (lanes)
            present = [.. lanes];
        foreach (var lane in present)
        {
            if (!lane.Expire(now))
                continue;
            if (departure.TrySetResult(WorkerDeparture.Hung))
                Log.Hangs(log, around.Options.Timeout.TotalSeconds);
            AskWhereItHangs();
        }
        if (around.Options.WorkerMemory is { } limit && !departure.Task.IsCompleted && loaded.Task.IsCompletedSuccessfully
            && WorkerMemory.Of(process!.Id) is { } memory && memory > limit && departure.TrySetResult(WorkerDeparture.TooLarge))
        {
            Log.TooLarge(log, memory, limit);
        }
    }

    /// <summary>Lets it end the calls that it runs, and ends it. May be called for one that has ended already.</summary>
    /// <param name="isHung">Whether it has lost a thread, so that it would not end by itself.</param>
    public async Task RetireAsync(bool isHung = false)
    {
        around.Queue.Leave(Taker);
        WorkerLane[] present;
        lock (lanes)
            present = [.. lanes];
        await Task.WhenAll(present.Select(l => l.Idle));
        if (isHung)
        {
            // So that it can say where.
            await WaitAsync(exited.Task, LastWordsLimit);
            Kill();
        }
        Close();
        if (!await WaitAsync(exited.Task, EndLimit))
        {
            Kill();
            await exited.Task;
        }
        Task[] rest;
        lock (lanes)
            rest = [.. work];
        // What it has said is to be in the log; but a program that it has started may hold its output for ever.
        await WaitAsync(Task.WhenAll(rest), LastWordsLimit);
    }

    /// <summary>Sees to it that a process whose connection has ended ends as well, and says how it ended.</summary>
    public async Task<string> EndAsync()
    {
        if (!await WaitAsync(exited.Task, EndLimit))
        {
            Kill();
            await exited.Task;
        }
        return $"The process of the model ended {HowItEnded()} while it ran this request; its last words are in the log of the model server. It is replaced; what this request asks for may be what ends it.";
    }

    /// <summary>A batch had another number of predictions than rows: its rows depend on each other.</summary>
    public void WarnOfRows(int rows, int predictions)
    {
        if (around.Queue.StopBatching())
            Log.NoBatches(log, rows, predictions);
    }

    /// <summary>Without waiting for anything.</summary>
    public void Kill()
    {
        try
        {
            process?.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It has ended meanwhile.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);

    private async Task<bool> WaitAsync(Task task, TimeSpan limit)
    {
        using var enough = new CancellationTokenSource();
        var first = await Task.WhenAny(task, Task.Delay(limit, around.Time, enough.Token));
        await enough.CancelAsync();
        return first == task;
    }

    private void AskWhereItHangs()
    {
        if (process is { HasExited: false })
            _ = SendSignal(process.Id, SignalUser1);
    }

    private void Attach(int number, WorkerConnection connection)
    {
        lock (lanes)
        {
            if (number == WorkerConnection.Watch || departure.Task.IsCompleted)
            {
                others.Add(connection);
                return;
            }
            var lane = new WorkerLane(this, connection, around.Queue, around.Metrics, around.Time);
            lanes.Add(lane);
            work.Add(number == 0 ? LoadAsync(connection, lane) : lane.RunAsync());
        }
    }

    private async Task LoadAsync(WorkerConnection connection, WorkerLane lane)
    {
        try
        {
            var (letter, content) = await connection.ReceiveAsync(isAlone: true, CancellationToken.None);
            if (letter == WorkerConnection.Ready)
                loaded.TrySetResult(JsonSerializer.Deserialize(content.Span, WorkerJson.Default.ModelFacts)!);
            else
                loaded.TrySetException(new WorkerLoadException(JsonSerializer.Deserialize(content.Span, WorkerJson.Default.WorkerComplaint)!.Message));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidDataException or JsonException)
        {
            await EndAsync();
            loaded.TrySetException(new WorkerLoadException($"Its process ended {HowItEnded()} while it loaded the model."));
        }
        await lane.RunAsync();
    }

    private async Task WatchExitAsync(Process started)
    {
        await started.WaitForExitAsync();
        exited.TrySetResult();
        around.Gate.Forget(token!);
        around.Queue.Leave(Taker);
        loaded.TrySetException(new WorkerLoadException($"Its process ended {HowItEnded()} before it had loaded the model."));
        if (departure.TrySetResult(WorkerDeparture.Ended))
            Log.Ended(log, HowItEnded());
        Close();
    }

    private void Close()
    {
        lock (lanes)
        {
            foreach (var lane in lanes)
                lane.Close();
            foreach (var other in others)
                other.Dispose();
        }
    }

    private string HowItEnded() => process is not { HasExited: true } ? "at once" : process.ExitCode switch
    {
        137 => "by a kill (signal 9), perhaps for want of memory",
        > 128 and var code => $"by signal {code - 128}",
        var code => $"with exit code {code}",
    };

    private void Keep(Task task)
    {
        lock (lanes)
            work.Add(task);
    }
}

/// <summary>What all workers have in common.</summary>
internal sealed record WorkerSurroundings(
    Hosting.PredictorOptions Options, CallQueue Queue, WorkerGate Gate, WorkerLauncher Launcher, PredictorMetrics Metrics, TimeProvider Time);

/// <summary>Why a worker has to be replaced.</summary>
internal enum WorkerDeparture
{
    Ended,
    Hung,
    TooLarge,
}

/// <summary>A worker did not load the model.</summary>
internal sealed class WorkerLoadException(string message) : Exception(message);
