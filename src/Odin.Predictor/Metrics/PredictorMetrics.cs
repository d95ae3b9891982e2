using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Odin.Predictor.Metrics;

/// <summary>What <c>GET /metrics</c> shows.</summary>
internal sealed class PredictorMetrics
{
    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] Sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

    private readonly ConcurrentDictionary<(string Endpoint, int Code), Counter> requests = new();
    private readonly ConcurrentDictionary<string, Histogram> latencies = new();
    private readonly ConcurrentDictionary<string, Counter> restarts = new();
    private readonly Histogram batchRows = new(Sizes), batchRequests = new(Sizes), callSeconds = new(Seconds);
    private long reruns;

    public void CountRequest(string endpoint, int code, TimeSpan duration)
    {
        requests.GetOrAdd((endpoint, code), static _ => new()).Increment();
        latencies.GetOrAdd(endpoint, static _ => new(Seconds)).Add(duration.TotalSeconds);
    }

    /// <summary>One call of the model.</summary>
    public void CountBatch(int rows, int calls, TimeSpan duration)
    {
        batchRows.Add(rows);
        batchRequests.Add(calls);
        callSeconds.Add(duration.TotalSeconds);
    }

    /// <summary>A batch whose requests were run again one by one.</summary>
    public void CountRerun() => Interlocked.Increment(ref reruns);

    /// <param name="reason"><c>ended</c>, <c>hung</c>, <c>memory</c> or <c>load</c>.</param>
    public void CountRestart(string reason) => restarts.GetOrAdd(reason, static _ => new()).Increment();

    /// <summary>The text format 0.0.4.</summary>
    public string Write(int queueLength, int readyWorkers, int running)
    {
        var text = new StringBuilder();
        Head(text, "odin_predictor_requests_total", "counter", "Requests by endpoint and status code.");
        foreach (var ((endpoint, code), count) in requests.OrderBy(r => r.Key))
            text.Append(CultureInfo.InvariantCulture, $"odin_predictor_requests_total{{endpoint=\"{endpoint}\",code=\"{code}\"}} {count.Value}\n");
        Head(text, "odin_predictor_request_seconds", "histogram", "From the head of a request to the end of its answer.");
        foreach (var (endpoint, histogram) in latencies.OrderBy(l => l.Key, StringComparer.Ordinal))
            histogram.Write(text, "odin_predictor_request_seconds", $"endpoint=\"{endpoint}\"");
        Head(text, "odin_predictor_call_seconds", "histogram", "Calls of the model, the way to its process and back included.");
        callSeconds.Write(text, "odin_predictor_call_seconds", "");
        Head(text, "odin_predictor_batch_rows", "histogram", "Rows of a call of the model.");
        batchRows.Write(text, "odin_predictor_batch_rows", "");
        Head(text, "odin_predictor_batch_requests", "histogram", "Requests that were joined for a call of the model.");
        batchRequests.Write(text, "odin_predictor_batch_requests", "");
        Head(text, "odin_predictor_batch_reruns_total", "counter", "Batches that failed, whose requests were run again one by one.");
        text.Append(CultureInfo.InvariantCulture, $"odin_predictor_batch_reruns_total {Interlocked.Read(ref reruns)}\n");
        Head(text, "odin_predictor_queue_length", "gauge", "Requests that wait for a worker.");
        text.Append(CultureInfo.InvariantCulture, $"odin_predictor_queue_length {queueLength}\n");
        Head(text, "odin_predictor_requests_running", "gauge", "Predictions that have come and are not answered.");
        text.Append(CultureInfo.InvariantCulture, $"odin_predictor_requests_running {running}\n");
        Head(text, "odin_predictor_workers_ready", "gauge", "Workers that have loaded the model.");
        text.Append(CultureInfo.InvariantCulture, $"odin_predictor_workers_ready {readyWorkers}\n");
        Head(text, "odin_predictor_worker_restarts_total", "counter", "Workers that were replaced, by reason.");
        foreach (var (reason, count) in restarts.OrderBy(r => r.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"odin_predictor_worker_restarts_total{{reason=\"{reason}\"}} {count.Value}\n");
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private sealed class Counter
    {
        private long value;

        public long Value => Interlocked.Read(ref value);

        public void Increment() => Interlocked.Increment(ref value);
    }
}
