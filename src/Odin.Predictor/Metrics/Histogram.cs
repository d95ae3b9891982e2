using System.Globalization;
using System.Text;

namespace Odin.Predictor.Metrics;

/// <summary>Counts of values below limits, as Prometheus has them.</summary>
internal sealed class Histogram(params double[] limits)
{
    private readonly long[] counts = new long[limits.Length + 1];

    // In millionths, so that it can be added to without a lock.
    private long sum;

    public void Add(double value)
    {
        var bucket = Array.FindIndex(limits, l => value <= l);
        Interlocked.Increment(ref counts[bucket < 0 ? limits.Length : bucket]);
        Interlocked.Add(ref sum, (long)(value * 1e6));
    }

    /// <param name="labels">Empty, or such as <c>endpoint="invoke"</c>.</param>
    public void Write(StringBuilder text, string name, string labels)
    {
        var comma = labels.Length > 0 ? "," : "";
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            total += Interlocked.Read(ref counts[i]);
            var limit = i < limits.Length ? limits[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{limit}\"}} {total}\n");
        }
        var braces = labels.Length > 0 ? $"{{{labels}}}" : "";
        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{braces} {Interlocked.Read(ref sum) / 1e6}\n{name}_count{braces} {total}\n");
    }
}
