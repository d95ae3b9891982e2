namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>Command lines that make no sense, and help: the shape is Click's.</summary>
public sealed class UsageTests : IDisposable
{
    private readonly CliTest cli = new() { Alias = "odahuflowctl" };

    public void Dispose() => cli.Dispose();

    [Theory]
    [InlineData("foo", "odahuflowctl [OPTIONS] COMMAND [ARGS]...", "odahuflowctl", "No such command 'foo'.")]
    [InlineData("--foo", "odahuflowctl [OPTIONS] COMMAND [ARGS]...", "odahuflowctl", "No such option: --foo")]
    [InlineData("conn foo", "odahuflowctl connection [OPTIONS] COMMAND [ARGS]...", "odahuflowctl connection", "No such command 'foo'.")]
    [InlineData("conn get --foo", "odahuflowctl connection get [OPTIONS]", "odahuflowctl connection get", "No such option: --foo")]
    [InlineData("conn get -x", "odahuflowctl connection get [OPTIONS]", "odahuflowctl connection get", "No such option: -x")]
    [InlineData("conn get x", "odahuflowctl connection get [OPTIONS]", "odahuflowctl connection get", "Got unexpected extra argument (x)")]
    [InlineData("conn get x y", "odahuflowctl connection get [OPTIONS]", "odahuflowctl connection get", "Got unexpected extra arguments (x y)")]
    [InlineData("conn get --id", "odahuflowctl connection get [OPTIONS]", "odahuflowctl connection get", "Option '--id' requires an argument.")]
    [InlineData("conn create", "odahuflowctl connection create [OPTIONS]", "odahuflowctl connection create", "Missing option '--file' / '-f'.")]
    [InlineData("ti edit", "odahuflowctl toolchain-integration edit [OPTIONS]", "odahuflowctl toolchain-integration edit", "Missing option '--file' / '-f'.")]
    [InlineData("bulk apply", "odahuflowctl bulk apply [OPTIONS] FILE", "odahuflowctl bulk apply", "Missing argument 'FILE'.")]
    [InlineData("config set a", "odahuflowctl config set [OPTIONS] KEY VALUE", "odahuflowctl config set", "Missing argument 'VALUE'.")]
    [InlineData("conn get -o xml", "odahuflowctl connection get [OPTIONS]", "odahuflowctl connection get", "Invalid value for '--output-format' / '-o': invalid choice: xml. (choose from json, table, yaml, jsonpath)")]
    [InlineData("pi get -o jsonpath=$[", "odahuflowctl packaging-integration get [OPTIONS]", "odahuflowctl packaging-integration get", "Invalid value for '--output-format' / '-o': '$[' is not a JSONPath: there is no use for the end at position 3")]
    [InlineData("train create -f x --timeout soon", "odahuflowctl training create [OPTIONS]", "odahuflowctl training create", "Invalid value for '--timeout': 'soon' is not a valid integer.")]
    [InlineData("dep create -f x --timeout 0", "odahuflowctl deployment create [OPTIONS]", "odahuflowctl deployment create", "Invalid value for '--timeout': '0' timeout must be positive integer")]
    [InlineData("dep create -f x --timeout -1", "odahuflowctl deployment create [OPTIONS]", "odahuflowctl deployment create", "Invalid value for '--timeout': '-1' timeout must be positive integer")]
    [InlineData("login", "odahuflowctl login [OPTIONS]", "odahuflowctl login", "Missing option '--url'.")]
    [InlineData("login --url http://127.0.0.1:1 --token t --client_id a --client_secret b", "odahuflowctl login [OPTIONS]", "odahuflowctl login", "You should use either --token or --client_id/--client_secret, not both.")]
    [InlineData("login --url http://127.0.0.1:1 --client_id a", "odahuflowctl login [OPTIONS]", "odahuflowctl login", "You should provide both --client_id and --client_secret.")]
    [InlineData("login --url http://127.0.0.1:1 --client-id a --client-secret b", "odahuflowctl login [OPTIONS]", "odahuflowctl login", "You should provide --issuer together with the client credentials.")]
    [InlineData("completion tcsh", "odahuflowctl completion [OPTIONS] [SHELL]", "odahuflowctl completion", "Invalid value for '[SHELL]': 'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'.")]
    [InlineData("template generate", "odahuflowctl template generate [OPTIONS]", "odahuflowctl template generate", "Missing option '--name'.")]
    [InlineData("local train run", "odahuflowctl local training run [OPTIONS]", "odahuflowctl local training run", "Missing option '--train-id' / '--id'.")]
    [InlineData("local train list -o xml", "odahuflowctl local training list [OPTIONS]", "odahuflowctl local training list", "Invalid value for '--output-format' / '-o': invalid choice: xml. (choose from text, json)")]
    [InlineData("gppi predict a", "odahuflowctl gppi predict [OPTIONS] INPUT_FILE OUTPUT_DIR", "odahuflowctl gppi predict", "Missing argument 'OUTPUT_DIR'.")]
    public async Task Mistake_IsSaidInTheShapeOfClick(string line, string usage, string command, string error) => Assert.Equal(
        new CliResult(2, "", $"Usage: {usage}\nTry '{command} --help' for help.\n\nError: {error}\n"), await cli.RunAsync(line.Split(' ')));

    [Theory]
    [InlineData("")]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("conn")]
    [InlineData("conn --help")]
    [InlineData("conn get --help")]
    [InlineData("conn create -h")]
    [InlineData("local")]
    [InlineData("local pack")]
    [InlineData("--verbose train logs --help")]
    public async Task Help_NeedsNothingAndAsksNobody(string line)
    {
        var result = await cli.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("Usage: odahuflowctl", result.Out, StringComparison.Ordinal);
        Assert.Contains("\nOptions:\n", result.Out, StringComparison.Ordinal);
        Assert.Contains("-h, --help", result.Out, StringComparison.Ordinal);
        Assert.All(result.Lines, l => Assert.True(l.Length <= 100, l));
    }

    [Theory]
    [InlineData("version")]
    [InlineData("--version")]
    public async Task Version_IsTwoLines(string word)
    {
        var result = await cli.RunAsync(word);
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"\Acli version: [0-9.]+\nsdk version: [0-9.]+\n\z", result.Out);
    }

    [Theory]
    [InlineData("completion bash", "complete -o default -F _odahuflowctl_complete odahuflowctl")]
    [InlineData("completion zsh", "compdef _odahuflowctl odahuflowctl")]
    [InlineData("completion fish", "complete -c odahuflowctl")]
    [InlineData("completion powershell", "Register-ArgumentCompleter -Native -CommandName odahuflowctl")]
    public async Task Completion_IsAScript(string line, string expected) =>
        Assert.Contains(expected, (await cli.RunAsync(line.Split(' '))).Out, StringComparison.Ordinal);

    [Fact]
    public async Task Completion_WithoutAShell_IsForTheOneInUse()
    {
        cli.Variables["SHELL"] = "/usr/bin/zsh";
        Assert.Contains("#compdef", (await cli.RunAsync("completion")).Out, StringComparison.Ordinal);
        cli.Variables["SHELL"] = "/bin/tcsh";
        Assert.Equal("Error: There is no completion for 'tcsh': name one of bash, zsh, fish, powershell\nFor more information rerun command with --verbose flag\n", (await cli.RunAsync("completion")).Out);
    }

    [Theory]
    [InlineData("odahuflowctl connec", "connection\n")]
    [InlineData("odahuflowctl connection del", "delete\n")]
    [InlineData("odahuflowctl train create --no", "--no-wait\n--non-verbose\n")]
    public async Task Suggest_CompletesFromTheCommandTree(string line, string expected)
    {
        Assert.Equal(expected, (await cli.RunAsync($"[suggest:{line.Length}]", line)).Out);
        cli.Alias = null;
        Assert.Equal(expected, (await cli.RunAsync($"[suggest:{line.Length}]", line)).Out);
    }

    [Fact]
    public async Task EveryCommand_HasDescriptions()
    {
        await AssertDescribedAsync([]);

        async Task AssertDescribedAsync(string[] path)
        {
            var help = (await cli.RunAsync([.. path, "--help"])).Out;
            var at = help.IndexOf("\nCommands:\n", StringComparison.Ordinal);
            Assert.DoesNotMatch(@"(?m)^  -\S+( TEXT)?$\n(?!\s{6})", help);
            foreach (var command in at < 0 ? [] : help[(at + 11)..].Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith("  ", StringComparison.Ordinal) && l[2] != ' '))
            {
                var words = command.Trim().Split("  ", 2);
                Assert.True(words.Length == 2 && words[1].Trim().Length > 0, command);
                await AssertDescribedAsync([.. path, words[0]]);
            }
        }
    }
}
