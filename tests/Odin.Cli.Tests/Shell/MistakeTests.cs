namespace Odin.Cli.Tests.Shell;

/// <summary>Whatever is typed wrong, the program says what was wrong and what to type next, and never shows its inside.</summary>
public sealed class MistakeTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Theory]
    [InlineData("list --port 99999", "'99999' is not a port", "odin list --help")]
    [InlineData("list --port abc", "'abc' is not a whole number for '--port'", "odin list --help")]
    [InlineData("logs x --lines many", "'many' is not a whole number for '--lines'", "odin logs --help")]
    [InlineData("list --host a|b", "is not the name of a host", "--url")]
    [InlineData("context add y htp:/x", "'htp:/x' (from the command line) is not an address", "http://HOST:PORT")]
    [InlineData("--watch run x", "'--watch' stands before the command", "`odin COMMAND --watch`")]
    [InlineData("--nope", "'--nope' stands before the command", "`odin`")]
    [InlineData("--url http://127.0.0.1:1 lint .", "'--url'", "odin lint --help")]
    [InlineData("help nope", "there is no command 'nope'", "`odin`")]
    [InlineData("cancel r --scheme ws", "not in the WebSocket protocol", "--scheme http")]
    [InlineData("jobs --scheme ws", "not in the WebSocket protocol", "--scheme http")]
    [InlineData("chore outputs a", "'a' is not of the form KEY=VALUE", "odin chore outputs")]
    public async Task Misuse_SaysWhatToTypeNext(string line, string message, string next) => await ExpectAsync(ExitCode.Usage, line, message, next);

    [Theory]
    [InlineData("lint nodir", "there is no file or directory 'nodir'", "Name a job's directory")]
    [InlineData("push j nofile", "there is no file 'nofile'", "Name a file")]
    [InlineData("chore yaml2json nofile", "there is no file 'nofile'", "relative to")]
    [InlineData("model invoke --md wine --json-file nofile", "there is no file 'nofile'", "Check the path")]
    [InlineData("model feedback --md wine --request-id i --json-file no/file", "there is no file 'no/file'", "Check the path")]
    [InlineData("deployment create -f nofile", "Resource file 'nofile' not found", "Check the path")]
    [InlineData("apply -f nofile", "Resource file 'nofile' not found", "Check the path")]
    [InlineData("list --context nope", "there is no context 'nope'", "odin context list")]
    public async Task ThingThatIsNotThere_SaysWhatToTypeNext(string line, string message, string next) => await ExpectAsync(ExitCode.NotFound, line, message, next);

    [Fact]
    public async Task NotLoggedInAndNobodyToAsk_DoesNotSendInCircles() =>
        await ExpectAsync(ExitCode.Unauthorised, "auth", "you are not logged in", "--password-stdin");

    [Fact]
    public async Task DemoOnADirectoryThatCannotBe_AsksForAnother()
    {
        var result = await cli.RunAsync("demo", "--data", cli.File("file", "") + "/x");
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("cannot be made", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("Name another one with --data.\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerSaysWhatToTypeItself_IsNotSaidTwice()
    {
        server.On("POST /v1/pipelines", """{"detail":"There is no job 'x'. 'odin jobs' lists those that there are.","status":404,"errors":[]}""", 404);
        var result = await cli.RunAsync("run", "x", "--url", server.Url);
        Assert.Equal("error: There is no job 'x'. 'odin jobs' lists those that there are.\n", result.Error);
    }

    [Fact]
    public async Task Run_JobTypedWrong_AsksWhetherAnotherIsMeant()
    {
        server.On("POST /v1/pipelines", """{"detail":"There is no job 'mnie'. 'odin jobs' lists those that there are.","status":404,"errors":[]}""", 404);
        server.On("GET /v1/jobs", """{"jobs":[{"name":"wine"},{"name":"mine"}]}""");
        var result = await cli.RunAsync("run", "mnie", "--url", server.Url);
        Assert.Equal(ExitCode.NotFound, result.ExitCode);
        Assert.Equal("error: There is no job 'mnie'. 'odin jobs' lists those that there are.\nDid you mean 'mine'?\n", result.Error);
    }

    [Theory]
    [InlineData("./mine")]
    [InlineData("../mine")]
    [InlineData(".")]
    public async Task Run_Directory_SaysWhatMakesAJobOfIt(string path) =>
        await ExpectAsync(ExitCode.Usage, $"run {path} --url {server.Url}", $"'{path}' is a directory of this machine", $"`odin run {path} --local` runs it here");

    [Fact]
    public async Task Run_AbsoluteDirectory_IsNoJobEither()
    {
        cli.File("mine/main.yml", "tasks: []");
        await ExpectAsync(ExitCode.Usage, $"run {cli.File("mine")}", "is a directory of this machine", $"`odin push mine {cli.File("mine")} --create`");
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData("run wine --from nosuch", "Job 'wine' has no task 'nosuch'; it has: a.", "`odin show wine`")]
    [InlineData("run wine --commit deadbeef", "The revision 'deadbeef' does not exist in '/x': push it first.", "Leave --commit out")]
    [InlineData("run wine --from nosuch --dry-run", "Job 'wine' has no task 'nosuch'; it has: a.", "`odin show wine`")]
    public async Task Run_NotTheJobIsMissing_PointsToWhatIs(string line, string detail, string next)
    {
        foreach (var route in new[] { "POST /v1/pipelines", "POST /v1/plans" })
            server.On(route, $$"""{"detail":"{{detail}}","status":404,"errors":[]}""", 404);
        await ExpectAsync(ExitCode.NotFound, $"{line} --url {server.Url}", detail, next);
    }

    [Fact]
    public async Task Rerun_UnknownTask_PointsToTheTasks()
    {
        server.On("POST /v1/pipelines/r-1j/rerun", """{"detail":"Run 'r-1j' has no task 'x'; it has: a.","status":404,"errors":[]}""", 404);
        var result = await cli.RunAsync("rerun", "r-1j", "--from", "x", "--url", server.Url);
        Assert.Contains("`odin status r-1j`", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataDirectoryWithoutAServer_IsNamed()
    {
        cli.Variables["ODIN_DATA"] = cli.File("data");
        var result = await cli.RunAsync("list");
        Assert.Equal(ExitCode.Unavailable, result.ExitCode);
        Assert.Contains($"(from the default, as no server runs on ODIN_DATA='{cli.File("data")}')", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerOfSomethingElse_IsSaidToBeNone()
    {
        foreach (var route in new[] { "GET /v1/pipelines", "GET /v1/app", "GET /v1/resources/r/logs" })
            server.On(route, _ => new ReplayAnswer(404, "<html>404</html>", "text/html"));
        foreach (var line in new[] { "list", "ping", "logs r" })
            await ExpectAsync(ExitCode.Unavailable, $"{line} --url {server.Url}", "this seems to be no Odin server", "Check the address");
    }

    [Fact]
    public async Task Cancel_RunThatHasEnded_SaysSo()
    {
        server.On("POST /v1/pipelines/r-1j/cancel", """{"pipeline":{"id":"r-1j","status":"DONE","state":"Succeeded"}}""");
        Assert.Equal("r-1j had ended before: Succeeded. There was nothing to cancel.\n", (await cli.RunAsync("cancel", "r-1j", "--url", server.Url)).Out);
    }

    [Fact]
    public async Task LocalPasswordOutOfDate_SaysWhoMayLogIn()
    {
        server.On("POST /v1/jobs", """{"detail":"Not authenticated"}""", 401).On("POST /v1/auth", """{"detail":"The user name or the password is wrong."}""", 401);
        cli.File(".local/share/odin/server.json", $$"""{"url":"{{server.Url}}","pid":{{Environment.ProcessId}}}""");
        cli.File(".local/share/odin/admin-password", "old\n");
        await ExpectAsync(ExitCode.Unauthorised, "create x", "did not let 'admin' in", "`odin auth -u NAME`");
    }

    private async Task ExpectAsync(int exitCode, string line, string message, string next)
    {
        var result = await cli.RunAsync(line.Split(' '));
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Out));
        var lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.Contains(message, lines[0], StringComparison.Ordinal);
        Assert.Contains(next, lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("System.", result.Error, StringComparison.Ordinal);
    }
}
