using System.Text;

namespace Odin.EndToEnd;

/// <summary>What happens to runs when the server dies.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Kill_FiftyTimesDuringARunOfAHundredTasks_EveryTaskRanExactlyOnce()
    {
        const int tasks = 100, kills = 50;
        await using var server = await OdinServer.StartAsync();
        await server.PutJobAsync("crash", Definition(tasks));
        var run = await server.SubmitAsync("crash");
        var random = new Random(20260101);
        for (var i = 0; i < kills; i++)
        {
            // The moment is left to chance on purpose: in every second round it falls into the start of the server.
            await Task.Delay(random.Next(300), CancellationToken.None);
            await server.KillAsync();
            server.Launch();
            if (i % 2 == 0)
                await Eventually.True(server.IsReadyAsync, "the server is ready again");
        }
        await Eventually.True(server.IsReadyAsync, "the server is ready after the last kill");
        var status = await server.EndAsync(run);

        Assert.Equal("DONE", status["status"]!.GetValue<string>());
        var lines = await File.ReadAllLinesAsync(Path.Combine(server.DataDirectory, "workspaces", run, "lines"));
        Assert.Equal(Enumerable.Range(0, tasks).Select(i => $"t{i:000}"), lines.Order());
    }

    // Ten columns of ten: enough depth that the run outlives the kills, enough width that several tasks run at each.
    private static string Definition(int tasks)
    {
        var text = new StringBuilder("name: crash\ntasks:\n");
        for (var i = 0; i < tasks; i++)
        {
            var depends = i < 10 ? "" : $", depends: t{i - 10:000}";
            text.AppendLine($"- {{name: t{i:000}, image: x, command: sh, args: [-c, \"echo t{i:000} >> ${{RUN_PATH}}/lines; sleep 0.{i % 7}\"]{depends}}}");
        }
        return text.ToString();
    }
}
