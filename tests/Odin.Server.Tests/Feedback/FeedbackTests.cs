using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Feedback;
using Odin.Server.Feedback;

namespace Odin.Server.Tests.Feedback;

/// <summary>Feedback is taken in as the inherited collector takes it, and can be read again.</summary>
public sealed class FeedbackTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestServer Server => fixture.Server;

    [Theory]
    [InlineData("/api/v1/feedback")]
    [InlineData("/api/v1/feedback/")]
    [InlineData("/api/v1/feedback/model/wine/api/model")]
    [InlineData("/feedback")]
    [InlineData("/feedback/model/")]
    public async Task Add_AtAnyPath_AnswersWhatWasTaken(string path)
    {
        var (status, body) = await SendAsync(path, "{ \"correct\" :\n true, \"ä\": 1.50 }");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("{\"requestID\":\"abc\",\"modelVersion\":\"1.0\",\"modelName\":\"wine\",\"payload\":{\"json\":{\"correct\":true,\"ä\":1.50}}}", body);
    }

    [Fact]
    public async Task Add_OtherHeaders_AreTakenWherePlainOnesAreMissing()
    {
        var (status, body) = await SendAsync("/api/v1/feedback", "1", headers: [("X-Request-ID", "x"), ("x-model-name", "xm"), ("X-Model-Version", "xv")]);
        Assert.Equal((HttpStatusCode.OK, "{\"requestID\":\"x\",\"modelVersion\":\"xv\",\"modelName\":\"xm\",\"payload\":{\"json\":1}}"), (status, body));
        (_, body) = await SendAsync("/api/v1/feedback", "1", headers: [("X-Request-ID", "x"), ("Request-Id", "plain"), ("x-model-name", "xm"), ("model-name", "m"), ("model-version", "v"), ("x-model-version", "xv")]);
        Assert.Equal("{\"requestID\":\"plain\",\"modelVersion\":\"v\",\"modelName\":\"m\",\"payload\":{\"json\":1}}", body);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData(null)]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Add_OtherContent_IsNotKept(string? type)
    {
        var (status, body) = await SendAsync("/api/v1/feedback", "no json", type);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.EndsWith("\"payload\":{}}", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=utf-8")]
    public async Task Add_Json_IsKept(string type)
    {
        var (_, body) = await SendAsync("/api/v1/feedback", "[null]", type);
        Assert.EndsWith("\"payload\":{\"json\":[null]}}", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Add_Mistakes_AreSaidInTheOrderAndWordsOfTheCollector()
    {
        await RefusedAsync("request-id header is missed", "no json", []);
        await RefusedAsync("request-id header is missed", "no json", [("request-id", ""), ("model-name", "m"), ("model-version", "v")]);
        await RefusedAsync("model-name or model-version header is empty", "no json", [("request-id", "a")]);
        await RefusedAsync("model-name or model-version header is empty", "no json", [("request-id", "a"), ("model-name", "m")]);
        await RefusedAsync("model-name or model-version header is empty", "no json", [("request-id", "a"), ("model-version", "v")]);
        foreach (var text in (string[])["no json", "", "{", "{} {}", "\"\\ud800\"", "{\"a\":\"\\udc00\"}", new string('[', 100)])
            await RefusedAsync("Cannot parse data", text, null);

        async Task RefusedAsync(string text, string content, (string, string)[]? headers)
        {
            var (status, body) = await SendAsync("/api/v1/feedback", content, headers: headers);
            Assert.Equal((HttpStatusCode.BadRequest, $"{{\"error\":\"{text}\"}}"), (status, body));
        }
    }

    [Theory]
    [InlineData(31, HttpStatusCode.OK)]
    [InlineData(32, HttpStatusCode.OK)]
    [InlineData(33, HttpStatusCode.BadRequest)]
    [InlineData(100_000, HttpStatusCode.BadRequest)]
    public async Task Add_NestedJson_IsTakenUpToABound(int depth, HttpStatusCode expected)
    {
        var json = new string('[', depth) + new string(']', depth);
        var (status, body) = await SendAsync("/api/v1/feedback", json, headers: [("request-id", $"{depth}"), ("model-name", "deep"), ("model-version", "1")]);
        Assert.Equal(expected, status);
        if (expected != HttpStatusCode.OK)
        {
            Assert.Equal("{\"error\":\"Cannot parse data: it is nested deeper than 32 levels\"}", body);
            return;
        }
        // What is taken in can be read.
        Assert.Contains(json, await Server.Client.GetStringAsync("/v1/feedback?model=deep", Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_FeedbackDeeperThanItMayBeNow_IsListedAndJoined()
    {
        var deep = new string('[', 63) + new string(']', 63);
        var now = TimeProvider.System.GetUtcNow();
        var name = $"older/1/{now:'year='yyyy'/month='MM'/day='dd'/'yyyyMMddHH}_0.json";
        var time = $"{now:yyyy-MM-dd HH:mm:ss} +0000";
        await WriteAsync("feedback", $"{{\"request_id\":\"a\",\"model_name\":\"older\",\"model_version\":\"1\",\"payload\":{{\"json\":{deep}}},\"time\":\"{time}\"}}\n");
        await WriteAsync("request_response", $"{{\"request_id\":\"a\",\"model_name\":\"older\",\"model_version\":\"1\",\"request_content\":\"{deep}\",\"time\":\"{time}\"}}\n");
        Assert.Contains(deep, await Server.Client.GetStringAsync("/v1/feedback?model=older", Token), StringComparison.Ordinal);
        var line = JsonNode.Parse(await Server.Client.GetStringAsync("/v1/feedback/join?model=older", Token), null, new System.Text.Json.JsonDocumentOptions { MaxDepth = 128 })!;
        Assert.Equal((deep, deep), (line["request"]!.ToJsonString(new System.Text.Json.JsonSerializerOptions { MaxDepth = 128 }), line["feedback"]![0]!["payload"]!.ToJsonString(new System.Text.Json.JsonSerializerOptions { MaxDepth = 128 })));

        async Task WriteAsync(string tag, string text)
        {
            var path = Path.Combine(Server.Data, "feedback", "model_log", tag, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text, Token);
        }
    }

    [Fact]
    public async Task Add_NamesAsTheAnswersOfModelsHaveThem_AreWhatIsRecorded()
    {
        var (_, body) = await SendAsync("/api/v1/feedback", "1", headers: [("request-id", "a%20b"), ("model-name", Uri.EscapeDataString("größer 100%")), ("model-version", "1.0%2B%C3%A4")]);
        Assert.Equal("{\"requestID\":\"a%20b\",\"modelVersion\":\"1.0+ä\",\"modelName\":\"größer 100%\",\"payload\":{\"json\":1}}", body);
        var list = JsonNode.Parse(await Server.Client.GetStringAsync($"/v1/feedback?model={Uri.EscapeDataString("größer 100%")}", Token))!;
        Assert.Equal("größer 100%", (string?)Assert.Single(list["feedback"]!.AsArray())!["modelName"]);
    }

    [Fact]
    public async Task Add_InvalidUtf8_IsRefused()
    {
        using var client = Server.Admin();
        using var request = Request("/api/v1/feedback", new ByteArrayContent([(byte)'"', 0xFF, (byte)'"']), "application/json", null);
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal((HttpStatusCode.BadRequest, "{\"error\":\"Cannot parse data\"}"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token)));
    }

    [Fact]
    public async Task Add_LargeBody_IsRefused()
    {
        var (status, body) = await SendAsync("/api/v1/feedback", $"\"{new string('x', 1 << 20)}\"");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "{\"error\":\"The body is larger than 1048576 bytes.\"}"), (status, body));
        (status, _) = await SendAsync("/api/v1/feedback", $"\"{new string('x', (1 << 20) - 2)}\"");
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task Add_WithoutToken_IsRefused()
    {
        using var request = Request("/api/v1/feedback", new StringContent("1"), "application/json", null);
        using var answer = await Server.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Add_JournalCannotBeWritten_AnswersThatItIsNotDelivered()
    {
        await using var server = await TestServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(server.Data, "feedback-journal"), "", Token);
        using var client = server.Admin();
        using var request = Request("/api/v1/feedback", new StringContent("1"), "application/json", null);
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal((HttpStatusCode.BadGateway, "{\"error\":\"Cannot deliver message\"}"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token)));
    }

    [Fact]
    public async Task List_AndJoin_GiveWhatWasRecorded()
    {
        await using var server = await TestServer.StartAsync();
        var capture = server.Services.GetRequiredService<PayloadCapture>();
        var now = DateTimeOffset.FromUnixTimeSeconds(server.Services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds());
        Assert.True(capture.TryAdd(Exchange("a", now, "{\"columns\":[\"x\"],\"data\":[[1]]}", "{\"prediction\":[[2]],\"columns\":[\"y\"]}")));
        Assert.True(capture.TryAdd(Exchange("b", now, "no json", "\"\\ud800\"")));
        Assert.True(capture.TryAdd(Exchange("silent", now, "", "")));
        using var client = server.Admin();
        foreach (var (id, json) in new[] { ("a", "{\"truthful\":1}"), ("b", "[1]"), ("a", "2"), ("unknown", "3") })
        {
            using var request = Request("/api/v1/feedback", new StringContent(json), "application/json", [("request-id", id), ("model-name", "wine"), ("model-version", "1.0")]);
            using var answer = await client.SendAsync(request, Token);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var list = await ReadAsync(server, "/v1/feedback?model=wine&version=1.0&limit=3");
        Assert.Equal(["a", "b", "a"], list["feedback"]!.AsArray().Select(f => (string?)f!["requestId"]));
        Assert.Equal("{\"truthful\":1}", list["feedback"]![0]!["payload"]!.ToJsonString());
        var rest = await ReadAsync(server, $"/v1/feedback?model=wine&version=1.0&continue={list["continue"]}");
        Assert.Equal("unknown", (string?)Assert.Single(rest["feedback"]!.AsArray())!["requestId"]);
        Assert.Null(rest["continue"]);

        var lines = (await server.Client.GetStringAsync("/v1/feedback/join?model=wine&since=1h", Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        var joined = JsonNode.Parse(lines[0])!.AsObject();
        Assert.Equal(["requestId", "modelName", "modelVersion", "time", "status", "request", "response", "feedback"], joined.Select(m => m.Key));
        Assert.Equal("[[1]]", joined["request"]!["data"]!.ToJsonString());
        Assert.Equal("[[2]]", joined["response"]!["prediction"]!.ToJsonString());
        Assert.Equal(["{\"truthful\":1}", "2"], joined["feedback"]!.AsArray().Select(f => f!["payload"]!.ToJsonString()));
        Assert.Equal("no json", (string?)JsonNode.Parse(lines[1])!["request"]);
        Assert.Equal("\"\\ud800\"", (string?)JsonNode.Parse(lines[1])!["response"]);
        lines = (await server.Client.GetStringAsync("/v1/feedback/join?model=wine&all=true", Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Equal("", await server.Client.GetStringAsync($"/v1/feedback/join?model=wine&since={now.AddDays(-2):yyyy-MM-dd'T'HH:mm:ss'Z'}&until=1d", Token));
    }

    [Theory]
    [InlineData("until=0001-01-01")]
    [InlineData("since=0001-01-01&until=9999-12-31T23:59:59Z")]
    public async Task List_WindowAtTheEndsOfTime_IsAnswered(string query)
    {
        using var answer = await Server.Client.GetAsync($"/v1/feedback?model=nobody&{query}", Token);
        // The first one is before everything, and says that it ends where it begins.
        Assert.Equal(query.StartsWith("until", StringComparison.Ordinal) ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("2026-03-04 10:00", "2026-03-04T10:00:00Z")]
    [InlineData("2026-03-04T10:00:00 02:00", "2026-03-04T08:00:00Z")]
    [InlineData("2026-03-04 10:00:00  0200", "2026-03-04T08:00:00Z")]
    [InlineData("2026-03-04T10:00:00+02:00", "2026-03-04T08:00:00Z")]
    [InlineData("2026-03-04", "2026-03-04T00:00:00Z")]
    public void Window_Times_AreThoseThatWereMeant(string since, string expected) =>
        Assert.Equal(expected, $"{new FeedbackWindow { Since = since }.ToQuery(new DateTimeOffset(2026, 3, 5, 0, 0, 0, TimeSpan.Zero)).Since:yyyy-MM-dd'T'HH:mm:ss'Z'}");

    [Fact]
    public async Task Join_ServerStops_DoesNotGoOn()
    {
        using var lifetime = new ServiceCollection().AddSingleton<IHostApplicationLifetime>(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance)).BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = lifetime };
        var begun = new TaskCompletionSource();
        var answer = new JoinAnswer(ReadAsync).ExecuteAsync(context);
        await begun.Task;
        lifetime.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await answer;
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, context.Response.StatusCode);

        async IAsyncEnumerable<JudgedPrediction> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            yield break;
        }
    }

    [Theory]
    [InlineData("since=yesterday", "'since' must be a time such as")]
    [InlineData("model=a&until=2026-03-04&since=2026-03-04", "'since' must be before 'until'")]
    [InlineData("version=1", "'version' must be given together with 'model'")]
    [InlineData("limit=0", "'limit' must be a number from 1 to 1000")]
    public async Task List_BadWindow_SaysWhatIsWrong(string query, string message)
    {
        using var answer = await Server.Client.GetAsync($"/v1/feedback?{query}", Token);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.StartsWith(message, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Token))!["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_CountFeedbackByItsInheritedName()
    {
        await SendAsync("/api/v1/feedback", "1");
        Assert.Matches("(?m)^total_collected_feedback [1-9]", await Server.Client.GetStringAsync("/metrics", Token));
    }

    private static CapturedExchange Exchange(string id, DateTimeOffset time, string request, string response) => new()
    {
        RequestId = id,
        ModelName = "wine",
        ModelVersion = "1.0",
        Time = time,
        Method = "POST",
        Uri = "/model/wine/api/model/invoke",
        Host = "localhost",
        Status = 200,
        RequestHeaders = [],
        ResponseHeaders = [],
        Request = new CapturedBody(Encoding.UTF8.GetBytes(request), false),
        Response = new CapturedBody(Encoding.UTF8.GetBytes(response), false),
    };

    private static async Task<JsonNode> ReadAsync(TestServer server, string path) => JsonNode.Parse(await server.Client.GetStringAsync(path, Token))!;

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string path, string content, string? type = "application/json", (string, string)[]? headers = null)
    {
        using var client = Server.Admin();
        using var request = Request(path, new StringContent(content), type, headers);
        using var answer = await client.SendAsync(request, Token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    private static HttpRequestMessage Request(string path, HttpContent content, string? type, (string Name, string Value)[]? headers)
    {
        content.Headers.Remove("Content-Type");
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        foreach (var (name, value) in headers ?? [("request-id", "abc"), ("model-name", "wine"), ("model-version", "1.0")])
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}
