using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Odin.Cli.Tests.Models;

/// <summary><c>odin model</c>, against a server that answers as the specification says.</summary>
public sealed class ModelCommandTests : IAsyncDisposable
{
    private const string Row = """{"columns":["a"],"data":[[1]]}""";
    private const string Info = """
        {"swagger": "2.0", "info": {"title": "wine", "version": "1.0"}, "paths": {"/api/model/invoke": {"post": {
          "parameters": [{"schema": {"properties": {"columns": {"example": ["pH", "kind"]}, "data": {"example": [[3.3, "red"]]}}}}],
          "responses": {"200": {"properties": {"columns": {"example": ["quality"]}, "prediction": {"example": [6.4]}}}}}}}}
        """;

    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public ModelCommandTests()
    {
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = "t";
        var route = $$"""{"id":"wine-x","spec":{"modelDeployments":[{"mdName":"wine","weight":100}]},"status":{"edgeUrl":"{{server.Url}}/model/wine"} }""";
        server.On("GET /api/v1/model/deployment/wine/default-route", route)
            .On("GET /api/v1/model/route/r", route)
            .On("GET /api/v1/model/deployment/wine", """{"id":"wine","spec":{"roleName":"role-wine"},"status":{"modelName":"wine","modelVersion":"1.0"}}""")
            .On("GET /model/wine/api/model/info", Info);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Theory]
    [InlineData("--md wine")]
    [InlineData("--mr r")]
    [InlineData("--model-url URL/model/wine/")]
    public async Task Info_ShowsColumnsWithTheirExamples(string place)
    {
        var result = await RunAsync($"model info {place}");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(
            $"wine 1.0 at {server.Url}/model/wine\n\ninput | example\n------+--------\npH    | 3.3    \nkind  | red    \n\noutput  | example\n--------+--------\nquality | 6.4    \n", result.Out);
        Assert.All(server.Requests, r => Assert.Equal("Bearer t", r.Authorization));
    }

    [Fact]
    public async Task Info_OfAModelWithoutSamples_IsSaid_AndWholeForPrograms()
    {
        server.On("GET /model/wine/api/model/info", """{"swagger":"2.0","info":{"title":"wine","version":"1.0"},"paths":{}}""");
        Assert.Contains("It names no input columns.\n", (await RunAsync("model info --md wine")).Out, StringComparison.Ordinal);
        Assert.Contains("\"swagger\": \"2.0\"", (await RunAsync("model info --md wine -o json")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json", Row)]
    [InlineData("--json-file", Row)]
    [InlineData("--csv-file", "a\n1\n")]
    public async Task Invoke_PrintsPredictions_AndTheirNameBeside(string option, string text)
    {
        var received = Predict("""{"prediction":[[6.4],[7]],"columns":["quality"]}""");
        var value = option == "--json" ? text : cli.File("request", text);
        var result = await cli.RunAsync("model", "invoke", "--md", "wine", option, value);
        Assert.Equal(new CliResult(0, "quality\n-------\n6.4    \n7      \n", "Request-Id: made-1\n"), result);
        Assert.Equal((Row, null), Assert.Single(received));
    }

    [Fact]
    public async Task Invoke_ForPrograms_IsJsonOnStandardOutputAlone()
    {
        var received = Predict("""{"prediction":[[1]],"columns":[]}""");
        var result = await cli.RunAsync("model", "invoke", "--md", "wine", "--json", Row, "--request-id", "mine", "-o", "json");
        Assert.Equal((0, "Request-Id: mine\n"), (result.ExitCode, result.Error));
        Assert.Equal("""{"prediction":[[1]],"columns":[]}""", System.Text.Json.Nodes.JsonNode.Parse(result.Out)!.ToJsonString());
        Assert.Equal((Row, "mine"), Assert.Single(received));
        Assert.Equal(new CliResult(0, "made-1\n", ""), await cli.RunAsync("model", "invoke", "--md", "wine", "--json", Row, "-o", "name"));
        Assert.Equal("prediction\n----------\n1         \n", (await cli.RunAsync("model", "invoke", "--md", "wine", "--json", Row)).Out);
    }

    /// <summary>A route may lead to several models; the headers have their names escaped.</summary>
    [Fact]
    public async Task Invoke_SaysWhichModelHasAnswered()
    {
        server.OnStream("POST /model/wine/api/model/invoke", async context =>
        {
            context.Response.Headers["Request-Id"] = "made-1";
            context.Response.Headers["Model-Name"] = "Gr%C3%BCn";
            context.Response.Headers["Model-Version"] = "1.1";
            await WriteAsync(context, 200, """{"prediction":[[1]],"columns":[]}""");
        });
        Assert.Equal("Request-Id: made-1, answered by Grün 1.1\n", (await cli.RunAsync("model", "invoke", "--mr", "r", "--json", Row)).Error);
    }

    [Theory]
    [InlineData(400, """{"message":"column \"b\" is missing"}""", 1, "the model of the deployment 'wine' does not take this: column \"b\" is missing\n`odin model info --md wine` shows what it takes.")]
    [InlineData(403, "", 4, "you may not ask the model of the deployment 'wine': that takes the role 'role-wine'\nAsk an administrator for the role, or log in as another user with `odin auth -u NAME`.")]
    [InlineData(404, "", 3, "there is no model at URL/model/wine\n`odin deployment get` shows those that there are.")]
    [InlineData(500, """{"message":"Exception during prediction: ValueError: no"}""", 1, "the model of the deployment 'wine' has not answered well: Exception during prediction: ValueError: no")]
    [InlineData(503, """{"message":"it is waking up"}""", 5, "the model of the deployment 'wine' cannot answer now: it is waking up\nTry again in a moment; `odin deployment get wine` shows how it is.")]
    public async Task Invoke_Refused_SaysWhyAndWhatToDo(int status, string body, int code, string message)
    {
        server.On("POST /model/wine/api/model/invoke", body, status);
        var result = await cli.RunAsync("model", "invoke", "--md", "wine", "--json", Row);
        Assert.Equal(new CliResult(code, "", $"error: {message.Replace("URL", server.Url, StringComparison.Ordinal)}\n"), result);
    }

    /// <summary>What a model answers is its maker's, what it was sent may be anybody's.</summary>
    [Theory]
    [InlineData(200, """{"prediction":[["\u001b[2J"]],"columns":["\u001b]0;x\u0007"]}""")]
    [InlineData(200, """{"prediction":["\u009b2J"]}""")]
    [InlineData(200, "no JSON \e[2J")]
    [InlineData(400, """{"message":"\u001b[2J"}""")]
    [InlineData(500, """{"message":"\u001b[2J"}""")]
    public async Task Invoke_AnswerWithTerminalEscapes_IsShownWithoutThem(int status, string answer)
    {
        server.On("POST /model/wine/api/model/invoke", answer, status);
        var result = await cli.RunAsync("model", "invoke", "--md", "wine", "--json", Row);
        Assert.Contains("2J", result.Out + result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Out + result.Error, c => char.IsControl(c) && c != '\n');
    }

    /// <summary>Who has the role of a model alone may not look at its route, and need not.</summary>
    [Fact]
    public async Task Model_OfSomebodyWithItsRoleAlone_IsAskedWhereDeploymentsAre()
    {
        server.On("GET /api/v1/model/deployment/wine/default-route", "", 403).On("GET /api/v1/model/deployment/wine", "", 403);
        Assert.StartsWith($"wine 1.0 at {server.Url}/model/wine\n", (await RunAsync("model info --md wine")).Out, StringComparison.Ordinal);
        var received = Predict("""{"prediction":[[6.4]],"columns":["quality"]}""");
        Assert.Equal(0, (await cli.RunAsync("model", "invoke", "--md", "wine", "--json", Row)).ExitCode);
        Assert.Single(received);
        server.On("GET /model/wine/api/model/info", "", 403);
        Assert.Equal(
            new CliResult(ExitCode.Unauthorised, "", "error: you may not ask the model of the deployment 'wine'\nAsk an administrator for the role, or log in as another user with `odin auth -u NAME`.\n"),
            await RunAsync("model info --md wine"));
    }

    [Theory]
    [InlineData("model info", "say which model: by one of --md DEPLOYMENT, --mr ROUTE and --model-url URL")]
    [InlineData("model info --md a --mr b", "say which model: by one of --md DEPLOYMENT, --mr ROUTE and --model-url URL")]
    [InlineData("model info --model-url wine", "'wine' is no address of a model")]
    [InlineData("model invoke --md wine", "say what to send, once\nGive it with one of --json TEXT, --json-file FILE and --csv-file FILE.\n")]
    [InlineData("model feedback --md wine --request-id i", "say what to send, once\nGive it with one of --json TEXT and --json-file FILE.\n")]
    [InlineData("model invoke --md wine --json [] ", "what a model is asked is a JSON object")]
    [InlineData("model invoke --md wine --json {", "--json is not valid JSON: line 1, column 2: an object or a list is not closed\n")]
    [InlineData("model invoke --md wine --json hello", "--json is not valid JSON: line 1, column 1: 'h' is an invalid start of a value\n")]
    [InlineData("model invoke --md wine --json-file /", "'/' is a directory\n")]
    [InlineData("model", "say what to do: info, invoke, feedback")]
    public async Task Mistake_IsSaid(string line, string message)
    {
        var result = await RunAsync(line.TrimEnd());
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.StartsWith($"error: {message}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Place_ThatIsNotThere_IsSaid()
    {
        server.On("GET /api/v1/model/deployment/no/default-route", """{"message":"entity \"no\" is not found"}""", 404);
        Assert.Equal(new CliResult(ExitCode.NotFound, "", "error: entity \"no\" is not found\n`odin deployment get` shows those that there are.\n"), await RunAsync("model info --md no"));
        server.On("GET /api/v1/model/deployment/new/default-route", """{"id":"new-x","spec":{},"status":{"edgeUrl":"","state":""}}""");
        Assert.Equal(new CliResult(ExitCode.Unavailable, "", "error: the model of the deployment 'new' has no address yet\nTry again in a moment.\n"), await RunAsync("model info --md new"));
        server.On("GET /api/v1/model/deployment/far/default-route", """{"id":"far-x","spec":{},"status":{"edgeUrl":"http://127.0.0.1:1/model/far"}}""");
        Assert.StartsWith("error: cannot reach http://127.0.0.1:1, where the server says that the model is: ", (await RunAsync("model info --md far")).Error, StringComparison.Ordinal);
    }

    /// <summary>What one types behind <c>--model-url</c> may be anybody's server.</summary>
    [Fact]
    public async Task ModelUrl_OfAnotherServer_IsNotGivenTheStoredLogin()
    {
        await using var other = new ReplayServer();
        other.On("GET /api/model/info", Info);
        cli.Variables.Remove("ODIN_TOKEN");
        Assert.Equal(0, (await RunAsync($"model info --model-url {other.Url} --token {cli.File("token", "a.b.c")}")).ExitCode);
        Assert.Equal("Bearer a.b.c", other.Requests.Single().Authorization);
        Assert.Equal(0, (await RunAsync($"model info --model-url {other.Url}")).ExitCode);
        Assert.Null(other.Requests.Last().Authorization);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("--md wine")]
    [InlineData("--mr r")]
    [InlineData("--model-url URL/model/wine")]
    [InlineData("--md other --model-name wine --model-version 1.0")]
    [InlineData("--mr several --model-name wine --model-version 1.0")]
    public async Task Feedback_NamesTheModelThatTheDeploymentServes(string place)
    {
        var received = new ConcurrentQueue<string?>();
        server.OnStream("POST /api/v1/feedback", context => AnswerAsync(context, 200, """{"requestID":"id-1","modelName":"wine","modelVersion":"1.0","payload":{"json":{"truthful":1}}}""", received));
        var result = await cli.RunAsync(["model", "feedback", .. place.Replace("URL", server.Url, StringComparison.Ordinal).Split(' '), "--request-id", "id-1", "--json", """{"truthful": 1}"""]);
        Assert.Equal(new CliResult(0, "The feedback on the prediction 'id-1' of wine 1.0 was taken.\n", ""), result);
        Assert.Equal("""id-1 wine 1.0 {"truthful":1}""", Assert.Single(received));
    }

    /// <summary>Headers hold ASCII; the answers of models have their names so, too.</summary>
    [Fact]
    public async Task Feedback_OnAModelOfAnyName_NamesItEscaped()
    {
        var received = new ConcurrentQueue<string?>();
        server.On("GET /api/v1/model/deployment/wine", """{"id":"wine","spec":{},"status":{"modelName":"Gr\u00fcn 100%","modelVersion":"1.0 \u03b2"}}""")
            .OnStream("POST /api/v1/feedback", context => AnswerAsync(context, 200, "{}", received));
        var result = await cli.RunAsync("model", "feedback", "--md", "wine", "--request-id", "i", "--json", "1");
        Assert.Equal(new CliResult(0, "The feedback on the prediction 'i' of Grün 100% 1.0 β was taken.\n", ""), result);
        Assert.Equal(0, (await cli.RunAsync("model", "feedback", "--md", "wine", "--model-name", "50%41", "--model-version", "1", "--request-id", "i", "--json", "1")).ExitCode);
        // That one takes what the headers of an answer say.
        result = await cli.RunAsync("feedback", "send", "--request-id", "i", "--model-name", "Gr%C3%BCn%20100%25", "--model-version", "1.0 β", "--json", "1");
        Assert.Equal(new CliResult(0, "The feedback on the prediction 'i' of Grün 100% 1.0 β was taken.\n", ""), result);
        Assert.Equal(["i Gr%C3%BCn%20100%25 1.0%20%CE%B2 1", "i 50%2541 1 1", "i Gr%C3%BCn%20100%25 1.0%20%CE%B2 1"], received);
        result = await cli.RunAsync("model", "feedback", "--md", "wine", "--request-id", "ü", "--json", "1");
        Assert.Equal(new CliResult(ExitCode.Usage, "", "error: the value of 'Request-Id' holds what cannot be sent as a header\nIt takes what is printable in ASCII.\n"), result);
    }

    [Fact]
    public async Task Feedback_ThatCannotBeGiven_IsSaid()
    {
        server.On("GET /api/v1/model/route/ab", """{"id":"ab","spec":{"modelDeployments":[{"mdName":"a","weight":50},{"mdName":"b","weight":50}]},"status":{}}""")
            .On("GET /api/v1/model/deployment/a", """{"id":"a","spec":{},"status":{}}""")
            .On("POST /api/v1/feedback", """{"error":"Cannot deliver message"}""", 502);
        string[] what = ["--request-id", "i", "--json", "1"];
        Assert.StartsWith("error: the route 'ab' leads to several models: a, b\nGive --model-name and --model-version as `odin model invoke` printed them, or name the deployment with --md", (await cli.RunAsync(["model", "feedback", "--mr", "ab", .. what])).Error, StringComparison.Ordinal);
        Assert.StartsWith("error: the model of the deployment 'a' has not said its name and version yet\n", (await cli.RunAsync(["model", "feedback", "--md", "a", .. what])).Error, StringComparison.Ordinal);
        Assert.Equal(
            new CliResult(ExitCode.Unavailable, "", "error: the feedback was not taken: Cannot deliver message\nTry again in a moment.\n"), await cli.RunAsync(["model", "feedback", "--md", "wine", .. what]));
    }

    private Task<CliResult> RunAsync(string line) => cli.RunAsync(line.Replace("URL", server.Url, StringComparison.Ordinal).Split(' '));

    // The bodies and the names of the requests that arrive.
    private ConcurrentQueue<(string Body, string? RequestId)> Predict(string answer)
    {
        var received = new ConcurrentQueue<(string, string?)>();
        server.OnStream("POST /model/wine/api/model/invoke", async context =>
        {
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            received.Enqueue((await reader.ReadToEndAsync(), context.Request.Headers["Request-Id"]));
            context.Response.Headers["Request-Id"] = context.Request.Headers["Request-Id"] ?? "made-1";
            await WriteAsync(context, 200, answer);
        });
        return received;
    }

    private static async Task AnswerAsync(HttpListenerContext context, int status, string answer, ConcurrentQueue<string?> received)
    {
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var headers = context.Request.Headers;
        received.Enqueue($"{headers["Request-Id"]} {headers["Model-Name"]} {headers["Model-Version"]} {await reader.ReadToEndAsync()}");
        await WriteAsync(context, status, answer);
    }

    private static async Task WriteAsync(HttpListenerContext context, int status, string answer)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer));
        context.Response.Close();
    }
}
