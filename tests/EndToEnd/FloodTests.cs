using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace Odin.EndToEnd;

/// <summary>A task that writes a gigabyte, through a server with a heap of 192 MiB.</summary>
public sealed partial class FloodTests
{
    private const long Written = 1 << 30;
    private const int Kept = 8 << 20;
    // The middle goes whenever a log has grown a quarter over its limit; nothing is moved for less.
    private const int KeptAtMost = Kept + (Kept / 4);

    [Fact]
    public async Task Log_OfAGigabyte_IsCutAndSaysSoAndTheServerStaysSmall()
    {
        await using var server = await OdinServer.StartAsync(new ServerSetup
        {
            Arguments = ["--logs-max-bytes", $"{Kept}"],
            Environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0xC000000" },
        });
        await server.PutJobAsync("flood", """
            name: flood
            tasks:
            - {name: a, image: i, command: sh, args: [-c, 'echo first; yes 0123456789abcdef | head -c 1G; echo; echo last']}
            """);
        var id = await server.SubmitAsync("flood");
        // Somebody looks on from the beginning.
        var followed = ReadAsync(server, $"/v1/resources/{id}--a/logs?follow=true", "text/plain");
        // The reader who was there all the time may have seen more, but not what was cut before it came to it.
        Assert.EndsWith("\nlast\n", (await followed).Text, StringComparison.Ordinal);
        Assert.Equal("DONE", (string)(await server.EndAsync(id))["status"]!);

        var (whole, text) = await ReadAsync(server, $"/v1/resources/{id}--a/logs", "text/plain");
        Assert.InRange(whole, Kept / 2, KeptAtMost + 1024);
        Assert.StartsWith("first\n0123456789abcdef\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\nlast\n", text, StringComparison.Ordinal);
        var notice = Notice().Match(text);
        Assert.True(notice.Success, "The log does not say that it was cut.");
        Assert.InRange(long.Parse(notice.Groups[1].ValueSpan, CultureInfo.InvariantCulture), Written - KeptAtMost - 1024, Written);
        Assert.InRange((await ReadAsync(server, $"/v1/resources/{id}--a/logs", "application/json")).Bytes, Kept / 2, 2 * KeptAtMost);

        var blocks = await TestProgram.RunAsync("stat", ["-c", "%b %B", Directory.GetFiles(Path.Combine(server.DataDirectory, "logs", id)).Single()]);
        var disk = blocks.Split(' ').Select(long.Parse).Aggregate(1L, (a, b) => a * b);
        Assert.InRange(disk, 1, KeptAtMost + (1 << 20));
        // The heap has its bound above; the rest of a program of this kind is its code.
        Assert.InRange(PeakMemory(server.ProcessId), 1, 512L << 20);
        Assert.True(await server.IsReadyAsync());
    }

    [GeneratedRegex(@"\n\[odin\] ([0-9]+) bytes were left out here: the log is limited to 8 MiB\n")]
    private static partial Regex Notice();

    // The text, unless it is far too long.
    private static async Task<(long Bytes, string Text)> ReadAsync(OdinServer server, string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync();
        var (bytes, start, end) = (0L, new MemoryStream(), new byte[64]);
        var buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            bytes += count;
            if (start.Length < 2 * KeptAtMost)
                start.Write(buffer, 0, count);
            var kept = Math.Min(count, end.Length);
            Array.Copy(end, kept, end, 0, end.Length - kept);
            Array.Copy(buffer, count - kept, end, end.Length - kept, kept);
        }
        var text = Encoding.UTF8.GetString(start.GetBuffer(), 0, (int)start.Length);
        return (bytes, bytes == start.Length ? text : text + Encoding.UTF8.GetString(end));
    }

    private static long PeakMemory(int process) => File.ReadLines($"/proc/{process}/status")
        .Where(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10)
        .Single();
}
