namespace Odin.Cli.Tests.Runs;

/// <summary><c>odin run DIR --local</c>, with the real engine.</summary>
public sealed class LocalRunTests : IDisposable
{
    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task Local_RunsTheTasksOfADirectory()
    {
        Job("""
            name: hello
            parameters:
              who: {type: string, default: world}
            tasks:
            - {name: a, image: x, command: [sh, -c, 'echo "$1" > ../greeting', sh], args: ["hello ${who}"]}
            - {name: b, image: x, command: [cat, ../greeting], depends: a}
            """);

        var result = await cli.RunAsync("run", cli.File("hello"), "--local", "--x:who", "you");

        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Contains(" b Succeeded", result.Out, StringComparison.Ordinal);
        var greeting = Assert.Single(Directory.GetFiles(cli.Home, "greeting", SearchOption.AllDirectories));
        Assert.Equal("hello you\n", await File.ReadAllTextAsync(greeting));
    }

    [Fact]
    public async Task Local_PrintsWhatTheTasksWrite_AndKeepsItsPlaceInMind()
    {
        Job("tasks:\n- {name: a, image: x, command: [sh, -c, 'echo one; echo two >&2']}\n- {name: b, image: x, command: [echo, three], depends: a}\n");

        var result = await cli.RunAsync("run", cli.File("hello"), "--local");

        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Equal(["[a] one", "[a] two", "[b] three"], result.Lines.Where(l => l.StartsWith('[')).Order(StringComparer.Ordinal));
        Assert.EndsWith(" Succeeded", result.Lines[^1], StringComparison.Ordinal);
        var logs = Assert.Single(Directory.GetDirectories(cli.File(".local/share/odin/local"), "*", SearchOption.AllDirectories), d => d.Contains("/logs/", StringComparison.Ordinal));
        Assert.Contains($"the output of its tasks is in '{logs}'", result.Error, StringComparison.Ordinal);

        await using var server = new ReplayServer();
        var unknown = await cli.RunAsync("logs", Path.GetFileName(logs), "--url", server.Url);
        Assert.Equal(ExitCode.NotFound, unknown.ExitCode);
        Assert.Contains($"That was a local run: what its tasks wrote is in '{logs}'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_Json_KeepsTheOutputOffStandardOutput()
    {
        Job("tasks:\n- {name: a, image: x, command: [echo, one]}\n");
        var result = await cli.RunAsync("run", cli.File("hello"), "--local", "-o", "name");
        Assert.Single(result.Lines);
        Assert.Contains("[a] one\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_DryRun_ShowsThePlanAndStartsNothing()
    {
        Job("parameters: {n: {type: integer, default: 1}}\ntasks:\n- {name: a, image: x, command: [touch, '../a'], args: ['${n}']}\n- {name: b, image: x, command: [echo, b], depends: a}\n");

        var result = await cli.RunAsync("run", cli.File("hello"), "--local", "--dry-run", "--x:n", "5");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("hello: nothing was started. It would do:\n\na  [Run]", result.Out, StringComparison.Ordinal);
        Assert.Contains("command  touch ../a 5\n", result.Out, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(cli.Home, "a", SearchOption.AllDirectories));
        Job("tasks:\n- {name: a, image: x}\n");
        Assert.Equal(ExitCode.InvalidPipeline, (await cli.RunAsync("run", cli.File("hello"), "--local", "--dry-run")).ExitCode);
    }

    [Fact]
    public async Task Local_FailedTask_ShowsWhatItWrote()
    {
        Job("tasks:\n- {name: a, image: x, command: [sh, -c, 'echo so it goes; exit 3']}\n");

        var result = await cli.RunAsync("run", cli.File("hello"), "--local");

        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Contains("so it goes", result.Error, StringComparison.Ordinal);
        Assert.Contains("exit code 3", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_Errors_AreAllPrinted()
    {
        Job("tasks:\n- {name: a, image: x}\n- {name: a, image: x, command: c}\n");

        var result = await cli.RunAsync("run", cli.File("hello"), "--local");

        Assert.Equal(ExitCode.InvalidPipeline, result.ExitCode);
        Assert.Contains("main.yml:2:3: error:", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_NoSuchDirectory_IsNotFound() =>
        Assert.Equal(ExitCode.NotFound, (await cli.RunAsync("run", cli.File("nosuch"), "--local")).ExitCode);

    [Fact]
    public async Task Local_WithCommit_IsMisuse() =>
        Assert.Equal(ExitCode.Usage, (await cli.RunAsync("run", cli.Home, "--local", "--commit", "main")).ExitCode);

    private void Job(string text) => cli.File("hello/main.yml", text);
}
