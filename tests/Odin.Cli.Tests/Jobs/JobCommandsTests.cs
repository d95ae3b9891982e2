using System.Formats.Tar;
using System.Text;

namespace Odin.Cli.Tests.Jobs;

public sealed class JobCommandsTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Create_PrintsTheAnswerAndEncodesTheName()
    {
        server.On("POST /v1/jobs", """{"job":{"id":"me/new","name":"me/new"}}""");
        Assert.Equal("""{"job":{"id":"me/new","name":"me/new"}}""" + "\n", (await RunAsync("create", "/me//new")).Out);
        Assert.Equal("""{"job":{"name":"me__new"}}""", server.Requests.Single().Body);
    }

    [Fact]
    public async Task Push_PathWithDirectories_TakesTheFilesOwnName()
    {
        server.On("GET /v1/jobs/me__new", """{"job":{"name":"me/new"}}""").On("POST /v1/jobs/me__new/files/train.py", """{"bytes":5,"location":"/x@sha"}""");
        var result = await RunAsync("push", "me/new", cli.File("some/dir/train.py", "print"));
        Assert.Equal("""{"bytes":5,"location":"/x@sha"}""" + "\n", result.Out);
        Assert.Equal("print", server.Requests.Last().Body);
    }

    [Fact]
    public async Task Push_JobThatIsNotThere_MakesNone()
    {
        server.On("GET /v1/jobs", """{"jobs":[{"name":"team/wine"}]}""");
        var result = await RunAsync("push", "team/wnie", cli.File("main.yml", "tasks: []"));
        Assert.Equal(ExitCode.NotFound, result.ExitCode);
        Assert.Equal("error: there is no job 'team/wnie'\nDid you mean 'team/wine'? Push with --create to make it.\n", result.Error);
        Assert.DoesNotContain(server.Requests, r => r.Method == "POST");
    }

    [Fact]
    public async Task OldName_Push_AsksNothingBeforehand()
    {
        server.On("POST /v1/jobs/j/files/x", """{"bytes":1}""");
        cli.Alias = "push";
        Assert.Equal(ExitCode.Success, (await RunAsync("j", cli.File("x", "y"))).ExitCode);
        Assert.Equal("POST", server.Requests.Single().Method);
    }

    [Fact]
    public async Task Push_Directory_IsOneArchiveWithAllBelowIt()
    {
        cli.File("job/main.yml", "tasks: []");
        var script = cli.File("job/scripts/go.sh", "#!/bin/sh");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        cli.File("job/.hidden", "no");
        cli.File("job/.git/config", "no");
        cli.File("job/__pycache__/a.pyc", "no");
        server.On("PUT /v1/jobs/team__j/files", """{"bytes":18,"location":"/r/team/j@sha","files":2}""");
        var result = await RunAsync("push", "team/j", cli.File("job"), "-c", "--prune", "-o", "name");
        Assert.Equal("main.yml\nscripts/go.sh\n", result.Out);
        var request = Assert.Single(server.Requests);
        Assert.Equal("/v1/jobs/team__j/files?create=true&prune=true", request.PathAndQuery);
        await using var archive = new TarReader(new MemoryStream(Encoding.UTF8.GetBytes(request.Body)));
        var entries = new List<string>();
        while (await archive.GetNextEntryAsync(copyData: true) is { } entry)
            entries.Add($"{entry.Name} {entry.Mode.HasFlag(UnixFileMode.UserExecute)} {new StreamReader(entry.DataStream!).ReadToEnd()}");
        Assert.Equal(["main.yml False tasks: []", "scripts/go.sh True #!/bin/sh"], entries);
    }

    [Fact]
    public async Task Push_DirectoryOfAnExistingJobWithCreate_SaysWhatToDo()
    {
        cli.File("job/main.yml", "tasks: []");
        server.On("PUT /v1/jobs/j/files", """{"detail":"The job 'j' exists.","status":409}""", 409);
        var result = await RunAsync("push", "j", cli.File("job"), "--create");
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("without --create", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_FileWithPrune_IsRefused()
    {
        Assert.Equal(ExitCode.Usage, (await RunAsync("push", "j", cli.File("x", "y"), "--prune")).ExitCode);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Push_CreateExisting_SaysWhatToDo()
    {
        server.On("POST /v1/jobs", """{"detail":"The job 'j' exists.","status":409}""", 409);
        var result = await RunAsync("push", "j", cli.File("x", "y"), "--create");
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("without --create", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_PrintsMainFileAndConfigs()
    {
        server.On("GET /v1/jobs/team__j", """{"job":{"id":"team/j","name":"team/j","tasks":[],"configs":[{"id":"/p/a.py","name":"a.py","content":"print"}]}}""");
        server.On("GET /v1/jobs/team__j/files/main.yml", _ => new ReplayAnswer(200, "tasks: []", "text/plain"));
        var rule = new string('=', 100);
        Assert.Equal($"main.yml\n{rule}\ntasks: []\n\na.py\n{rule}\nprint\n\n", (await RunAsync("show", "team/j")).Out);
    }

    [Fact]
    public async Task Jobs_AreATable()
    {
        server.On("GET /v1/jobs", """{"jobs":[{"name":"a/b","tasks":[{},{}]},{"name":"c","tasks":[]}]}""");
        Assert.Equal("job | tasks\n----+------\na/b |     2\nc   |     0\n", (await RunAsync("jobs", "a/")).Out);
        Assert.Equal("/v1/jobs?q=a__", server.Requests.Single().PathAndQuery);
    }

    [Fact]
    public async Task Lint_PrintsEveryErrorWithItsPlace()
    {
        var file = cli.File("bad/main.yml", "tasks:\n- name: a\n  imagee: x\n  command: c\n");
        var result = await cli.RunAsync("lint", cli.File("bad"));
        Assert.Equal(ExitCode.InvalidPipeline, result.ExitCode);
        Assert.Equal(2, result.Lines.Length);
        Assert.All(result.Lines, line => Assert.StartsWith(file + ":", line, StringComparison.Ordinal));
        Assert.Contains($"{file}:3:3: error: ", result.Out, StringComparison.Ordinal);
        Assert.Contains("[UnknownKey]", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lint_Json_IsAList()
    {
        cli.File("bad/main.yml", "tasks:\n- {name: a, image: x}\n");
        var result = await cli.RunAsync("lint", cli.File("bad"), "-o", "json");
        var diagnostic = Assert.Single(System.Text.Json.Nodes.JsonNode.Parse(result.Out)!.AsArray())!;
        Assert.Equal("error", diagnostic["severity"]!.GetValue<string>());
        Assert.Equal(2, diagnostic["line"]!.GetValue<int>());
    }

    [Fact]
    public async Task Lint_GoodJob_SaysSo()
    {
        cli.File("jobs/good/main.yml", "tasks:\n- {name: a, image: x, command: c}\n");
        var result = await cli.RunAsync("lint", cli.File("jobs"));
        Assert.Equal(new CliResult(0, "", "1 file, 1 task: nothing is wrong.\n"), result);
    }

    [Fact]
    public async Task Lint_Template_IsRenderedFirst()
    {
        cli.File("t/main.yml.jinja2", "name: {{ name }}\ntasks:\n{% for i in [1, 2] %}- {name: t{{ i }}, image: x, command: c, args: ['{{ depth }}']}\n{% endfor %}");
        var result = await cli.RunAsync("lint", cli.File("t"), "--x:depth", "3");
        Assert.Equal(new CliResult(0, "", "1 file, 2 tasks: nothing is wrong.\n"), result);
    }

    [Theory]
    [InlineData("nosuch")]
    [InlineData("empty")]
    public async Task Lint_NoJob_IsNotFound(string directory)
    {
        Directory.CreateDirectory(cli.File("empty"));
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync("lint", cli.File(directory))).ExitCode);
    }

    private Task<CliResult> RunAsync(params string[] arguments) => cli.RunAsync([.. arguments, "--url", server.Url]);
}
