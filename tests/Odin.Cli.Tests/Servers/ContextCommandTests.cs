namespace Odin.Cli.Tests.Servers;

public sealed class ContextCommandTests : IDisposable
{
    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task AddUseListRemove()
    {
        Assert.Equal(0, (await cli.RunAsync("context", "add", "lab", "https://lab.example", "-u", "ada")).ExitCode);
        Assert.Equal(0, (await cli.RunAsync("context", "add", "other", "--url", "http://other:9003")).ExitCode);
        Assert.Equal("* lab  https://lab.example  as ada\n  other  http://other:9003\n", (await cli.RunAsync("context", "list")).Out);

        await cli.RunAsync("context", "use", "other");
        Assert.Equal("lab\nother\n", (await cli.RunAsync("context", "list", "-o", "name")).Out);
        Assert.Contains("* other", (await cli.RunAsync("context")).Out, StringComparison.Ordinal);

        await cli.RunAsync("context", "remove", "other");
        Assert.Equal("  lab  https://lab.example  as ada\n", (await cli.RunAsync("context", "list")).Out);
    }

    [Fact]
    public async Task File_IsForTheOwnerOnly()
    {
        await cli.RunAsync("context", "add", "lab", "https://lab.example");
        Assert.True(CliTest.IsPrivate(cli.File(".config/odin/config.yml")));
    }

    [Fact]
    public async Task Use_Unknown_IsNotFound() => Assert.Equal(ExitCode.NotFound, (await cli.RunAsync("context", "use", "nosuch")).ExitCode);

    [Fact]
    public async Task Add_WithoutAddress_IsMisuse() => Assert.Equal(ExitCode.Usage, (await cli.RunAsync("context", "add", "lab")).ExitCode);

    [Fact]
    public async Task BrokenFile_SaysWhere()
    {
        cli.File(".config/odin/config.yml", "contexts:\n  - [");
        var result = await cli.RunAsync("context", "list");
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains("config.yml:", result.Error, StringComparison.Ordinal);
    }
}
