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
