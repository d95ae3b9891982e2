using System.Globalization;
using Odin.Cli.Servers;

namespace Odin.Cli.Tests.Servers;

public sealed class LoginTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Auth_PasswordFromInput_KeepsTheBareTokenForTheOwnerOnly()
    {
        server.On("POST /v1/auth", """{"message":"T0K"}""");
        cli.Input = "secret\n";

        var result = await cli.RunAsync("auth", "--url", server.Url, "-u", "ada", "--password-stdin");

        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal("", result.Out);
        Assert.Equal("username=ada&password=secret", server.Requests.Single().Body);
        var file = Assert.Single(Directory.GetFiles(cli.File(".config/odin/tokens")));
        Assert.Equal("T0K", await File.ReadAllTextAsync(file));
        Assert.True(CliTest.IsPrivate(file));
    }

    [Fact]
    public async Task Auth_WrongPassword_IsUnauthorisedAndKeepsNothing()
    {
        server.On("POST /v1/auth", """{"detail":"Wrong user name or password.","status":401}""", 401);

        var result = await cli.RunAsync("auth", "--url", server.Url, "-u", "ada", "-p", "wrong");

        Assert.Equal(ExitCode.Unauthorised, result.ExitCode);
        Assert.Contains("Wrong user name", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli.File(".config/odin/tokens")));
    }

    [Fact]
    public async Task ExpiredToken_LogsInAgainOnce()
    {
        var tokenFile = cli.File("token", "a.b.old");
        server.On("POST /v1/auth", """{"message":"new"}""");
        server.On("POST /v1/pipelines/r1/cancel", r => r.Authorization == "Bearer new"
            ? new ReplayAnswer(200, """{"pipeline":{"id":"r1"}}""")
            : new ReplayAnswer(401, """{"detail":"expired","status":401}"""));
        LocalServer("hunter2");

        var result = await cli.RunAsync("cancel", "r1", "--url", server.Url, "--token", tokenFile);

        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal("new", await File.ReadAllTextAsync(tokenFile));
        Assert.Equal(["Bearer a.b.old", null, "Bearer new"], server.Requests.Select(r => r.Authorization));
        Assert.Contains("username=admin&password=hunter2", server.Requests.Select(r => r.Body));
    }

    [Theory]
    [InlineData("milk\nbread\n")]
    [InlineData("milk")]
    [InlineData("not.a token.")]
    public async Task NamedFile_ThatHoldsSomethingElse_IsLeftAlone(string text)
    {
        var notes = cli.File("notes.txt", text);
        server.On("POST /v1/auth", """{"message":"new"}""").On("GET /v1/pipelines", """{"detail":"no","status":401}""", 401);
        LocalServer("hunter2");

        foreach (var line in (string[][])[["list"], ["auth"], ["list", "--username", "admin", "-p", "hunter2"]])
        {
            var result = await cli.RunAsync([.. line, "--url", server.Url, "--token", notes]);
            Assert.Equal(ExitCode.Usage, result.ExitCode);
            Assert.StartsWith($"error: '{notes}' holds no token\n", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(text, await File.ReadAllTextAsync(notes));
    }

    [Fact]
    public async Task TokenVariable_IsSentInsteadOfTheKeptOne()
    {
        server.On("GET /v1/jobs", """{"jobs":[]}""");
        LocalServer("hunter2");
        cli.Variables["ODIN_TOKEN"] = "a.b.c\n";
        Assert.Equal(ExitCode.Success, (await cli.RunAsync("jobs", "--url", server.Url)).ExitCode);
        Assert.Equal("Bearer a.b.c", server.Requests.Single().Authorization);

        Assert.Equal(ExitCode.Success, (await cli.RunAsync("jobs", "--url", server.Url, "--token", cli.File("token", "d.e.f"))).ExitCode);
        Assert.Equal("Bearer d.e.f", server.Requests.Last().Authorization);
        Assert.False(Directory.Exists(cli.File(".config/odin/tokens")));
    }

    [Fact]
    public async Task TokenVariable_Refused_IsSaidAndNotRenewed()
    {
        server.On("GET /v1/jobs", """{"detail":"expired","status":401}""", 401);
        LocalServer("hunter2");
        cli.Variables["ODIN_TOKEN"] = "a.b.c";
        var result = await cli.RunAsync("jobs", "--url", server.Url);
        Assert.Equal(ExitCode.Unauthorised, result.ExitCode);
        Assert.Contains("does not take the token in ODIN_TOKEN", result.Error, StringComparison.Ordinal);
        Assert.Equal("GET", server.Requests.Single().Method);
    }

    [Fact]
    public async Task TokenVariable_OfSeveralLines_IsMisuse()
    {
        cli.Variables["ODIN_TOKEN"] = "milk\nbread";
        Assert.Equal(ExitCode.Usage, (await cli.RunAsync("jobs", "--url", server.Url)).ExitCode);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task StillRefusedAfterLogin_EndsWithoutALoop()
    {
        server.On("POST /v1/auth", """{"message":"new"}""");
        server.On("POST /v1/pipelines/r1/cancel", """{"detail":"no","status":401}""", 401);
        LocalServer("hunter2");

        var result = await cli.RunAsync("cancel", "r1", "--url", server.Url);

        Assert.Equal(ExitCode.Unauthorised, result.ExitCode);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task NobodyToAsk_SaysWhatToType()
    {
        server.On("POST /v1/jobs", """{"detail":"Not authenticated"}""", 401);

        var result = await cli.RunAsync("create", "x", "--url", server.Url);

        Assert.Equal(ExitCode.Unauthorised, result.ExitCode);
        Assert.Contains("odin auth", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OldName_PrintsTheToken()
    {
        server.On("POST /v1/auth", """{"message":"T0K"}""");
        cli.Alias = "auth";

        var result = await cli.RunAsync("--host", "127.0.0.1", "--port", server.Port.ToString(CultureInfo.InvariantCulture), "--scheme", "http", "-u", "a", "-p", "b");

        Assert.Equal("T0K\n", result.Error);
    }

    [Fact]
    public async Task AnotherUserListens_GetsNeitherPasswordNorToken()
    {
        server.On("POST /v1/auth", """{"message":"T0K"}""");
        server.On("POST /v1/jobs", r => r.Authorization is null ? new ReplayAnswer(401, """{"detail":"Not authenticated"}""") : new ReplayAnswer(201, "{}"));
        LocalServer("hunter2");
        Assert.Equal(ExitCode.Success, (await cli.RunAsync("create", "x")).ExitCode);
        Assert.NotEmpty(Directory.GetFiles(cli.File(".config/odin/tokens")));
        var sent = server.Requests.Count;

        ListenAs(LoopbackListeners.Self + 1);
        var result = await cli.RunAsync("create", "x");

        Assert.Equal(ExitCode.Unauthorised, result.ExitCode);
        Assert.Contains("another user of this machine", result.Error, StringComparison.Ordinal);
        Assert.Contains("`odin auth -u NAME`", result.Error, StringComparison.Ordinal);
        var request = Assert.Single(server.Requests.Skip(sent));
        Assert.Equal(("POST", "/v1/jobs", null), (request.Method, request.PathAndQuery, request.Authorization));
    }

    [Fact]
    public async Task AnotherUserListens_OwnPasswordIsTheirsToGive()
    {
        server.On("POST /v1/auth", """{"message":"T0K"}""");
        LocalServer("hunter2");
        ListenAs(LoopbackListeners.Self + 1);
        cli.Input = "secret\n";

        Assert.Equal(ExitCode.Unauthorised, (await cli.RunAsync("auth", "-u", "admin")).ExitCode);
        Assert.Empty(server.Requests);
        Assert.Equal(ExitCode.Success, (await cli.RunAsync("auth", "-u", "ada", "--password-stdin")).ExitCode);
        Assert.Equal("username=ada&password=secret", server.Requests.Single().Body);
    }

    /// <summary>Each connection is looked at, not the first alone: a run is watched for hours, and a server is started again in between.</summary>
    [Fact]
    public async Task AnotherUserListens_WhileARunIsWatched_DoesNotGetTheToken()
    {
        server.On("POST /v1/auth", """{"message":"T0K"}""");
        server.On("POST /v1/pipelines", """{"pipeline":{"id":"r1","job":"x","status":"BUILDING","state":"Pending"},"context":[]}""");
        server.OnStream("GET /v1/pipelines/r1/watch", async context =>
        {
            ListenAs(LoopbackListeners.Self + 1);
            context.Response.ContentType = "text/event-stream";
            context.Response.KeepAlive = false;
            await context.Response.OutputStream.WriteAsync("event: pipeline\ndata: {\"id\":\"r1\",\"state\":\"Running\"}\n\n"u8.ToArray());
            context.Response.Close();
        });
        LocalServer("hunter2");
        ListenAs(LoopbackListeners.Self);
        Assert.Equal(ExitCode.Success, (await cli.RunAsync("auth")).ExitCode);
        cli.Time = new HastyTime();

        var result = await cli.RunAsync("run", "x", "--wait");

        Assert.Equal(ExitCode.Unavailable, result.ExitCode);
        Assert.Equal("Bearer T0K", Assert.Single(server.Requests, r => r.PathAndQuery == "/v1/pipelines/r1/watch").Authorization);
        Assert.Contains("another user of this machine", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocalServerGone_ItsTokenStaysHere()
    {
        server.On("POST /v1/auth", """{"message":"T0K"}""");
        server.On("GET /v1/app", """{"version":"1"}""");
        LocalServer("hunter2");
        Assert.Equal(ExitCode.Success, (await cli.RunAsync("auth")).ExitCode);
        File.Delete(cli.File(".local/share/odin/server.json"));

        Assert.Equal(ExitCode.Success, (await cli.RunAsync("ping", "--url", server.Url)).ExitCode);
        Assert.Null(server.Requests.Last().Authorization);
    }

    private void ListenAs(uint user)
    {
        cli.NetworkTables = Path.GetDirectoryName(cli.File("net/tcp", string.Create(
            CultureInfo.InvariantCulture, $"head\n 0: 0100007F:{server.Port:X4} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 {user} 0 1\n")))!;
    }

    private void LocalServer(string password)
    {
        cli.File(".local/share/odin/server.json", string.Create(CultureInfo.InvariantCulture, $$"""{"url":"{{server.Url}}","pid":{{Environment.ProcessId}}}"""));
        cli.File(".local/share/odin/admin-password", password + "\n");
    }

    /// <summary>Waits for nothing: each pause is over at once, and the clock has moved on by it.</summary>
    private sealed class HastyTime : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref now);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Add(ref now, Math.Max(0, dueTime.Ticks));
            return System.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
