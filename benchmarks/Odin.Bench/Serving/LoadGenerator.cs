using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Odin.Bench;

/// <summary>Runs <c>wrk</c> against a URL.</summary>
internal static partial class LoadGenerator
{
    /// <summary>Posts the same JSON body again and again by so many connections.</summary>
    /// <param name="pause">What a connection waits between an answer and its next request: this on average, each time another time.</param>
    public static async Task<LoadResult> PostAsync(string url, string body, int connections, TimeSpan duration, TimeSpan pause = default)
    {
        var script = Path.GetTempFileName();
        try
        {
            var lua = body.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            await File.WriteAllTextAsync(script, $"wrk.method = \"POST\"\nwrk.body = \"{lua}\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n{DelayBy(pause)}");
            return Read(await RunAsync(["-t1", $"-c{connections}", $"-d{(int)duration.TotalSeconds}s", "--latency", "-s", script, url]));
        }
        finally
        {
            File.Delete(script);
        }
    }

    // The latency that wrk reports begins after it.
    private static string DelayBy(TimeSpan pause) =>
        pause > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"function delay() return math.random(0, {2 * (int)pause.TotalMilliseconds}) end\n") : "";

    private static async Task<string> RunAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"wrk failed: {output}");
    }

    private static LoadResult Read(string output)
    {
        if (Errors().Match(output) is { Success: true } errors)
            throw new InvalidOperationException($"Not all requests were answered well: {errors.Value}");
        var rate = double.Parse(Rate().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
        return new LoadResult(rate, Milliseconds(output, "50"), Milliseconds(output, "99"));
    }

    private static double Milliseconds(string output, string percentile)
    {
        var match = Regex.Match(output, $@"^\s+{percentile}%\s+([\d.]+)(us|ms|s)", RegexOptions.Multiline);
        var factor = match.Groups[2].Value switch { "us" => 0.001, "ms" => 1, _ => 1000.0 };
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * factor;
    }

    [GeneratedRegex(@"^Requests/sec:\s+([\d.]+)", RegexOptions.Multiline)]
    private static partial Regex Rate();

    [GeneratedRegex(@"Non-2xx.*|Socket errors.*")]
    private static partial Regex Errors();
}

/// <summary>What a load has shown.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="Median">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
internal sealed record LoadResult(double Rate, double Median, double P99);
