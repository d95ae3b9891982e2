using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Gateway;

/// <summary>Requests on their way through the gateway, to real processes and back.</summary>
public sealed class GatewayTests(ServingFixture fixture) : IClassFixture<ServingFixture>
{
    private readonly string custom = $"/custom/{Guid.NewGuid():n}"[..16];

    private ServingServer Server => fixture.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invoke_ReadyModel_SaysWhatHasAnswered()
    {
        using var response = await Server.InvokeAsync("/model/red", body: """{"data":[[1]]}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(("red", "1.0"), (Header(response, "Model-Name"), Header(response, "Model-Version")));
        Assert.True(Guid.TryParse(Header(response, "Request-Id"), out _));
        var answer = (await response.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        Assert.Equal(("/api/model/invoke", """{"data":[[1]]}"""), ((string?)answer["path"], (string?)answer["body"]));
        Assert.Equal(Header(response, "Request-Id"), (string?)answer["headers"]!["Request-Id"]);
    }

    [Theory]
    [InlineData("Request-Id", "mine-1")]
    [InlineData("X-Request-Id", "mine-2")]
    public async Task Invoke_RequestWithAnId_KeepsIt(string header, string id)
    {
        using var response = await Server.InvokeAsync("/model/red", headers: (header, id));
        Assert.Equal(id, Header(response, "Request-Id"));
    }

    [Fact]
    public async Task Invoke_PathAndQuery_ArriveAsTheyWere()
    {
        using var response = await Server.Models.GetAsync(new Uri("/model/red/some/d%20eep%2Fpath?a=1&b=%2F", UriKind.Relative), Token);
        Assert.Equal("/some/d%20eep%2Fpath?a=1&b=%2F", (string?)(await response.Content.ReadFromJsonAsync<JsonNode>(Token))!["path"]);
    }

    [Fact]
    public async Task Invoke_PathWithDots_CannotLeaveItsRoute()
    {
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync("127.0.0.1", Server.Server.Url.Port, Token);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /model/red/../blue/x/../y HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), Token);
        var text = await new StreamReader(stream).ReadToEndAsync(Token);
        // The route and what the model sees are made of the same path.
        Assert.Contains("Model-Name: blue", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"path\": \"/y\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ForgedAndHopByHopHeaders_AreTakenOut()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/model/red/api/model/invoke") { Content = new StringContent("{}") };
        foreach (var (name, value) in new[] { ("X-User", "mallory"), ("X-Jwt", "forged"), ("X-Email", "m@x"), ("X-Forwarded-User", "mallory"), ("Keep-Alive", "5"), ("X-Mine", "gone"), ("Connection", "X-Mine"), ("X-Other", "stays"), ("Cookie", "a=b") })
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Server.Models.SendAsync(request, Token);
        var seen = (await response.Content.ReadFromJsonAsync<JsonNode>(Token))!["headers"]!.AsObject().ToDictionary(h => h.Key, h => (string?)h.Value, StringComparer.OrdinalIgnoreCase);
        Assert.Equal(("admin", "stays"), (seen["X-User"], seen["X-Other"]));
        Assert.Equal("127.0.0.1", seen["X-Forwarded-For"]);
        Assert.Equal("/model/red", seen["X-Forwarded-Prefix"]);
        foreach (var name in new[] { "X-Jwt", "X-Email", "X-Forwarded-User", "Keep-Alive", "X-Mine", "Authorization", "Cookie" })
            Assert.False(seen.ContainsKey(name), $"the model sees {name}: {seen.GetValueOrDefault(name)}");
    }

    [Theory]
    [InlineData("/model/red")]
    [InlineData("/model/red/")]
    public async Task Get_PrefixAlone_DescribesTheModel(string path)
    {
        using var response = await Server.Models.GetAsync(new Uri(path, UriKind.Relative), Token);
        Assert.Equal("red", (string?)(await response.Content.ReadFromJsonAsync<JsonNode>(Token))!["info"]!["title"]);
    }

    [Theory]
    [InlineData("/model/nobody/api/model/invoke")]
    [InlineData("/model/redder")]
    [InlineData("/custom/nothing")]
    [InlineData("/model")]
    public async Task Invoke_UnknownModel_IsNotFoundWithoutABody(string path)
    {
        using var response = await Server.Models.PostAsync(new Uri(path, UriKind.Relative), null, Token);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Invoke_WithABadToken_Is401()
    {
        using var client = Server.Server.With("nonsense");
        using var response = await client.PostAsync(new Uri("/model/red/api/model/invoke", UriKind.Relative), null, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Invoke_FromAnotherOriginWithoutAToken_Is401()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/model/red/api/model/invoke");
        request.Headers.Add("Origin", "http://evil.example.org");
        using var response = await Server.Server.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        // On this machine, from a program, no token is needed.
        using var own = await Server.Server.Client.PostAsync(new Uri("/model/red/api/model/invoke", UriKind.Relative), null, Token);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Invoke_BodyOverTheLimit_Is413(bool hasLength)
    {
        using var content = hasLength ? new ByteArrayContent(new byte[5 << 20]) : (HttpContent)new EndlessContent(5 << 20);
        using var response = await Server.Models.PostAsync(new Uri("/model/red/api/model/invoke", UriKind.Relative), content, Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("larger than 4194304 bytes", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3 << 20, true)]
    [InlineData(3 << 20, false)]
    [InlineData(100, false)]
    [InlineData(0, true)]
    public async Task Invoke_BodyOfAnyLength_Arrives(int length, bool hasLength)
    {
        using var content = hasLength ? new ByteArrayContent(new byte[length]) : (HttpContent)new EndlessContent(length);
        using var response = await Server.Models.PostAsync(new Uri("/model/red/any", UriKind.Relative), content, Token);
        Assert.Equal(length, (int?)(await response.Content.ReadFromJsonAsync<JsonNode>(Token))!["length"]);
    }

    [Fact]
    public async Task Stream_LongRequest_GoesThroughPieceByPiece()
    {
        var content = new PieceContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/model/red/upload") { Content = content };
        request.Headers.TransferEncodingChunked = true;
        var sending = Server.Models.SendAsync(request, Token);
        // As much as is kept in memory: from then on what comes in goes out.
        await content.SendAsync(new string('x', 1 << 20));
        foreach (var piece in new[] { "first", "second" })
        {
            await content.SendAsync(piece);
            await Eventually.True(() => Server.Told("red", $"got-{piece}"), $"the model has the {piece} piece before the last one is sent");
        }
        content.Finish();
        using var response = await sending;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Stream_LongAnswer_GoesThroughPieceByPiece()
    {
        using var response = await Server.Models.GetAsync(new Uri("/model/red/download", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
        await using var stream = await response.Content.ReadAsStreamAsync(Token);
        foreach (var word in new[] { "one", "two" })
        {
            Server.Tell("red", $"send-{word}");
            var piece = new byte[word.Length];
            await stream.ReadExactlyAsync(piece, Token);
            Assert.Equal(word, Encoding.ASCII.GetString(piece));
        }
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Token));
    }

    [Fact]
    public async Task Invoke_ReplicaThatRefuses_IsAskedAgainOrPassedOn()
    {
        // There is one replica: what it says is told, with the time to come back.
        using var response = await Server.InvokeAsync("/model/red", "/refuse-once", $"\"{Guid.NewGuid()}\"");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Contains("full", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Route_WithWeights_SplitsAsTold()
    {
        await Server.PostAsync("model/route", RouteOf("split", """{"mdName":"red","weight":30},{"mdName":"blue","weight":70}"""));
        await WaitForRouteAsync();
        var names = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => NameAsync()));
        // Four standard deviations of a fair split.
        Assert.InRange(names.Count(n => n == "red"), 84, 156);
    }

    [Fact]
    public async Task Route_WhoseWeightsChange100Times_LosesAndMisroutesNothing()
    {
        var id = $"r-{Guid.NewGuid():n}"[..10];
        await Server.PostAsync("model/route", RouteOf(id, """{"mdName":"red","weight":100},{"mdName":"blue","weight":0}"""));
        await WaitForRouteAsync();
        using var stop = new CancellationTokenSource();
        var sent = 0;
        var load = Enumerable.Range(0, 8).Select(async _ =>
        {
            while (!stop.IsCancellationRequested || Volatile.Read(ref sent) < 10_000)
            {
                Assert.True(await NameAsync() is "red" or "blue");
                Interlocked.Increment(ref sent);
            }
        }).ToList();
        for (var i = 0; i < 100; i++)
        {
            var isRed = i % 2 == 0;
            await Server.PutAsync("model/route", RouteOf(id, $$"""{"mdName":"red","weight":{{(isRed ? 100 : 0)}}},{"mdName":"blue","weight":{{(isRed ? 0 : 100)}}}"""));
            await Eventually.True(async () => await NameAsync() == (isRed ? "red" : "blue"), "the new weight holds");
            // Once it holds, it holds for all.
            for (var j = 0; j < 5; j++)
                Assert.Equal(isRed ? "red" : "blue", await NameAsync());
        }
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.True(sent >= 10_000, $"{sent} requests");
    }

    [Fact]
    public async Task Route_StickyByHeader_KeepsAClientWithItsTarget()
    {
        await Server.PostAsync("model/route", RouteOf("sticky", """{"mdName":"red","weight":50},{"mdName":"blue","weight":50}""", ""","sticky":{"header":"X-Client"}"""));
        await WaitForRouteAsync();
        var seen = new HashSet<string>();
        foreach (var client in Enumerable.Range(0, 20).Select(i => $"client-{i}"))
        {
            var names = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => NameAsync(("X-Client", client))));
            Assert.Single(names.Distinct());
            seen.Add(names[0]);
        }
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Route_StickyByCookie_SetsItAndKeepsToIt()
    {
        await Server.PostAsync("model/route", RouteOf("cookie", """{"mdName":"red","weight":50},{"mdName":"blue","weight":50}""", ""","sticky":{"cookie":"odin-ab"}"""));
        await WaitForRouteAsync();
        var seen = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            using var first = await Server.InvokeAsync(custom);
            var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
            Assert.Matches($"^odin-ab=[0-9a-f]+; path={custom}; samesite=lax; httponly$", cookie);
            var name = Header(first, "Model-Name")!;
            seen.Add(name);
            using var second = await Server.InvokeAsync(custom, headers: ("Cookie", cookie.Split(';')[0]));
            Assert.Equal(name, Header(second, "Model-Name"));
            Assert.False(second.Headers.Contains("Set-Cookie"));
        }
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Route_WithAMirror_CopiesRequestsAndAnswersFromTheTarget()
    {
        Server.Tell("blue", "log");
        await Server.PostAsync("model/route", RouteOf("mirrored", """{"mdName":"red"}""", ""","mirror":"blue" """));
        await WaitForRouteAsync();
        var ids = Enumerable.Range(0, 10).Select(_ => Guid.NewGuid().ToString()).ToList();
        foreach (var id in ids)
            Assert.Equal("red", await NameAsync(("Request-Id", id)));
        await Eventually.True(() => ids.All(id => LogOf("blue").Contains($"blue {id}", StringComparison.Ordinal)), "the mirror has got every request");
    }

    private string LogOf(string model)
    {
        using var file = new FileStream(Path.Combine(Server.ControlOf(model), "log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return new StreamReader(file).ReadToEnd();
    }

    private string RouteOf(string id, string targets, string more = "") => $$$"""{"id":"{{{id}}}","spec":{"urlPrefix":"{{{custom}}}","modelDeployments":[{{{targets}}}]{{{more}}}}}""";

    private Task WaitForRouteAsync() => Eventually.True(
        async () =>
        {
            using var response = await Server.InvokeAsync(custom);
            return response.IsSuccessStatusCode;
        },
        "the route is there");

    private async Task<string> NameAsync(params (string, string)[] headers) => (string)(await Server.PredictAsync(custom, headers))["prediction"]![0]![0]!;

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    /// <summary>A body that does not say how long it is.</summary>
    private sealed class EndlessContent(int length) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var left = length; left > 0; left -= 4096)
                await stream.WriteAsync(new byte[Math.Min(4096, left)]);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>A body whose pieces are sent when the test says so.</summary>
    private sealed class PieceContent : HttpContent
    {
        private readonly System.Threading.Channels.Channel<string> pieces = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public PieceContent() => Headers.ContentType = new MediaTypeHeaderValue("text/plain");

        public ValueTask SendAsync(string piece) => pieces.Writer.WriteAsync(piece);

        public void Finish() => pieces.Writer.Complete();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await foreach (var piece in pieces.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(piece));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
