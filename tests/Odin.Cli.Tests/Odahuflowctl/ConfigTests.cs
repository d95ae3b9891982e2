namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary><c>odahuflowctl config</c>, and which of its sources counts.</summary>
public sealed class ConfigTests : IDisposable
{
    private const string Hint = "For more information rerun command with --verbose flag\n";
    private readonly CliTest cli = new() { Alias = "odahuflowctl" };

    public void Dispose() => cli.Dispose();

    private string FileName => cli.File(".odahuflow/config");

    [Fact]
    public async Task Set_EchoesAndKeepsForTheOwnerOnly()
    {
        var result = await cli.RunAsync("config", "set", "api_url", "http://odahu.example.org");
        Assert.Equal(new CliResult(0, "API_URL - The address of the server\n  default: 'http://localhost:5000'\n  current: 'http://odahu.example.org'\n", ""), result);
        Assert.Equal("[general]\napi_url = http://odahu.example.org\n\n", await File.ReadAllTextAsync(FileName));
        Assert.True(CliTest.IsPrivate(FileName));
        Assert.Equal($"{FileName}\n", (await cli.RunAsync("conf", "path")).Out);
    }

    [Fact]
    public async Task Get_EnvironmentComesBeforeTheFileBeforeTheDefault()
    {
        Assert.Equal("RETRY_ATTEMPTS - How often a request is tried again\n  default: 3\n", (await cli.RunAsync("config", "get", "retry_attempts")).Out);
        cli.File(".odahuflow/config", "# mine\n[other]\nretry_attempts = 7\n[general]\nRETRY_ATTEMPTS: 5\n");
        Assert.EndsWith("  current: 5\n", (await cli.RunAsync("config", "get", "Retry_Attempts")).Out, StringComparison.Ordinal);
        cli.Variables["RETRY_ATTEMPTS"] = "6";
        Assert.EndsWith("  current: 6\n", (await cli.RunAsync("config", "get", "RETRY_ATTEMPTS")).Out, StringComparison.Ordinal);
        cli.Variables["ODAHUFLOW_CONFIG"] = cli.File("elsewhere");
        cli.Variables.Remove("RETRY_ATTEMPTS");
        Assert.DoesNotContain("current", (await cli.RunAsync("config", "get", "RETRY_ATTEMPTS")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Set_Empty_RemovesAndLeavesOtherSections()
    {
        cli.File(".odahuflow/config", "[other]\nkey = value\n[general]\napi_token = t\ndebug = true\n");
        Assert.Equal(0, (await cli.RunAsync("config", "set", "API_TOKEN", "")).ExitCode);
        Assert.Equal("[general]\ndebug = true\n\n[other]\nkey = value\n", await File.ReadAllTextAsync(FileName));
    }

    [Theory]
    [InlineData("API_TOKEN")]
    [InlineData("API_REFRESH_TOKEN")]
    [InlineData("ODAHUFLOWCTL_OAUTH_CLIENT_SECRET")]
    public async Task Get_Secret_IsHiddenUnlessAskedFor(string name)
    {
        Assert.EndsWith("  current: 'hush'\n", (await cli.RunAsync("config", "set", name, "hush")).Out, StringComparison.Ordinal);
        Assert.EndsWith("  current: '****'\n", (await cli.RunAsync("config", "get", name)).Out, StringComparison.Ordinal);
        Assert.EndsWith("  current: 'hush'\n", (await cli.RunAsync("config", "get", name, "--show-secrets")).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", (await cli.RunAsync("config", "all")).Out, StringComparison.Ordinal);
        Assert.Contains("hush", (await cli.RunAsync("config", "all", "--show-secrets")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get", "nope")]
    [InlineData("set", "nope", "x")]
    public async Task UnknownVariable_IsAnError(params string[] line) => Assert.Equal(
        new CliResult(1, $"Error: Variable 'NOPE' is unknown\n{Hint}", ""), await cli.RunAsync(["config", .. line]));

    [Fact]
    public async Task All_ListsEveryVariable()
    {
        var result = await cli.RunAsync("config", "all", "--with-system");
        Assert.StartsWith("Configurable manually variables:\n", result.Out, StringComparison.Ordinal);
        Assert.EndsWith("\nSystem variables:\n", result.Out, StringComparison.Ordinal);
        foreach (var name in new[] { "API_URL", "API_TOKEN", "ISSUER_URL", "ODAHUFLOWCTL_NONINTERACTIVE", "LOCAL_MODEL_OUTPUT_DIR", "DEBUG", "BACKOFF_FACTOR" })
            Assert.Contains($"\n{name} - ", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false", "False")]
    [InlineData("yes", "True")]
    [InlineData("T", "True")]
    [InlineData("0", "False")]
    public async Task Boolean_IsRead(string value, string shown) => Assert.EndsWith(
        $"  current: {shown}\n", (await cli.RunAsync("config", "set", "ODAHUFLOWCTL_NONINTERACTIVE", value)).Out, StringComparison.Ordinal);

    [Fact]
    public async Task Debug_IsVerbose()
    {
        cli.Variables["API_URL"] = "http://127.0.0.1:1";
        cli.Variables["RETRY_ATTEMPTS"] = "0";
        var quiet = await cli.RunAsync("conn", "get");
        Assert.Equal(new CliResult(1, $"Error: Can not reach http://127.0.0.1:1\n{Hint}", ""), quiet);
        cli.Variables["DEBUG"] = "true";
        var result = await cli.RunAsync("conn", "get");
        Assert.Equal("Error: Can not reach http://127.0.0.1:1\n", result.Out);
        Assert.Matches(@"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - DEBUG - GET http://127\.0\.0\.1:1/api/v1/connection\n", result.Error);
        Assert.Contains(" - ERROR - Exception occurs during CLI invocation\n", result.Error, StringComparison.Ordinal);
        cli.Variables.Remove("DEBUG");
        Assert.Equal(result.Out, (await cli.RunAsync("--verbose", "conn", "get")).Out);
        Assert.Equal(quiet, await cli.RunAsync("--verbose", "--non-verbose", "conn", "get"));
    }
}
