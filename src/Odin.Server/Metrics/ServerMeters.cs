using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Odin.Server.Metrics;

/// <summary>What the server measures of itself.</summary>
internal sealed class ServerMeters : IDisposable
{
    private readonly Meter meter = new("Odin.Server");
    private readonly Histogram<double> requests;
    private readonly Counter<long> frames, logins;

    public ServerMeters()
    {
        requests = meter.CreateHistogram<double>("odin.http.request.duration", "s", "How long requests took, by route and status.");
        frames = meter.CreateCounter<long>("odin.websocket.requests", null, "Requests over WebSocket, by command.");
        logins = meter.CreateCounter<long>("odin.logins", null, "Attempts to log in, by result.");
        meter.CreateObservableCounter("process.cpu", () => Environment.CpuUsage.TotalTime.TotalSeconds, "s", "Processor time of the server.");
        meter.CreateObservableGauge("process.resident.memory", () => Environment.WorkingSet, "By", "Resident memory of the server.");
        meter.CreateObservableGauge("process.start.time", StartTime, "s", "When the server started, in seconds since 1970.");
        meter.CreateObservableGauge("odin.dotnet.heap", () => GC.GetTotalMemory(false), "By", "Memory that .NET objects take.");
        meter.CreateObservableGauge("odin.dotnet.threadpool.queue", () => ThreadPool.PendingWorkItemCount, null, "Work that waits for a thread.");
    }

    public void Request(string method, string route, int status, TimeSpan duration) => requests.Record(
        duration.TotalSeconds, new TagList { { "method", method }, { "route", route }, { "status", status } });

    public void Frame(string command) => frames.Add(1, new KeyValuePair<string, object?>("command", command));

    public void Login(bool succeeded) => logins.Add(1, new KeyValuePair<string, object?>("result", succeeded ? "success" : "failure"));

    public void Dispose() => meter.Dispose();

    private static double StartTime()
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    }
}
