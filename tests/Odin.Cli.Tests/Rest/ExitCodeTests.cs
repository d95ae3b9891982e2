namespace Odin.Cli.Tests.Rest;

/// <summary>The one table from what went wrong to the exit code.</summary>
public sealed class ExitCodeTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Theory]
    [InlineData(200, "{}", ExitCode.Success)]
    [InlineData(400, """{"detail":"d"}""", ExitCode.Failure)]
    [InlineData(400, """{"detail":"d","errors":[{"location":"limit","message":"m","code":"c","severity":"error"}]}""", ExitCode.Usage)]
    [InlineData(400, """{"detail":"d","errors":[{"file":"main.yml","message":"m","code":"c","severity":"error"}]}""", ExitCode.InvalidPipeline)]
    [InlineData(403, """{"detail":"d"}""", ExitCode.Unauthorised)]
    [InlineData(404, """{"detail":"d"}""", ExitCode.NotFound)]
    [InlineData(409, """{"detail":"d"}""", ExitCode.Failure)]
    [InlineData(422, """{"detail":[{"loc":["body"],"msg":"field required"}]}""", ExitCode.Failure)]
    [InlineData(500, "Internal Server Error", ExitCode.Failure)]
    [InlineData(503, """{"detail":"d"}""", ExitCode.Unavailable)]
    public async Task Status_MapsToExitCode(int status, string body, int expected)
    {
        server.On("GET /v1/app", body, status);
        var result = await cli.RunAsync("ping", "--url", server.Url);
        Assert.Equal(expected, result.ExitCode);
        Assert.Equal(expected == 0, result.Error.Length == 0);
    }

    [Fact]
    public void Reference_HasEveryCode()
    {
        var page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "reference", "exit-codes.md"));
        var section = page[page.IndexOf("\n## `odin`", StringComparison.Ordinal)..page.IndexOf("\n## `odin server`", StringComparison.Ordinal)];
        var codes = typeof(ExitCode).GetFields().Where(f => f.IsLiteral).Select(f => (int)f.GetRawConstantValue()!).ToList();
        Assert.Equal(codes, ExitCode.All.Select(c => c.Code));
        Assert.All(codes, code => Assert.Contains($"\n| {code} | ", section, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WrongValue_NamesTheMember()
    {
        server.On("GET /v1/app", """{"detail":"d","errors":[{"location":"limit","message":"it must be a number.","code":"WrongValue","severity":"error"}]}""", 400);
        Assert.Equal("error: limit: it must be a number.\nThe same command with --help tells what it takes.\n", (await cli.RunAsync("ping", "--url", server.Url)).Error);
    }

    [Fact]
    public async Task NobodyListens_IsUnavailableAndSaysWhatToType()
    {
        var result = await cli.RunAsync("ping", "--url", "http://127.0.0.1:1");
        Assert.Equal(ExitCode.Unavailable, result.ExitCode);
        Assert.Equal(
            "error: cannot reach http://127.0.0.1:1 (from --url): nothing listens there\nStart a server with `odin server`, or name another one with --url.\n",
            result.Error);
    }

    [Theory]
    [InlineData("Did you mean 'status'?", "statsu", "x")]
    [InlineData("Type `odin run --help`", "run")]
    [InlineData("Type `odin context add --help`", "context", "add")]
    [InlineData("no value", "run", "x", "--x:a")]
    [InlineData("'nosuch'", "status", "x", "-o", "nosuch")]
    public async Task Misuse_SaysWhatToTypeNext(string expected, params string[] arguments)
    {
        var result = await cli.RunAsync(arguments);
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Equal("", result.Out);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupted_Is130()
    {
        using var stop = new CancellationTokenSource();
        server.OnStream("GET /v1/app", async context =>
        {
            await stop.CancelAsync();
            context.Response.Abort();
        });
        var exitCode = await OdinProgram.RunAsync(
            ["ping", "--url", server.Url], cli.Environment(TextWriter.Null, TextWriter.Null), null, handleSignals: false, stop.Token);
        Assert.Equal(ExitCode.Interrupted, exitCode);
    }

    [Fact]
    public async Task Gpus_AreATableThatSurvivesMissingReadings()
    {
        server.On(
            "GET /v1/nodes",
            """
            {"nodes":[{"host":"n1","gpus":[
              {"id":"GPU:0","productName":"GeForce RTX 2080","powerReadings":{"powerDraw":"43.7","powerLimit":"250","unit":"W"},"utilization":{"gpuUtil":"87","unit":"%"},
               "processes":[{"process_name":"python","pid":12,"used_memory":4783},{"process_name":"x","pid":13,"used_memory":0}]},
              {"id":"GPU:1","productName":"T4","powerReadings":{"powerDraw":"N/A","powerLimit":"70","unit":"W"},"utilization":{"gpuUtil":0,"unit":"%"}}]}]}
            """);
        Assert.Equal(
            """
            host | gpu | type     | free | power     | util | memuse | processes | pids·
            -----+-----+----------+------+-----------+------+--------+-----------+------
            n1   | 0   | RTX 2080 | NO   |   44/250W | 87%  | 4783M  | python x  | 12 13
            n1   | 1   | T4       | YES  |  N/A/70W  |      |        |           |······

            """.Replace('·', ' '),
            (await cli.RunAsync("gpus", "--url", server.Url)).Out);
    }

    [Fact]
    public async Task Gpus_OfANodeThatCannotBeAsked_AreARemarkBesideTheTable()
    {
        server.On(
            "GET /v1/nodes",
            """{"nodes":[{"host":"n1","gpus":[{"id":"0000:17:00.0","productName":"NVIDIA A100","powerReadings":{"powerDraw":87.46,"powerLimit":400,"unit":"W"},"utilization":{"gpuUtil":87,"unit":"%"},"processes":"N/A"}]},{"host":"n2","gpus":[],"error":"The agent has not answered within 3 s."}]}""");
        var result = await cli.RunAsync("gpus", "--url", server.Url);
        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Contains("n1", result.Out, StringComparison.Ordinal);
        Assert.Contains("NA", result.Out, StringComparison.Ordinal);
        Assert.Equal("n2: The agent has not answered within 3 s.\n", result.Error);
    }

    [Fact]
    public async Task Gpus_WithoutAgents_SayWhoseMachineItIs()
    {
        server.On("GET /v1/nodes", """{"nodes":[{"host":"n1","gpus":[]}],"hasAgents":false}""");
        Assert.Equal(
            "There are no GPUs on the node.\nNo agents are set (the setting 'agents'): that is the server's own machine.\n", (await cli.RunAsync("gpus", "--url", server.Url)).Error);
    }

    [Fact]
    public async Task User_CreateThenUpdate()
    {
        cli.Input = "pw\n";
        server.On("GET /v1/users/ada", """{"detail":"no","status":404}""", 404).On("POST /v1/users", """{"user":{"username":"ada"}}""");
        var created = await cli.RunAsync("user", "-u", "ada", "--password-stdin", "-f", "Ada", "--url", server.Url);
        Assert.Equal("Created new user\n{\"user\":{\"username\":\"ada\"}}\n", created.Error);
        Assert.Equal("""{"user":{"username":"ada","password":"pw","firstname":"Ada"}}""", server.Requests.Last().Body);

        cli.Input = "pw\n";
        server.On("GET /v1/users/ada", """{"user":{"username":"ada"}}""").On("PUT /v1/users/ada", """{"user":{"username":"ada"}}""");
        var changed = await cli.RunAsync("user", "-u", "ada", "--password-stdin", "--url", server.Url);
        Assert.StartsWith("Found existing user\n", changed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_Roles_AreGivenWithAndWithoutAPassword()
    {
        cli.Input = "pw\n";
        server.On("GET /v1/users/ada", """{"detail":"no","status":404}""", 404).On("POST /v1/users", """{"user":{"username":"ada","roles":["r","s"]}}""");
        Assert.Equal(0, (await cli.RunAsync("user", "add", "ada", "--password-stdin", "--role", "r", "--role", "s", "--url", server.Url)).ExitCode);
        Assert.Equal("""{"user":{"username":"ada","password":"pw","roles":["r","s"]}}""", server.Requests.Last().Body);

        var missing = await cli.RunAsync("user", "add", "ada", "--role", "r", "--url", server.Url);
        Assert.Equal((ExitCode.Usage, "error: the user's password is missing\nGive it with --password-stdin.\n"), (missing.ExitCode, missing.Error));

        server.On("GET /v1/users/ada", """{"user":{"username":"ada"}}""").On("PUT /v1/users/ada", """{"user":{"username":"ada"}}""");
        Assert.Equal(0, (await cli.RunAsync("user", "add", "ada", "--role", "r", "--url", server.Url)).ExitCode);
        Assert.Equal("""{"username":"ada","roles":["r"]}""", server.Requests.Last().Body);

        server.On("GET /v1/users", """{"users":[{"username":"ada","roles":["r","s"]},{"username":"bob"}]}""");
        Assert.Matches(@"\nada +\|  *\|  *\| r, s *\nbob ", (await cli.RunAsync("user", "list", "--url", server.Url)).Out);
    }
}
