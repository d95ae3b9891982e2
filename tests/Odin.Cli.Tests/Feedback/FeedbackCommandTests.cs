using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Cli.Tests.Feedback;

/// <summary><c>odin feedback</c>, against a server that answers as ours does.</summary>
public sealed class FeedbackCommandTests : IAsyncDisposable
{
    private const string Joined = """
        {"requestId":"a","modelName":"wine","modelVersion":"1.0","time":"2026-03-04T10:06:00+00:00","status":200,"request":{"columns":["pH","kind"],"data":[[3.3,"red, dry"]]},"response":{"prediction":[[5.5]],"columns":["quality"]},"feedback":[{"time":"2026-03-04T10:07:00+00:00","payload":{"truthful":5}},{"time":"2026-03-05T10:07:00+00:00","payload":{"truthful":6}}]}
        {"requestId":"b","modelName":"wine","modelVersion":"1.0","time":"2026-03-04T10:06:01+00:00","status":200,"request":{"columns":["pH"],"data":[[1],[2]]},"response":"no \"JSON\"","feedback":[{"time":"2026-03-04T10:07:00+00:00","payload":[1]}]}

        """;

    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public FeedbackCommandTests()
    {
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = "t";
        server.On("GET /v1/feedback/join", _ => new ReplayAnswer(200, Joined, "application/x-ndjson"));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Join_Csv_HasAColumnForEachName()
    {
        var result = await cli.RunAsync("feedback", "join", "--model-name", "wine", "--model-version", "1.0", "--since", "7d", "--until", "1h", "--all", "-o", "csv");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            [
                "time,requestId,modelName,modelVersion,status,input.pH,input.kind,input,prediction.quality,prediction,feedback.truthful,feedback",
                "2026-03-04T10:06:00+00:00,a,wine,1.0,200,3.3,\"red, dry\",,5.5,,6,",
                "2026-03-04T10:06:01+00:00,b,wine,1.0,200,,,\"{\"\"columns\"\":[\"\"pH\"\"],\"\"data\"\":[[1],[2]]}\",,\"no \"\"JSON\"\"\",,[1]",
            ],
            result.Lines);
        Assert.Equal("/v1/feedback/join?model=wine&version=1.0&since=7d&until=1h&all=true", Assert.Single(server.Requests).PathAndQuery);
    }

    [Fact]
    public async Task Join_Json_IsADocument_AndALimitIsSaid()
    {
        var result = await cli.RunAsync("feedback", "join", "-o", "json");
        Assert.Equal(["a", "b"], JsonNode.Parse(result.Out)!.AsArray().Select(r => (string?)r!["requestId"]));
        Assert.Equal("", result.Error);
        result = await cli.RunAsync("feedback", "join", "-o", "json", "--limit", "1");
        Assert.Single(JsonNode.Parse(result.Out)!.AsArray());
        Assert.Equal("There are more than these 1; --limit 0 gives all.\n", result.Error);
    }

    [Fact]
    public async Task Join_Table_IsOneLineEach()
    {
        var result = await cli.RunAsync("feedback", "join");
        Assert.Equal(4, result.Lines.Length);
        Assert.Contains("| 5.5", result.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_ServerBreaksOff_IsAFailure()
    {
        server.OnStream("GET /v1/feedback/join", async context =>
        {
            context.Response.ContentLength64 = 100_000;
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Joined));
            context.Response.Abort();
        });
        var result = await cli.RunAsync("feedback", "join", "-o", "csv");
        Assert.Equal(ExitCode.Unavailable, result.ExitCode);
        Assert.Contains("broke off in the middle", result.Error, StringComparison.Ordinal);
    }

    /// <summary>Whoever may ask a model may write into what others look at here.</summary>
    [Theory]
    [InlineData("list", "table", true)]
    [InlineData("list", "csv", true)]
    [InlineData("join", "table", false)]
    [InlineData("join", "json", true)]
    public async Task Records_WithTerminalEscapes_AreShownWithoutThem(string command, string format, bool isTerminal)
    {
        cli.IsTerminal = isTerminal;
        const string record = """{"requestId":"a\u001b[2J","modelName":"\u009b1m","modelVersion":"1.0","time":"t","payload":{"\u001b]0;x\u0007":"\b"},"request":"\u001b[2J","response":{"columns":["\u001b[1m"],"prediction":["\u001b"]},"feedback":[]}""";
        server.On("GET /v1/feedback", $$"""{"feedback":[{{record}}]}""").On("GET /v1/feedback/join", _ => new ReplayAnswer(200, record + "\n", "application/x-ndjson"));
        var result = await cli.RunAsync("feedback", command, "-o", format);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("2J", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Out, c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public async Task List_Csv_ForAFile_IsWhatWasSaid()
    {
        server.On("GET /v1/feedback", """{"feedback":[{"requestId":"a","modelName":"m","modelVersion":"1","time":"t","payload":"\u001b[2J"}]}""");
        Assert.Equal("t,a,m,1,\e[2J", (await cli.RunAsync("feedback", "list", "-o", "csv")).Lines[1]);
    }

    [Fact]
    public async Task List_GoesThroughThePages()
    {
        server.On("GET /v1/feedback", request => new ReplayAnswer(200, request.PathAndQuery.Contains("continue=x", StringComparison.Ordinal)
            ? """{"feedback":[{"requestId":"b","modelName":"wine","modelVersion":"1.0","time":"t2","payload":"good"}]}"""
            : """{"feedback":[{"requestId":"a","modelName":"wine","modelVersion":"1.0","time":"t1","payload":{"truthful":1}}],"continue":"x"}"""));
        var result = await cli.RunAsync("feedback", "list", "--model-name", "wine", "-o", "csv");
        Assert.Equal(["time,requestId,modelName,modelVersion,feedback.truthful,feedback", "t1,a,wine,1.0,1,", "t2,b,wine,1.0,,good"], result.Lines);
        result = await cli.RunAsync("feedback", "list", "--limit", "1", "-o", "json");
        Assert.Single(JsonNode.Parse(result.Out)!.AsArray());
    }

    [Fact]
    public async Task List_Nothing_SaysWhereToLook()
    {
        server.On("GET /v1/feedback", """{"feedback":[]}""");
        var result = await cli.RunAsync("feedback", "list");
        Assert.Equal((0, ""), (result.ExitCode, result.Out));
        Assert.Contains("--since 30d", result.Error, StringComparison.Ordinal);
        Assert.Equal("[]\n", (await cli.RunAsync("feedback", "list", "-o", "json")).Out);
        Assert.Equal("", (await cli.RunAsync("feedback", "list", "-o", "csv")).Out);
    }

    [Fact]
    public async Task Send_TakesTheThreeNames()
    {
        server.On("POST /api/v1/feedback", """{"requestID":"a","modelVersion":"1.0","modelName":"wine","payload":{"json":1}}""");
        var result = await cli.RunAsync("feedback", "send", "--request-id", "a", "--model-name", "wine", "--model-version", "1.0", "--json", "{\"truthful\": 1}");
        Assert.Equal((0, "The feedback on the prediction 'a' of wine 1.0 was taken.\n"), (result.ExitCode, result.Out));
        Assert.Equal("{\"truthful\":1}", Assert.Single(server.Requests).Body);
        result = await cli.RunAsync("feedback", "send", "--request-id", "a", "--model-name", "wine");
        Assert.Equal(ExitCode.Usage, result.ExitCode);
    }

    [Fact]
    public async Task Send_NotTaken_SaysWhy()
    {
        server.On("POST /api/v1/feedback", """{"error":"Cannot deliver message"}""", 502);
        var result = await cli.RunAsync("feedback", "send", "--request-id", "a", "--model-name", "wine", "--model-version", "1.0", "--json", "1");
        Assert.Equal(ExitCode.Unavailable, result.ExitCode);
        Assert.Contains("Cannot deliver message", result.Error, StringComparison.Ordinal);
    }
}
