using System.Diagnostics;
using System.Globalization;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Hosting;

/// <summary>Says on standard error when the first worker is ready, and how long that took from the start of this process.</summary>
internal sealed class ReadyNotice(WorkerPool pool, PredictorOptions options, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await pool.FirstReady.WaitAsync(stoppingToken);
        using var self = Process.GetCurrentProcess();
        var taken = time.GetUtcNow() - new DateTimeOffset(self.StartTime);
        var place = options.Socket ?? $"http://{new System.Net.IPEndPoint(options.Address, options.Port)}";
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"odin-predictor: ready after {taken.TotalSeconds:0.000} s: model {options.ModelName} {options.ModelVersion} on {place}, workers {options.Workers}, threads {options.Threads}"));
    }
}
