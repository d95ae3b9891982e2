using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Odin.Cli.Shell;

namespace Odin.Cli.Tests.Shell;

public sealed class ShellTests : IAsyncDisposable
{
    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    private static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "odin");

    [Fact]
    public async Task NoArguments_IsHelpInGroups()
    {
        var result = await cli.RunAsync();
        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Contains("\nEveryday:\n  demo ", result.Out, StringComparison.Ordinal);
        Assert.Contains("Examples:", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("help-markdown", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfACommand_HasExamples()
    {
        var result = await cli.RunAsync("help", "run");
        Assert.Contains("Examples:\n  odin run wine --watch\n", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "<JOB>")]
    [InlineData("push", "<JOB>")]
    [InlineData("logs", "<RESOURCE>")]
    [InlineData("status", "<PATTERN>")]
    public async Task Help_OfACommand_AsksNoServer(string command, string argument)
    {
        cli.Variables["ODIN_URL"] = server.Url;
        server.On("GET /v1/pipelines", """{"pipelines":[{"id":"wine-1j"}],"continue":null}""").On("GET /v1/jobs", """{"jobs":[{"name":"team/wine"}]}""");
        var result = await cli.RunAsync(command, "--help");
        Assert.Contains(argument, result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("wine-1j", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("team/wine|", result.Out, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public void EveryCommand_HasDescriptionsAndExamples()
    {
        var root = CommandTree.Create(new CliSession(cli.Environment(TextWriter.Null, TextWriter.Null), [], [], false));
        foreach (var command in root.Subcommands.Where(c => !c.Hidden))
        {
            Assert.False(string.IsNullOrEmpty(command.Description), command.Name);
            Assert.NotEmpty(Assert.IsType<OdinCommand>(command, exactMatch: false).Examples);
            Assert.All(command.Options, o => Assert.False(string.IsNullOrEmpty(o.Description), $"{command.Name} {o.Name}"));
            Assert.All(command.Arguments, a => Assert.False(string.IsNullOrEmpty(a.Description), $"{command.Name} {a.Name}"));
        }
    }

    /// <summary>Every documented example is at least a command line that the program takes.</summary>
    [Fact]
    public void EveryExample_Parses()
    {
        var root = CommandTree.Create(new CliSession(cli.Environment(TextWriter.Null, TextWriter.Null), [], [], false));
        foreach (var example in root.Subcommands.OfType<OdinCommand>().SelectMany(c => c.Examples).Concat(ConsoleLines()))
        {
            var line = example[example.IndexOf("odin ", StringComparison.Ordinal)..].Split([" < ", " > ", " | ", ")"], StringSplitOptions.None)[0];
            var words = System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(line).Skip(1).ToList();
            var errors = root.Parse(Odin.Cli.Runs.TemplateArguments.Extract(words).Remaining).Errors;
            Assert.True(errors.Count == 0, $"{example}: {string.Join("; ", errors.Select(e => e.Message))}");
        }
    }

    // What pages show of a terminal, without its answers.
    private static IEnumerable<string> ConsoleLines() => Directory.GetFiles(Path.Combine(SourceTree.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .SelectMany(File.ReadLines)
        .Where(line => line.StartsWith("$ odin ", StringComparison.Ordinal));

    [Fact]
    public async Task ReferencePage_IsCurrent()
    {
        var page = (await cli.RunAsync("help-markdown")).Out;
        var file = Path.Combine(SourceTree.Root, "docs", "reference", "cli.md");
        if (Environment.GetEnvironmentVariable("ODIN_APPROVE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, page);
        }
        Assert.True(File.Exists(file) && await File.ReadAllTextAsync(file) == page, $"'{file}' is not what the program says. Run this test with ODIN_APPROVE=1 to write it.");
    }

    [Theory]
    [InlineData("--url URL list", "list --url URL")]
    [InlineData("--url=URL -o json list wine", "list wine --url=URL -o json")]
    [InlineData("--password-stdin -u ada auth", "auth --password-stdin -u ada")]
    [InlineData("--host h chore run -- x", "chore run --host h -- x")]
    [InlineData("--url URL", "--url URL")]
    [InlineData("--url URL --help", "--url URL --help")]
    [InlineData("list --url URL", "list --url URL")]
    [InlineData("--nope list", "--nope list")]
    [InlineData("", "")]
    public void LeadingOptions_GoBehindTheCommand(string typed, string expected) =>
        Assert.Equal(expected, string.Join(' ', LeadingOptions.Move(typed.Split(' '))));

    [Fact]
    public async Task OptionsBeforeTheCommand_Work()
    {
        server.On("GET /v1/jobs", """{"jobs":[{"name":"wine"}]}""");
        Assert.Equal(new CliResult(0, "wine\n", ""), await cli.RunAsync("--url", server.Url, "-o", "name", "jobs"));
    }

    [Theory]
    [InlineData("odin-run", "run")]
    [InlineData("/usr/local/bin/odin-status", "status")]
    [InlineData("odin-chores", "chore run")]
    [InlineData("odin-select-model", "chore select-model")]
    [InlineData("bin/yaml2json", "chore yaml2json")]
    [InlineData("odin", null)]
    [InlineData("odin-server", null)]
    [InlineData("", null)]
    public void ProgramName_SaysTheCommand(string program, string? expected) => Assert.Equal(expected, ProgramName.CommandOf(program));

    [Fact]
    public async Task Aliases_AreLinksThatBehaveAsTheOldCommands()
    {
        const string Answer = """{"pipeline":{"id":"wine-1j"},"context":[]}""";
        server.On("POST /v1/pipelines", Answer);
        var links = cli.File("bin");

        var made = await StartAsync(Program, "aliases", "--dir", links);
        Assert.Equal(0, made.ExitCode);
        Assert.Equal(ProgramName.Aliases, Directory.GetFiles(links).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(0, (await StartAsync(Program, "aliases", "--dir", links)).ExitCode);

        var result = await StartAsync(
            Path.Combine(links, "odin-run"), "wine", "--host", "127.0.0.1", "--port", server.Port.ToString(CultureInfo.InvariantCulture), "--scheme", "http");
        Assert.Equal(Answer + "\n", result.Out);
    }

    [Fact]
    public async Task Aliases_ForeignFile_IsLeftAlone()
    {
        var file = cli.File("bin/odin-run", "mine");
        var result = await StartAsync(Program, "aliases", "--dir", cli.File("bin"));
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Aliases_ForeignLink_IsLeftAlone()
    {
        var link = cli.File("bin/yaml2json");
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.CreateSymbolicLink(link, "/usr/local/bin/mine");
        var result = await StartAsync(Program, "aliases", "--dir", cli.File("bin"));
        Assert.Equal(ExitCode.Failure, result.ExitCode);
        Assert.Equal("/usr/local/bin/mine", new FileInfo(link).LinkTarget);
    }

    [Fact]
    public async Task Aliases_OfChores_DoWhatTheOldProgramsDid()
    {
        var bin = cli.File("bin");
        Assert.Equal(0, (await StartAsync(Program, "aliases", "--dir", bin)).ExitCode);
        cli.File("a", "alpha");
        var chores = cli.File("chores.yml", $"chores:\n- {{name: keep, type: copy, src: {cli.File("a")}, dst: {cli.File("b")}}}\n");

        var run = await StartAsync(Path.Combine(bin, "odin-chores"), chores, "--label", "r--chores", "--cred", "/etc/odind/odin-cred.yml", "--modules", "a", "b");
        Assert.Equal((0, $$"""{"keep":"{{cli.File("b")}}"}""" + "\n"), (run.ExitCode, run.Out));
        Assert.Equal("alpha", await File.ReadAllTextAsync(cli.File("b")));

        var json = await StartAsync(Path.Combine(bin, "yaml2json"), cli.File("x.yml", "a: [1, yes]\n"), "--indent", "0");
        Assert.Equal("""{"a":[1,true]}""" + "\n", json.Out);
        Assert.Equal("a: 1\n", (await StartAsync(Path.Combine(bin, "json2yaml"), cli.File("x.json", """{"a":1}"""))).Out);

        Assert.Equal(0, (await StartAsync(Path.Combine(bin, "render-jinja2"), cli.File("main.yml.jinja2", "depth: {{ depth }}"), "--x:depth", "3")).ExitCode);
        Assert.Equal("depth: 3", await File.ReadAllTextAsync(cli.File("main.yml")));
    }

    [Fact]
    public async Task OldSelector_ItsWholeCommandLine_IsTaken()
    {
        cli.Alias = "chore select-model";
        var result = await cli.RunAsync(
            "--type", "best-of-batch", "--label", "r--export", "--models", "m1", "m2", "--metric", "acc", "--task", "t", "--user_cmp", "gt", "--dataset", "d",
            "--cred", "/etc/odind/odin-cred.yml", "--settings", "s", "--logging", "l", "--data_root", "/data", "--config", "c", "--datasets", "d", "--xpctl_api_url", "http://x",
            "--scores", cli.File("scores.yml", "m1: {acc: 50}\nm2: {acc: 90}\n"));
        Assert.Equal(ExitCode.Success, result.ExitCode);
        Assert.Contains("\"selected\":\"m2\"", result.Out, StringComparison.Ordinal);
        Assert.Contains("--scores", result.Error, StringComparison.Ordinal);
    }

    /// <summary>A shell script stands for the server: what counts is that it has our process id and our arguments.</summary>
    [Fact]
    public async Task Server_ReplacesTheProgram()
    {
        var copy = cli.File("copy");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        foreach (var file in Directory.GetFiles(copy, "odin-server*"))
            File.Delete(file);
        var script = Path.Combine(copy, "odin-server");
        await File.WriteAllTextAsync(script, "#!/bin/sh\necho $$\nfor a; do echo \"[$a]\"; done\nexit 42\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var result = await StartAsync(Path.Combine(copy, "odin"), "server", "--data", "a b", "--x:y", "--whatever");

        Assert.Equal(42, result.ExitCode);
        Assert.Equal($"{result.ProcessId}\n[--data]\n[a b]\n[--x:y]\n[--whatever]\n", result.Out);
        Assert.EndsWith("\n[--help]\n", (await StartAsync(Path.Combine(copy, "odin"), "server", "--", "--help")).Out, StringComparison.Ordinal);
        Assert.EndsWith("\n[--role]\n[agent]\n[--help]\n", (await StartAsync(Path.Combine(copy, "odin"), "server", "--role", "agent", "--", "--help")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_Help_SaysWhereTheOtherSettingsAre() =>
        Assert.Contains("`odin server -- --help`, which is `odin-server --help`", (await cli.RunAsync("server", "--help")).Out, StringComparison.Ordinal);

    [Theory]
    [InlineData("odin ru", "run\n")]
    [InlineData("odin run --wa", "--wait\n--watch\n")]
    [InlineData("odin status x -o y", "yaml\n")]
    [InlineData("bin/odin-run --wa", "--wait\n--watch\n")]
    [InlineData("odin-select-model --met", "--metric\n")]
    public async Task Suggest_CompletesFromTheCommandTree(string line, string expected) =>
        Assert.Equal(expected, (await cli.RunAsync(string.Create(CultureInfo.InvariantCulture, $"[suggest:{line.Length}]"), line)).Out);

    [Fact]
    public async Task Suggest_CompletesRunsAndJobsFromTheServer()
    {
        cli.Variables["ODIN_URL"] = server.Url;
        server.On("GET /v1/pipelines", """{"pipelines":[{"id":"wine-1j"}],"continue":null}""").On("GET /v1/jobs", """{"jobs":[{"name":"team/wine"}]}""");
        Assert.Equal("wine-1j\n", (await cli.RunAsync("[suggest:15]", "odin cancel win")).Out);
        Assert.Equal("team/wine\n", (await cli.RunAsync("[suggest:11]", "odin run te")).Out);
    }

    [Fact]
    public async Task Suggest_ServerThatDoesNotAnswer_IsNoError()
    {
        cli.Variables["ODIN_URL"] = "http://127.0.0.1:1";
        Assert.Equal(new CliResult(0, "", ""), await cli.RunAsync("[suggest:15]", "odin cancel win"));
    }

    [Fact]
    public async Task Completion_BashScript_Completes()
    {
        var script = (await cli.RunAsync("completion", "bash")).Out;
        var test = cli.File(
            "test.sh",
            $"PATH={AppContext.BaseDirectory}:$PATH\n{script}\nCOMP_LINE='odin-run --wat'\nCOMP_POINT=14\nCOMP_WORDS=(odin-run --wat)\nCOMP_CWORD=1\n_odin_complete\necho \"${{COMPREPLY[@]}}\"\n");
        Assert.Equal("--watch\n", (await StartAsync("/bin/bash", test)).Out);
    }

    [Theory]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Completion_OtherShells_HaveAScript(string shell) =>
        Assert.Contains("[suggest:", (await cli.RunAsync("completion", shell)).Out, StringComparison.Ordinal);

    private async Task<(int ExitCode, string Out, int ProcessId)> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["HOME"] = cli.Home;
        start.Environment.Remove("ODIN_DATA");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await error;
        await process.WaitForExitAsync();
        return (process.ExitCode, output, process.Id);
    }
}
