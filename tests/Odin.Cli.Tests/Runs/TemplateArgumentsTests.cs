using Odin.Cli.Runs;

namespace Odin.Cli.Tests.Runs;

public sealed class TemplateArgumentsTests
{
    [Theory]
    [InlineData("--x:a.b 3", """{"a":{"b":3}}""")]
    [InlineData("--x:a.b 3 --x:a.c x", """{"a":{"b":3,"c":"x"}}""")]
    [InlineData("--x:lr 0.5", """{"lr":0.5}""")]
    [InlineData("--x:n -4", """{"n":-4}""")]
    [InlineData("--x:n 1e3", """{"n":1000}""")]
    [InlineData("--x:v 1.2.3", """{"v":"1.2.3"}""")]
    [InlineData("--x:v nan", """{"v":"nan"}""")]
    [InlineData("--x:flag True", """{"flag":"True"}""")]
    [InlineData("--x:k 1 --x:k two --x:k 3", """{"k":[1,"two",3]}""")]
    [InlineData("--x:learning-rate 1", """{"learning_rate":1}""")]
    [InlineData("--x:my-map.a-key 1", """{"my_map":{"a_key":1}}""")]
    public void ToContext_Rules(string line, string expected)
    {
        var (remaining, taken) = TemplateArguments.Extract(line.Split(' '));

        Assert.Empty(remaining);
        Assert.Equal(expected, TemplateArguments.ToContext(taken).ToJsonString());
    }

    [Fact]
    public void Extract_LeavesTheRest()
    {
        var (remaining, taken) = TemplateArguments.Extract(["run", "--x:a", "1", "wine", "--watch", "--", "--x:b", "2"]);

        Assert.Equal(["run", "wine", "--watch", "--", "--x:b", "2"], remaining);
        Assert.Equal([new TemplateArgument("a", "1")], taken);
    }

    [Theory]
    [InlineData("--x:a")]
    [InlineData("--x:a --x:b 1")]
    [InlineData("--x:a=1 2")]
    [InlineData("--x: 1")]
    [InlineData("--x:a..b 1")]
    public void Extract_Malformed_IsMisuse(string line)
    {
        var e = Assert.Throws<CliException>(() => TemplateArguments.Extract(line.Split(' ')));
        Assert.Equal(ExitCode.Usage, e.ExitCode);
        Assert.NotNull(e.Hint);
    }

    [Theory]
    [InlineData("--x:a 1 --x:a.b 2")]
    [InlineData("--x:a.b 1 --x:a 2")]
    public void ToContext_ValueAndMap_IsMisuse(string line) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => TemplateArguments.ToContext(TemplateArguments.Extract(line.Split(' ')).Taken)).ExitCode);
}
