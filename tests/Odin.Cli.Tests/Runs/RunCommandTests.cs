using System.Text;

namespace Odin.Cli.Tests.Runs;

public sealed class RunCommandTests : IAsyncDisposable
{
    private const string Submitted =
        """{"pipeline":{"id":"wine-3f9ak2xwj","job":"wine","version":"4a0c12ab99","commit":"4a0c12ab99","tasks":[],"name":"wine-3f9ak2xwj","status":"BUILDING","state":"Pending"},"context":[]}""";

    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Run_PrintsTheIdAndWhatToTypeNext()
    {
        server.On("POST /v1/pipelines", Submitted);

        var result = await RunAsync("run", "team/wine", "--x:lr", "0.1", "--x:model.depth", "3", "--commit", "main", "--from", "b", "--no-cache");

        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal("wine-3f9ak2xwj\n", result.Out);
        Assert.Contains("odin status wine-3f9ak2xwj --watch", result.Error, StringComparison.Ordinal);
        var request = server.Requests.Single();
        Assert.Equal(
            """{"pipeline":{"job":"team__wine","commit":"main"},"context":{"lr":0.1,"model":{"depth":3}},"from":"b","noCache":true}""",
            request.Body);
        Assert.Equal(32, request.IdempotencyKey!.Length);
    }

    [Theory]
    [InlineData("name", "wine-3f9ak2xwj\n")]
    [InlineData("json", "{\n  \"pipeline\": {\n    \"id\": \"wine-3f9ak2xwj\",")]
    [InlineData("yaml", "pipeline:\n  id: wine-3f9ak2xwj\n")]
    public async Task Run_Formats_HoldOnlyTheResult(string format, string expected)
    {
        server.On("POST /v1/pipelines", Submitted);
        var result = await RunAsync("run", "wine", "-o", format);
        Assert.StartsWith(expected, result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OldName_PrintsTheAnswerOnOneLine()
    {
        server.On("POST /v1/pipelines", Submitted);
        cli.Alias = "run";
        var result = await RunAsync("wine");
        Assert.Equal(Submitted + "\n", result.Out);
    }

    [Fact]
    public async Task OldName_UnknownJob_PrintsTheErrorAndKeepsTheToken()
    {
        var token = cli.File("token", "a.b.T");
        server.On("POST /v1/pipelines", """{"detail":"There is no job 'nosuch'.","status":404}""", 404);
        cli.Alias = "run";
        var result = await RunAsync("nosuch", "--token", token);
        Assert.Equal(ExitCode.NotFound, result.ExitCode);
        Assert.Equal("""{"detail":"There is no job 'nosuch'.","status":404}""" + "\n", result.Out);
        Assert.Equal("a.b.T", await File.ReadAllTextAsync(token));
    }

    [Fact]
    public async Task Run_Refused_PrintsEveryErrorWithItsPlace()
    {
        server.On(
            "POST /v1/pipelines",
            """
            {"detail":"2 errors","status":400,"title":"Bad Request","errors":[
              {"file":"main.yml","line":3,"column":5,"code":"UnknownKey","message":"no \"imagee\"","severity":"error"},
              {"file":"main.yml","code":"DependencyCycle","message":"a, b","severity":"error"}]}
            """,
            400);
        var result = await RunAsync("run", "wine");
        Assert.Equal(ExitCode.InvalidPipeline, result.ExitCode);
        Assert.StartsWith(
            "main.yml:3:5: error: no \"imagee\" [UnknownKey]\nmain.yml: error: a, b [DependencyCycle]\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("odin lint", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRun_ShowsThePlan()
    {
        server.On(
            "POST /v1/plans",
            """
            {"plan":{"job":"wine","commit":"4a0c","tasks":[
              {"name":"prepare","dependsOn":[],"command":["python"],"args":["prepare.py","a b"],"decision":"Cached","because":"same inputs"},
              {"name":"train","dependsOn":["prepare"],"command":["python"],"args":[],"decision":"Run","because":"it declares no outputs"}],"warnings":[]}}
            """);
        var result = await RunAsync("run", "wine", "--dry-run");
        Assert.Equal(
            """
            wine at commit 4a0c: nothing was started. It would do:

            prepare  [Cached] same inputs
                command  python prepare.py 'a b'

            train  [Run] it declares no outputs
                after    prepare
                command  python

            """,
            result.Out);
    }

    [Theory]
    [InlineData("Succeeded", "DONE", ExitCode.Success)]
    [InlineData("Failed", "TERMINATED", ExitCode.Failure)]
    [InlineData("Cancelled", "TERMINATED", ExitCode.Failure)]
    public async Task Watch_ExitCodeIsThatOfTheRun(string state, string status, int expected)
    {
        server.On("POST /v1/pipelines", Submitted);
        server.On("GET /v1/pipelines/wine-3f9ak2xwj/watch", Events(state, status));

        var result = await RunAsync("run", "wine", "--watch");

        Assert.Equal(expected, result.ExitCode);
        Assert.Contains(" train Running\n", result.Out, StringComparison.Ordinal);
        Assert.Contains($"wine-3f9ak2xwj {state}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_IsSilentUntilTheEnd()
    {
        server.On("POST /v1/pipelines", Submitted);
        server.On("GET /v1/pipelines/wine-3f9ak2xwj/watch", Events("Succeeded", "DONE"));
        var result = await RunAsync("run", "wine", "--wait");
        Assert.Equal("wine-3f9ak2xwj\n", result.Out);
        Assert.Equal("wine-3f9ak2xwj Succeeded\n", result.Error);
    }

    [Fact]
    public async Task Wait_TaskWaitsForSomethingToBeMended_SaysSoOnce()
    {
        server.On("POST /v1/pipelines", Submitted);
        server.On("GET /v1/pipelines/wine-3f9ak2xwj/watch", _ => new ReplayAnswer(200, string.Concat(
            Waits("WaitingForSlot", "2 of 2 slots are busy"), Waits("Unschedulable", "0/1 nodes: 1 Insufficient cpu"), Waits("Unschedulable", "0/2 nodes"),
            Waits("ContainerCreating", "the pod waits"), Waits("Unschedulable", "0/1 nodes"),
            "event: end\ndata: {\"id\":\"wine-3f9ak2xwj\",\"state\":\"Succeeded\",\"status\":\"DONE\"}\n\n"), "text/event-stream"));

        var result = await RunAsync("run", "wine", "--wait");
        Assert.Equal("wine-3f9ak2xwj\n", result.Out);
        Assert.Equal("waits: wine-3f9ak2xwj--train: Unschedulable: 0/1 nodes: 1 Insufficient cpu\nwine-3f9ak2xwj Succeeded\n", result.Error);

        static string Waits(string reason, string message) =>
            $$"""event: task{{'\n'}}data: {"id":"wine-3f9ak2xwj--train","name":"train","state":"Queued","reason":"{{reason}}","message":"{{message}}"}{{"\n\n"}}""";
    }

    [Fact]
    public async Task Watch_WithJson_KeepsProgressOffStandardOutput()
    {
        server.On("POST /v1/pipelines", Submitted);
        server.On("GET /v1/pipelines/wine-3f9ak2xwj/watch", Events("Succeeded", "DONE"));
        var result = await RunAsync("run", "wine", "--watch", "-o", "name");
        Assert.Equal("wine-3f9ak2xwj\n", result.Out);
        Assert.Contains(" train Running\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_BrokenConnection_GoesOnAfterIt()
    {
        server.On("POST /v1/pipelines", Submitted);
        var calls = 0;
        server.On("GET /v1/pipelines/wine-3f9ak2xwj/watch", _ => Interlocked.Increment(ref calls) == 1
            ? new ReplayAnswer(200, "event: pipeline\ndata: {\"id\":\"wine-3f9ak2xwj\",\"state\":\"Running\"}\n\n", "text/event-stream")
            : Events("Succeeded", "DONE")(null!));
        var result = await RunAsync("run", "wine", "--watch");
        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Rerun_FromATask()
    {
        server.On("POST /v1/pipelines/old/rerun", Submitted);
        var result = await RunAsync("rerun", "old", "--from", "train");
        Assert.Equal("wine-3f9ak2xwj\n", result.Out);
        Assert.Equal("""{"from":"train"}""", server.Requests.Single().Body);
    }

    [Fact]
    public async Task Rerun_OfARunningRun_FailsWithWhatToDo()
    {
        server.On("POST /v1/pipelines/busy/rerun", """{"detail":"Run 'busy' has not ended. Cancel it first: odin cancel busy","errors":[]}""", 409);
        var result = await RunAsync("rerun", "busy");
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("odin cancel busy", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_ConnectionBreaks_IsSentAgainUnderTheSameKey()
    {
        var keys = new List<string?>();
        server.OnStream("POST /v1/pipelines", async context =>
        {
            keys.Add(context.Request.Headers["Idempotency-Key"]);
            if (keys.Count == 1)
            {
                // Promised more than was sent: the connection breaks in the middle of the answer.
                context.Response.ContentLength64 = 1000;
                await context.Response.OutputStream.WriteAsync("{"u8.ToArray());
                await context.Response.OutputStream.FlushAsync();
                context.Response.Abort();
                return;
            }
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Submitted));
            context.Response.Close();
        });
        var result = await RunAsync("run", "wine");
        Assert.Equal(("wine-3f9ak2xwj\n", ExitCode.Success), (result.Out + (result.ExitCode == 0 ? "" : result.Error), result.ExitCode));
        Assert.Equal(2, keys.Count);
        Assert.Equal(keys[0], keys[1]);
    }

    private static Func<ReceivedRequest, ReplayAnswer> Events(string state, string status) => _ => new ReplayAnswer(
        200,
        $$"""
        : a comment

        event: pipeline
        data: {"id":"wine-3f9ak2xwj","status":"RUNNING","state":"Running","tasks":[]}

        event: task
        data: {"id":"wine-3f9ak2xwj--train","name":"train","state":"Waiting","status":"waiting"}

        event: task
        data: {"id":"wine-3f9ak2xwj--train","name":"train","state":"Running","status":"executing","attempt":1}

        event: pipeline
        data: {"id":"wine-3f9ak2xwj","status":"{{status}}","state":"{{state}}"}

        event: end
        data: {"id":"wine-3f9ak2xwj","status":"{{status}}","state":"{{state}}"}


        """,
        "text/event-stream");

    private Task<CliResult> RunAsync(params string[] arguments) => cli.RunAsync([.. arguments, "--url", server.Url]);
}
