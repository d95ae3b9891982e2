namespace Odin.Bench;

/// <summary>What the server takes while nobody uses it.</summary>
internal static class FootprintBenches
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(5), Window = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<BenchRow>> IdleAsync()
    {
        await using var first = await BenchServer.StartAsync();
        var ready = first.Ready;
        await using var server = await BenchServer.StartAsync();
        ready = server.Ready < ready ? server.Ready : ready;
        await Task.Delay(Settle);
        var before = server.ProcessorTime;
        await Task.Delay(Window);
        var percent = (server.ProcessorTime - before).TotalSeconds / Window.TotalSeconds * 100;
        return
        [
            BenchRow.AtMost("server-ready", ready.TotalSeconds, 1.5, "s", "fresh data directory, best of 2"),
            BenchRow.AtMost("server-idle-memory", server.ResidentMegabytes, 150, "MB"),
            BenchRow.AtMost("server-idle-cpu", percent, 1, "% of a core", $"over {Window.TotalSeconds:0} s"),
        ];
    }
}
