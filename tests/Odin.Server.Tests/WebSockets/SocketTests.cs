using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.WebSockets;

/// <summary>The frames of spec 5, over the legacy port without a token, as the inherited client sends them.</summary>
public sealed class SocketTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Three = """
        name: par-x
        tasks:
        - {name: a, image: i, command: "true"}
        - {name: b, image: i, command: [sh, -c, "true"]}
        - {name: c, image: i, command: "true", depends: [a, b]}
        """;

    private readonly TestServer server = fixture.Server;

    [Theory]
    [InlineData("""{"command":"PING","request":"now"}""", """{"status":"OK","response":"PONG now"}""")]
    [InlineData("""{"command":"PING","request":"é","id":7,"more":{"a":null}}""", """{"status":"OK","response":"PONG é","id":7,"more":{"a":null}}""")]
    [InlineData("""{"command":"NOPE","request":"x","id":7}""", """{"status":"ERROR","response":"NOPE not found.","id":7}""")]
    [InlineData("""{"request":"x","id":7}""", """{"status":"ERROR","response":"'command'"}""")]
    [InlineData("""{"command":"PING"}""", """{"status":"ERROR","response":"'request'"}""")]
    [InlineData("nonsense", """{"status":"ERROR","response":"Expecting value: line 1 column 1 (char 0)"}""")]
    [InlineData("""{"command":"DATA","request":{"resource":"x"},"id":7}""", """{"status":"ERROR","response":"'No job x found in jobs DB'"}""")]
    [InlineData("""{"command":"LOGS","request":{"resource":"x","namespace":"default"}}""", """{"status":"ERROR","response":"'No job x found in jobs DB'"}""")]
    [InlineData("""{"command":"CLEANUP","request":{"work":"x","purge_db":true,"purge_fs":true}}""", """{"status":"ERROR","response":"'No job x found in jobs DB'"}""")]
    [InlineData("""{"command":"CLEANUP","request":{"work":""}}""", """{"status":"OK","response":[]}""")]
    [InlineData("""{"command":"STATUS","request":"nothing-like-that"}""", """{"status":"OK","response":[]}""")]
    [InlineData("""{"command":"STATUS","request":null}""", """{"status":"OK","response":[]}""")]
    public async Task Ask_OneFrame_IsAnsweredWithOne(string frame, string expected)
    {
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        Assert.Equal(expected, Assert.Single(await socket.AskAsync(frame)).ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Generate_IsOff()
    {
        var frames = await AskAsync("""{"command":"GENERATE","request":{"uname":"../x"}}""");
        Assert.Equal("ERROR", (string)Assert.Single(frames)["status"]!);
        Assert.Contains("off", (string)frames[0]["response"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AJob_TellsItsWayAndEnds()
    {
        await server.PutJobAsync("socket/three", Three);
        var frames = await AskAsync("""{"command":"START","request":"socket/three","id":"corr"}""");

        Assert.All(frames, f => Assert.Equal(["status", "response", "id"], f.Keys()));
        var id = (string)frames[0]["response"]!;
        Assert.Matches("^par-x-[a-z0-9]+j$", id);
        Assert.Equal(("END", id), ((string)frames[^1]["status"]!, (string)frames[^1]["response"]!));
        var lines = frames.Skip(1).SkipLast(1).Select(f => (string)f["response"]!).ToList();
        Assert.Equal(
            new[] { "Submitting", "Done running" }.SelectMany(w => new[] { "a", "b", "c" }.Select(t => $"{w} {id}--{t}")).Order(), lines.Order());
        Assert.All(new[] { "a", "b", "c" }, t => Assert.True(lines.IndexOf($"Submitting {id}--{t}") < lines.IndexOf($"Done running {id}--{t}")));
        Assert.All(new[] { "a", "b" }, t => Assert.True(lines.IndexOf($"Done running {id}--{t}") < lines.IndexOf($"Done running {id}--c")));
    }

    [Fact]
    public async Task Start_AJobThatFails_SaysTerminated()
    {
        await server.PutJobAsync("socket/fails", "name: sf\ntasks: [{name: a, image: i, command: 'false'}]\n");
        var frames = await AskAsync("""{"command":"START","request":"socket/fails"}""");
        var id = (string)frames[0]["response"]!;
        Assert.Equal($"Pipeline: {id} Terminated", (string)frames[^2]["response"]!);
        Assert.Equal("END", (string)frames[^1]["status"]!);
    }

    [Theory]
    [InlineData("nosuch")]
    [InlineData("../../etc")]
    [InlineData("/etc")]
    public async Task Start_NoJob_IsOneError(string job)
    {
        var frames = await AskAsync($$"""{"command":"START","request":"{{job}}"}""");
        Assert.Equal("ERROR", (string)Assert.Single(frames)["status"]!);
        Assert.NotEmpty((string)frames[0]["response"]!);
    }

    [Fact]
    public async Task Start_ClientLeaves_TheRunGoesOn()
    {
        await server.PutJobAsync("socket/left", "name: left\ntasks: [{name: a, image: i, command: sleep, args: ['0.3']}, {name: b, image: i, command: 'true', depends: a}]\n");
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        await socket.SendAsync("""{"command":"START","request":"socket/left"}"""u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        var id = (string)JsonNode.Parse((await socket.ReadAsync())!)!["response"]!;
        socket.Abort();
        Assert.Equal("DONE", (string)(await server.EndAsync(id))["status"]!);
    }

    [Fact]
    public async Task Status_OfARun_HasExactlyTheKnownKeys()
    {
        var run = await server.RunAsync("socket/status", Three.Replace("par-x", "stat", StringComparison.Ordinal));
        var response = Assert.Single(await AskAsync("""{"command":"STATUS","request":"STAT-"}"""))["response"]!.AsArray();
        var row = Assert.Single(response)!;
        Assert.Equal(["pipeline_status", "task_statuses"], row.Keys());
        Assert.Equal(["label", "job", "version", "status", "submitted", "completed"], row["pipeline_status"]!.Keys());
        Assert.Equal((string)run["id"]!, (string)row["pipeline_status"]!["label"]!);
        Assert.Equal(3, row["task_statuses"]!.AsArray().Count);
        Assert.All(row["task_statuses"]!.AsArray(), t => Assert.Equal(
            ["task", "status", "command", "name", "image", "resource_type", "resource_id", "submitted", "completed"], t!.Keys()));
        Assert.Equal("sh -c true", (string)row["task_statuses"]![1]!["command"]!);
    }

    [Fact]
    public async Task Records_OverTheSocket_HaveExactlyTheKnownKeys()
    {
        var run = await server.RunAsync("socket/records", Three.Replace("par-x", "rec", StringComparison.Ordinal));
        var id = (string)run["id"]!;

        var data = Assert.Single(await AskAsync($$$"""{"command":"DATA","request":{"resource":"{{{id}}}","namespace":"default"}}"""))["response"]!;
        Assert.Equal(["success", "jobs"], data.Keys());
        var events = Assert.Single(await AskAsync($$$"""{"command":"EVENTS","request":{"resource":"{{{id}}}","namespace":"default","kind":"Pod"}}"""))["response"]!.AsArray();
        Assert.NotEmpty(events);
        Assert.All(events, e => Assert.Equal(["type", "reason", "source", "message", "timestamp"], e!.Keys()));
        Assert.All(events, e => Assert.EndsWith("+00:00", (string)e!["timestamp"]!, StringComparison.Ordinal));

        var rows = Assert.Single(await AskAsync($$$"""{"command":"CLEANUP","request":{"work":"{{{id}}}","purge_db":true,"purge_fs":false}}"""))["response"]!.AsArray();
        Assert.Equal(4, rows.Count);
        Assert.All(rows, r => Assert.Equal(["task_id", "cleaned_from_k8s", "purged_from_db", "removed_from_fs"], r!.Keys()));
        Assert.Equal($$"""{"task_id":"{{id}}","cleaned_from_k8s":"No","purged_from_db":"Yes","removed_from_fs":"No"}""", rows[0]!.ToJsonString());
    }

    [Fact]
    public async Task Logs_OfALargeTask_ComeInFramesThatTheClientTakes()
    {
        var run = await server.RunAsync("socket/flood", "name: sflood\ntasks: [{name: t, image: i, command: sh, args: [-c, 'seq 1 300000']}]\n");
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        await socket.SendAsync(Encoding.UTF8.GetBytes($$$"""{"command":"LOGS","request":{"resource":"{{{run["id"]}}}--t","namespace":"default"}}"""), WebSocketMessageType.Text, true, CancellationToken.None);
        var (text, frames, last) = (new StringBuilder(), 0, "");
        while (await socket.ReadAsync() is { } frame)
        {
            Assert.True(Encoding.UTF8.GetByteCount(frame) <= 512 * 1024);
            last = frame;
            var node = JsonNode.Parse(frame)!;
            if ((string)node["status"]! == "OK")
                text.Append((string)node["response"]!);
            frames++;
        }
        Assert.True(frames > 2);
        Assert.Equal("""{"status":"END","response":"LOGS"}""", last);
        Assert.EndsWith("\n299999\n300000\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_Followed_ComeLineByLineAndEnd()
    {
        await server.PutJobAsync("socket/follow", "name: sfollow\ntasks: [{name: t, image: i, command: sh, args: [-c, 'echo one; sleep 0.2; echo two']}]\n");
        var id = await server.SubmitAsync("socket/follow");
        var frames = await AskAsync($$$"""{"command":"LOGS","request":{"resource":"{{{id}}}--t","namespace":"default","follow":true}}""");
        Assert.Equal(
            ["""{"status":"OK","response":"one"}""", """{"status":"OK","response":"two"}""", """{"status":"END","response":"LOGS"}"""],
            frames.Select(f => f.ToJsonString()));
    }

    [Fact]
    public async Task Show_AJob_HasEveryFile()
    {
        await server.PutJobAsync("socket/shown", Three);
        using var admin = server.Admin();
        using var pushed = await admin.PostAsync("/v1/jobs/socket__shown/files/more.yml", new StringContent("x: 1\n"));
        var files = Assert.Single(await AskAsync("""{"command":"SHOW","request":"socket/shown"}"""))["response"]!;
        Assert.Equal(["main.yml", "more.yml"], files.Keys());
        Assert.Equal("ERROR", (string)Assert.Single(await AskAsync("""{"command":"SHOW","request":"../../etc"}"""))["status"]!);
    }

    [Fact]
    public async Task Receive_AMessageThatIsTooBig_ClosesWith1009()
    {
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        await socket.SendAsync(new byte[(1 << 20) + 8192], WebSocketMessageType.Text, true, CancellationToken.None);
        Assert.Null(await socket.ReadAsync());
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.CloseStatus);
    }

    [Fact]
    public async Task Get_TheLegacyPortOverHttp_IsJson()
    {
        var address = new UriBuilder(server.LegacySocket) { Scheme = "http", Path = "/v1/users" }.Uri;
        using var client = new HttpClient();
        using var response = await client.GetAsync(address);
        await response.ExpectAsync(System.Net.HttpStatusCode.UpgradeRequired);
    }

    private async Task<List<JsonObject>> AskAsync(string frame)
    {
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        var frames = await socket.AskAsync(frame);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        return frames;
    }
}
