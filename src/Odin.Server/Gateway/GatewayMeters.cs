using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Odin.Server.Gateway;

/// <summary>What the gateway measures.</summary>
internal sealed class GatewayMeters : IDisposable
{
    private readonly Meter meter = new("Odin.Gateway");
    private readonly Histogram<double> requests;
    private readonly Counter<long> retries, mirrors;

    public GatewayMeters(RouteTable table)
    {
        requests = meter.CreateHistogram<double>("odin.gateway.request.duration", "s", "How long requests to models took, by deployment and status.");
        retries = meter.CreateCounter<long>("odin.gateway.retries", null, "Requests that were sent to another replica, by deployment and reason.");
        mirrors = meter.CreateCounter<long>("odin.gateway.mirrored", null, "Copies for mirrors, by deployment and result: sent, failed, dropped.");
        meter.CreateObservableGauge("odin.gateway.waiting", () => table.Targets.Select(t => new Measurement<int>(t.Waiting, new KeyValuePair<string, object?>("deployment", t.Id))), null, "Requests that wait for a replica, by deployment.");
        meter.CreateObservableGauge("odin.gateway.replicas", () => table.Targets.Select(t => new Measurement<int>(t.View.Ready.Count, new KeyValuePair<string, object?>("deployment", t.Id))), null, "Replicas that take requests, by deployment.");
    }

    public void Request(string deployment, int status, TimeSpan duration) => requests.Record(duration.TotalSeconds, new TagList { { "deployment", deployment }, { "status", status } });

    public void Retry(string deployment, string reason) => retries.Add(1, new TagList { { "deployment", deployment }, { "reason", reason } });

    public void Mirror(string deployment, string result) => mirrors.Add(1, new TagList { { "deployment", deployment }, { "result", result } });

    public void Dispose() => meter.Dispose();
}
