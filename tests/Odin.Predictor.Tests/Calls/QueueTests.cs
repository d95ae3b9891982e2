using System.Net.Sockets;
using System.Text;

namespace Odin.Predictor.Tests.Calls;

/// <summary>The line of requests that wait, and who may hold up whom.</summary>
public sealed class QueueTests
{
    [Fact]
    public async Task Queue_Full_RefusesWithRetryAfter()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_QUEUE"] = "2" });
        var held = PredictorServer.ReadAsync(server.SayAsync("wait hold"));
        await server.StartedAsync("hold");
        var waiting = new[] { "a", "b" }.Select(w => PredictorServer.ReadAsync(server.SayAsync(w))).ToList();
        await server.QueuedAsync(2);
        using (var refused = await server.SayAsync("c"))
        {
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
            Assert.Contains("2 requests wait already", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        server.Go("hold");
        Assert.All(await Task.WhenAll([held, .. waiting]), a => Assert.Equal(200, a.Code));
    }

    [Fact]
    public async Task Queue_ClientThatGoesAway_GivesItsPlaceBack()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_QUEUE"] = "1" });
        var held = PredictorServer.ReadAsync(server.SayAsync("wait hold"));
        await server.StartedAsync("hold");
        using var leaves = new CancellationTokenSource();
        var leaving = server.SayAsync("never to be run", leaves.Token);
        await server.QueuedAsync(1);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await server.QueuedAsync(0);
        var next = PredictorServer.ReadAsync(server.SayAsync("b"));
        await server.QueuedAsync(1);
        server.Go("hold");
        Assert.Equal(200, (await held).Code);
        Assert.Equal(200, (await next).Code);
        Assert.Equal(2, server.Calls.Count);
        await Eventually.True(async () => await server.MetricAsync("odin_predictor_requests_total{endpoint=\"invoke\",code=\"499\"}") == 1, "the one who left is counted");
    }

    [Fact]
    public async Task Queue_ClientThatGoesAwayWhileItsRowsRun_LeavesTheWorkerWhole()
    {
        await using var server = await PredictorServer.StartAsync();
        using var leaves = new CancellationTokenSource();
        var leaving = server.SayAsync("wait hold", leaves.Token);
        await server.StartedAsync("hold");
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        server.Go("hold");
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("b"))).Code);
        Assert.Single(server.Calls.Select(c => c.Pid).Distinct());
    }

    [Fact]
    public async Task Queue_WaitOverTheTimeout_IsRefusedUnrun()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_TIMEOUT"] = "4", ["ODIN_PREDICT_BATCH_ROWS"] = "1" });
        // Both are too late: the first has run, the second has only waited.
        var held = PredictorServer.ReadAsync(server.SayAsync("hang"));
        var waiting = PredictorServer.ReadAsync(server.SayAsync("hang"));
        var answers = await Task.WhenAll(held, waiting);
        Assert.Contains(504, answers.Select(a => a.Code));
        Assert.All(answers, a => Assert.Contains("within 4 s", a.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Queue_SlowClients_HoldUpNobody()
    {
        await using var server = await PredictorServer.StartAsync();
        var slow = new List<Socket>();
        for (var i = 0; i < 50; i++)
        {
            slow.Add(await server.ConnectAsync());
            await slow[^1].SendAsync(Encoding.ASCII.GetBytes("POST /api/model/invoke HTTP/1.1\r\nHost: predictor\r\nContent-Length: 100000\r\n\r\n{\"data\": "));
        }
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("quick"))).Code);
        Assert.Equal(0, await server.MetricAsync("odin_predictor_queue_length"));
        foreach (var socket in slow)
            socket.Dispose();
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("quick"))).Code);
    }

    [Fact]
    public async Task Queue_TwoThreads_RunTwoCallsAtOnce()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODIN_PREDICT_THREADS"] = "2" });
        var first = PredictorServer.ReadAsync(server.SayAsync("wait one"));
        await server.StartedAsync("one");
        var second = PredictorServer.ReadAsync(server.SayAsync("wait two"));
        await server.StartedAsync("two");
        Assert.Single(server.Calls.Select(c => c.Pid).Distinct());
        server.Go("one");
        server.Go("two");
        Assert.All(await Task.WhenAll(first, second), a => Assert.Equal(200, a.Code));
    }
}
