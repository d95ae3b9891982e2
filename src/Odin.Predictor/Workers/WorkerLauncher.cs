using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Odin.Predictor.Hosting;

namespace Odin.Predictor.Workers;

/// <summary>
/// Starts the processes of workers, all by one thread that lives as long as this program: the system kills a worker when the thread
/// dies that has started it, and threads of the pool come and go.
/// </summary>
internal sealed class WorkerLauncher : IDisposable
{
    private static readonly string[] ThreadVariables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];

    private readonly PredictorOptions options;
    private readonly BlockingCollection<Action> wishes = [];

    public WorkerLauncher(PredictorOptions options)
    {
        this.options = options;
        new Thread(Run) { IsBackground = true, Name = "launcher" }.Start();
    }

    /// <exception cref="System.ComponentModel.Win32Exception">The Python cannot be run.</exception>
    public Task<Process> StartAsync(string address, string token)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        wishes.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(Describe(address, token))!);
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    public void Dispose() => wishes.CompleteAdding();

    private void Run()
    {
        foreach (var wish in wishes.GetConsumingEnumerable())
            wish();
    }

    private ProcessStartInfo Describe(string address, string token)
    {
        var start = new ProcessStartInfo(options.Python, [options.Runtime, "worker", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ODIN_WORKER_SOCKET"] = address;
        start.Environment["ODIN_WORKER_TOKEN"] = token;
        start.Environment["ODIN_WORKER_THREADS"] = options.Threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["PYTHONUNBUFFERED"] = "1";
        start.Environment["MODEL_LOCATION"] = options.Location;
        start.Environment["MODEL_ENTRYPOINT"] = options.Entrypoint;
        // Libraries of numbers take all processors for each process, and the workers would fight for them.
        var share = Math.Max(1, Environment.ProcessorCount / options.Workers).ToString(CultureInfo.InvariantCulture);
        foreach (var name in ThreadVariables)
            start.Environment.TryAdd(name, share);
        return start;
    }
}
