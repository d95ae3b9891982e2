using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests.Invocations;

/// <summary>The inherited protocol, with the real server and a real model.</summary>
public sealed class InvokeTests
{
    [Fact]
    public async Task Invoke_Rows_AnswersPredictionsAndHeaders()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/model/invoke") { Content = new StringContent("""{"columns":["b","a"],"data":[[1,0.5],[2,3]]}""") };
        request.Headers.Add("X-Request-Id", "outer-7");
        using var answer = await server.Client.SendAsync(request);
        Assert.Equal("""{"prediction":[[1.5],[5]],"columns":["sum"]}""", await answer.Content.ReadAsStringAsync());
        Assert.Equal(("tiny", "2.5", "outer-7"), (Header(answer, "Model-Name"), Header(answer, "Model-Version"), Header(answer, "Request-Id")));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);

        // Columns by position; an identity of our own.
        using var second = await server.PostAsync("""{"data":[[1,2,"x"]]}""");
        Assert.Equal("""{"prediction":[[3]],"columns":["sum"]}""", await second.Content.ReadAsStringAsync());
        Assert.True(Guid.TryParse(Header(second, "Request-Id"), out _));
    }

    [Fact]
    public async Task Invoke_BadInput_AnswersAllErrorsAtOnce()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        foreach (var (body, parts) in BadInput)
        {
            var (code, text) = await PredictorServer.ReadAsync(server.PostAsync(body));
            Assert.True(code == 400, $"{body}: {code} {text}");
            var message = (string)JsonNode.Parse(text)!["message"]!;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
        // None of it has reached the model, and it goes on.
        Assert.Equal(0, await server.MetricAsync("odin_predictor_call_seconds_count"));
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.PostAsync("""{"columns":["a","b"],"data":[[1,2]]}"""))).Code);
    }

    private static readonly (string Body, string[] Parts)[] BadInput =
    [
        ("", ["Please provide data with this POST request"]),
        (" \n", ["Please provide data with this POST request"]),
        ("{\"data\": [[1,\n 2,, 3]]}", ["Can not parse input as JSON: line 2, column 4: ", "Send an object such as"]),
        ("""{"data": [[1, NaN]]}""", ["line 1, column 15"]),
        ("""{"data": [[1, 2, "x"]]} more""", ["Can not parse input as JSON"]),
        ("[[1, 2]]", ["no object"]),
        ("\"text\"", ["no object"]),
        ("{}", ["Matrix is not provided"]),
        ("""{"data": null}""", ["Matrix is not provided"]),
        ("""{"data": []}""", ["Matrix is not provided", "no row"]),
        ("""{"data": {"a": 1}}""", ["'data' must be an array of rows"]),
        ("""{"columns": "a", "data": [[1]]}""", ["'columns' must be an array of names"]),
        ("""{"columns": [1, 2], "data": [[1, 2, "x"]]}""", ["'columns' must be an array of names"]),
        ("""{"columns": ["a", "a", "b"], "data": [[1, 2, 3]]}""", ["Column 'a' is named twice"]),
        ("""{"columns": ["a", "c"], "data": [[1, 2]]}""", ["Column 'b' is missing in 'columns'", "Column 'c' is not known", "'a', 'b', 'note'"]),
        ("""{"columns": ["x"], "data": [[1]]}""", ["Columns 'a', 'b' are missing"]),
        ("""{"columns": ["a", "b"], "data": [[1, 2], [3], [4, 5, 6]]}""", ["Row 2 has 1 value for the 2 columns", "Row 3 has 3 values for the 2 columns"]),
        ("""{"columns": ["a", "x"], "data": [[1, 2], [3]]}""", ["Column 'b' is missing", "Row 2 has 1 value"]),
        ("""{"data": [[1, 2], [3, 4]]}""", ["All 2 rows have 2 values where the model takes 3 columns"]),
        ("""{"data": [1, 2]}""", ["Row 1 is a number", "Row 2 is a number"]),
        ("""{"columns": ["b", "a"], "data": [["one", 1], [2, "two"], [3, [4]]]}""",
            ["Row 1 has \"one\" in column 'b', which must be a number", "Row 2 has \"two\" in column 'a'", "Row 3 has an array in column 'a'"]),
    ];

    [Fact]
    public async Task Invoke_NotUtf8_SaysWhere()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        using var answer = await server.Client.PostAsync("/api/model/invoke", new ByteArrayContent([.. "{\"data\": [[\""u8, 0xff, .. "\"]]}"u8]));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Can not decode POST data using utf-8 charset: the byte at position 12", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_UnknownColumnBesideTheOthers_IsTheModelsAffair()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        Assert.Equal((200, """{"prediction":[[3]],"columns":["sum"]}"""), await PredictorServer.ReadAsync(server.PostAsync("""{"columns":["id","a","b"],"data":[["k",1,2]]}""")));
    }

    [Fact]
    public async Task Invoke_WithoutCheck_LeavesEverythingToTheModel()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder, new() { ["ODIN_PREDICT_CHECK"] = "off" });
        Assert.Equal((200, """{"prediction":[["xy"]],"columns":["sum"]}"""), await PredictorServer.ReadAsync(server.PostAsync("""{"data":[["x","y"]]}""")));
    }

    [Fact]
    public async Task Invoke_MissingValues_AreTheClientsMistakeWhereTheModelTakesNone()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        var (code, text) = await PredictorServer.ReadAsync(server.PostAsync("""{"columns":["a","b"],"data":[[1,null]]}"""));
        Assert.Equal(400, code);
        Assert.Contains("missing values (null)", text, StringComparison.Ordinal);
        Assert.Contains("Exception during prediction: TypeError", text, StringComparison.Ordinal);
        // One that takes them gets them.
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.PostAsync("""{"columns":["a","b","note"],"data":[[1,2,null]]}"""))).Code);
    }

    [Fact]
    public async Task Invoke_NumbersThatJsonDoesNotKnow_BecomeNull()
    {
        await using var server = await PredictorServer.StartAsync("""
            def init():
                return "matrix"
            def info():
                return [], []
            def predict_on_matrix(rows, provided_columns_names=None):
                return [[float("nan"), 1.5], [float("inf"), "é"]], None
            """);
        Assert.Equal((200, """{"prediction":[[null,1.5],[null,"\u00e9"]],"columns":[]}"""), await PredictorServer.ReadAsync(server.PostAsync("""{"data":[[1],[2]]}""")));
    }

    [Fact]
    public async Task Invoke_ModelThrows_AnswersItsWordsAndLogsWhere()
    {
        await using var server = await PredictorServer.StartAsync();
        Assert.Equal((500, """{"message":"Exception during prediction: RuntimeError: this row cannot be predicted"}"""), await PredictorServer.ReadAsync(server.SayAsync("throw")));
        Assert.Equal(500, (await PredictorServer.ReadAsync(server.SayAsync("sys.exit"))).Code);
        Assert.Equal((200, """{"prediction":["x!"],"columns":["echo"]}"""), await PredictorServer.ReadAsync(server.SayAsync("x")));
        await Eventually.True(() => server.Output.Contains("in obey", StringComparison.Ordinal), "the place of the error is in the log");
        Assert.Single(server.Calls.Select(c => c.Pid).Distinct());
    }

    [Fact]
    public async Task Invoke_BodyOfFiftyMegabytes_IsRefusedAndTheConnectionLives()
    {
        await using var server = await PredictorServer.StartAsync();
        var big = new byte[50_000_000];
        Array.Fill(big, (byte)' ');
        using var answer = await server.Client.PostAsync("/api/model/invoke", new ByteArrayContent(big));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("larger than 33554432 bytes", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        // And without a length.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/model/invoke") { Content = new StreamContent(new MemoryStream(big)) };
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, chunked.StatusCode);
        Assert.Equal(200, (await PredictorServer.ReadAsync(server.SayAsync("x"))).Code);
    }

    [Fact]
    public async Task Invoke_ManyRows_ComeBackInOrder()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        var body = new StringBuilder("{\"columns\":[\"a\",\"b\"],\"data\":[");
        for (var i = 0; i < 200_000; i++)
            body.Append(i == 0 ? "" : ",").Append('[').Append(i).Append(",1]");
        var (code, text) = await PredictorServer.ReadAsync(server.PostAsync(body.Append("]}").ToString()));
        Assert.Equal(200, code);
        var rows = JsonNode.Parse(text)!["prediction"]!.AsArray();
        Assert.Equal(200_000, rows.Count);
        Assert.Equal(200_000, (int)rows[^1]![0]!);
    }

    [Fact]
    public async Task Invoke_ModelNameInOtherLetters_IsEscapedInTheHeader()
    {
        await using var server = await PredictorServer.StartAsync(settings: new() { ["ODAHU_MODEL_NAME"] = "wïne 2" });
        using var answer = await server.SayAsync("x");
        Assert.Equal("w%C3%AFne%202", Header(answer, "Model-Name"));
        Assert.Equal("wïne 2", (string)JsonNode.Parse(await server.Client.GetStringAsync("/v2/models/w%C3%AFne%202"))!["name"]!);
    }

    [Fact]
    public async Task Invoke_OtherMethodOrPath_IsSaid()
    {
        await using var server = await PredictorServer.StartAsync();
        Assert.Equal(405, (await PredictorServer.ReadAsync(server.Client.GetAsync("/api/model/invoke"))).Code);
        var (code, text) = await PredictorServer.ReadAsync(server.Client.GetAsync("/api/model"));
        Assert.Equal(404, code);
        Assert.Contains("\"message\"", text, StringComparison.Ordinal);
        Assert.Equal((200, """{"status":true}"""), await PredictorServer.ReadAsync(server.Client.GetAsync("/healthcheck")));
    }

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));
}
