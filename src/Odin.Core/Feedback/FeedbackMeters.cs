using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Odin.Feedback;

/// <summary>What is measured of records, as the meter <c>Odin.Feedback</c>. The names that begin with "total" are the inherited ones.</summary>
internal static class FeedbackMeters
{
    private static readonly Meter Meter = new("Odin.Feedback");
    private static readonly Counter<long> Feedback = Meter.CreateCounter<long>("total_collected_feedback", null, "Feedback that was taken in.");
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>("total_collected_requests", null, "Predictions that were recorded.");
    private static readonly Counter<long> Dropped = Meter.CreateCounter<long>("odin.feedback.dropped", null, "Records that were dropped, by tag and reason.");
    private static readonly Counter<long> Written = Meter.CreateCounter<long>("odin.feedback.written", null, "Records that have come into the storage, by tag.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("odin.feedback.failures", null, "Attempts to write to the storage that failed.");
    private static readonly Gauge<long> Memory = Meter.CreateGauge<long>("odin.feedback.memory", "By", "Payloads in memory.");

    public static void FeedbackCollected() => Feedback.Add(1);

    public static void RequestsCollected(long count) => Requests.Add(count);

    public static void PayloadDropped(long count, string reason)
    {
        Drop(RecordTags.Request, count, reason);
        Drop(RecordTags.Response, count, reason);
    }

    public static void FeedbackDropped(long count, string reason) => Drop(RecordTags.Feedback, count, reason);

    public static void Drop(string tag, long count, string reason) => Dropped.Add(count, new TagList { { "tag", tag }, { "reason", reason } });

    public static void WasWritten(string tag, long count) => Written.Add(count, new KeyValuePair<string, object?>("tag", tag));

    public static void Failed(int count) => Failures.Add(count);

    public static void HoldsInMemory(long bytes) => Memory.Record(bytes);
}
