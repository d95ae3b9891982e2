using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Cli.Tests.Runs;

/// <summary>The WebSocket protocol with <c>--scheme ws</c>, against frames as documented.</summary>
public sealed class SocketTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();
    private readonly List<JsonNode> requests = [];
    private string[] frames = [];

    public SocketTests() => server.OnStream("GET /", AnswerAsync);

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Ping_PrintsThePong()
    {
        frames = ["""{"status":"OK","response":"PONG now"}"""];
        Assert.Equal("PONG now\n", (await RunAsync("ping")).Out);
        Assert.Equal("PING", requests.Single()["command"]!.GetValue<string>());
    }

    [Fact]
    public async Task Run_LogsEveryFrameUntilTheEnd()
    {
        frames =
        [
            """{"status":"OK","response":"par-x"}""", """{"status":"OK","response":"Submitting par-x--a"}""",
            """{"status":"OK","response":"Done running par-x--a"}""", """{"status":"END","response":"par-x"}""",
        ];
        var result = await RunAsync("run", "par");
        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal("par-x\nSubmitting par-x--a\nDone running par-x--a\npar-x\n", result.Error);
        Assert.Equal("""{"command":"START","request":"par"}""", requests.Single().ToJsonString());
    }

    [Fact]
    public async Task Run_TerminatedRun_IsAFailure()
    {
        frames = ["""{"status":"OK","response":"par-x"}""", """{"status":"OK","response":"Pipeline: par-x Terminated"}""", """{"status":"END","response":"par-x"}"""];
        Assert.Equal(ExitCode.Failure, (await RunAsync("run", "par", "--x:a", "1")).ExitCode);
    }

    [Fact]
    public async Task Status_PrintsTheSameBlockAsOverRest()
    {
        frames =
        [
            """
            {"status":"OK","response":[{"pipeline_status":{"label":"p-1","job":"p","version":null,"status":"RUNNING","submitted":"s","completed":null},
             "task_statuses":[{"task":"p-1--a","status":"executed","command":["sh","-c"],"name":"a","image":"i","resource_type":"Pod","resource_id":"r","submitted":"t","completed":"u"},
                              {"task":"p-1--b","status":"waiting","command":"c","name":"b","image":"i","resource_type":"Pod","resource_id":null,"submitted":null,"completed":null}]}]}
            """,
        ];
        Assert.Equal(
            """
            p-1      --> RUNNING
            Started  --> s

            task   | status   | command | resource_id | submitted
            -------+----------+---------+-------------+----------
            p-1--a | executed | sh -c   | r           | t········
            p-1--b | waiting  | c       | None        | None·····

            """.Replace('·', ' '),
            (await RunAsync("status", "p")).Out);
    }

    [Fact]
    public async Task Logs_AreTextUntilTheEnd()
    {
        frames = ["""{"status":"OK","response":"a\nb\n"}""", """{"status":"OK","response":"c\n"}""", """{"status":"END","response":"LOGS"}"""];
        Assert.Equal("a\nb\nc\n", (await RunAsync("logs", "r", "--lines", "7")).Out);
        Assert.Equal("""{"command":"LOGS","request":{"resource":"r","namespace":"default","lines":7}}""", requests.Single().ToJsonString());
    }

    [Fact]
    public async Task Cleanup_SendsAndPrintsAsTheOriginal()
    {
        frames = ["""{"status":"OK","response":[{"task_id":"r","cleaned_from_k8s":"No","purged_from_db":"Yes","removed_from_fs":"No"}]}"""];
        var result = await RunAsync("cleanup", "r", "--db");
        Assert.Equal(
            "Results of this request:\n         task_id = r\ncleaned_from_k8s = No\n  purged_from_db = Yes\n removed_from_fs = No\n", result.Out);
        Assert.Equal("""{"command":"CLEANUP","request":{"work":"r","purge_db":true,"purge_fs":false}}""", requests.Single().ToJsonString());
    }

    [Fact]
    public async Task Show_PrintsEveryFile()
    {
        frames = ["""{"status":"OK","response":{"main.yml":"tasks: []"}}"""];
        Assert.Equal($"main.yml\n{new string('=', 100)}\ntasks: []\n\n", (await RunAsync("show", "j")).Out);
    }

    [Fact]
    public async Task Events_TakeTheTypeOfTheProtocol()
    {
        frames = ["""{"status":"OK","response":[{"type":"Normal","reason":"R","source":"S","message":"M","timestamp":"T"}]}"""];
        Assert.StartsWith("     type = Normal\n", (await RunAsync("events", "r")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_IsAMessageAndAnExitCode()
    {
        frames = ["""{"status":"ERROR","response":"'No job x found in jobs DB'"}"""];
        var result = await RunAsync("data", "x");
        Assert.Equal(ExitCode.NotFound, result.ExitCode);
        Assert.Contains("No job x found", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyListens_IsUnavailable() =>
        Assert.Equal(ExitCode.Unavailable, (await cli.RunAsync("ping", "--url", "ws://127.0.0.1:1")).ExitCode);

    private Task<CliResult> RunAsync(params string[] arguments) => cli.RunAsync(
        [.. arguments, "--scheme", "ws", "--host", "127.0.0.1", "--port", server.Port.ToString(CultureInfo.InvariantCulture)]);

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var accepted = await context.AcceptWebSocketAsync(null);
        using var socket = accepted.WebSocket;
        var buffer = new byte[64 * 1024];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
        requests.Add(JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, received.Count))!);
        foreach (var frame in frames)
            await socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, CancellationToken.None);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }
}
