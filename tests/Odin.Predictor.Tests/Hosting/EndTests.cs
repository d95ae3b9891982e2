using System.Net.Sockets;
using System.Text;

namespace Odin.Predictor.Tests.Hosting;

/// <summary>How the server ends: when it is told to, and when it is killed.</summary>
public sealed class EndTests
{
    [Fact]
    public async Task End_Terminated_FinishesWhatRunsAndTakesNothingNew()
    {
        await using var server = await PredictorServer.StartAsync();
        var running = PredictorServer.ReadAsync(server.SayAsync("wait hold"));
        await server.StartedAsync("hold");
        var waiting = PredictorServer.ReadAsync(server.SayAsync("x"));
        await server.QueuedAsync(1);
        var workers = server.Workers;
        await server.SignalAsync("TERM");
        await Eventually.True(async () => (await PredictorServer.ReadAsync(server.Client.GetAsync("/readyz"))).Code == 503, "it is not ready any more");
        var (code, body) = await PredictorServer.ReadAsync(server.SayAsync("y"));
        Assert.Equal((503, """{"message":"The model server is ending."}"""), (code, body));
        server.Go("hold");
        Assert.Equal(200, (await running).Code);
        Assert.Equal(200, (await waiting).Code);
        Assert.Equal(0, await server.ExitAsync());
        Assert.NotEmpty(workers);
        Assert.All(workers, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
    }

    [Fact]
    public async Task End_TerminatedWithAHangingCall_EndsAfterTheDrain()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_DRAIN"] = "1", ["ODIN_PREDICT_TIMEOUT"] = "8" });
        var running = server.SayAsync("spin");
        await Eventually.True(() => server.Calls.Count == 1, "the call runs");
        var workers = server.Workers;
        await server.SignalAsync("TERM");
        Assert.Equal(0, await server.ExitAsync());
        Assert.All(workers, pid => Assert.False(Directory.Exists($"/proc/{pid}")));
        await Record.ExceptionAsync(() => running);
    }

    [Theory]
    [InlineData("spin")]
    [InlineData("hang")]
    public async Task End_Killed_LeavesNoWorker(string word)
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_WORKERS"] = "2" });
        var running = server.SayAsync(word);
        await Eventually.True(() => server.Calls.Count == 1, "the call runs");
        var workers = server.Workers;
        Assert.Contains(server.Calls[0].Pid, workers);
        await server.SignalAsync("KILL");
        await Eventually.True(() => workers.All(pid => !Directory.Exists($"/proc/{pid}")), "the workers are gone");
        await Record.ExceptionAsync(() => running);
    }

    [Fact]
    public async Task End_TerminatedGroup_StillDrains()
    {
        await using var server = await PredictorServer.StartAsync();
        var running = PredictorServer.ReadAsync(server.SayAsync("wait hold"));
        await server.StartedAsync("hold");
        // As a terminal or an executor does it: everybody gets the signal.
        foreach (var pid in server.Workers.Append(server.Pid))
            await server.SignalAsync("TERM", pid);
        server.Go("hold");
        Assert.Equal(200, (await running).Code);
        Assert.Equal(0, await server.ExitAsync());
    }

    [Fact]
    public async Task End_WithAnIdleConnection_DoesNotWaitForIt()
    {
        await using var server = await PredictorServer.StartAsync();
        using var idle = await server.ConnectAsync();
        await idle.SendAsync(Encoding.ASCII.GetBytes("GET /healthcheck HTTP/1.1\r\nHost: predictor\r\n\r\n"));
        Assert.True(await idle.ReceiveAsync(new byte[1000], SocketFlags.None) > 0);
        await server.SignalAsync("INT");
        Assert.Equal(0, await server.ExitAsync());
    }
}
