using Odin.Cli.Models;

namespace Odin.Cli.Tests.Models;

public sealed class CsvRequestTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3.5,-4e2\n", """{"columns":["a","b"],"data":[[1,2],[3.5,-4e2]]}""")]
    [InlineData("\uFEFF\"a b\";c\r\n1;x\r\n;true\r\n", """{"columns":["a b","c"],"data":[[1,"x"],[null,true]]}""")]
    [InlineData("a\tb\n1\t\"2\"\n", """{"columns":["a","b"],"data":[[1,"2"]]}""")]
    [InlineData("a,\"x;y\"\n\"1 \"\"and\"\"\n2\",3", """{"columns":["a","x;y"],"data":[["1 \u0022and\u0022\n2",3]]}""")]
    [InlineData("a\n007\n1.\n\n-0\n", """{"columns":["a"],"data":[["007"],["1."],[-0]]}""")]
    [InlineData("a,b\n1,\n", """{"columns":["a","b"],"data":[[1,null]]}""")]
    public void Read_TakesWhatSpreadsheetsWrite(string text, string expected) => Assert.Equal(expected, CsvRequest.Read(text, "f").ToJsonString());

    [Theory]
    [InlineData("", "'f' holds no row")]
    [InlineData("a,b\n", "'f' holds no row")]
    [InlineData("a,b\n1\n1,2\n1,2,3\n", "'f', line 2: 1 values under 2 names\n'f', line 4: 3 values under 2 names")]
    [InlineData("a,b\n\"1\n\n2\"x,2\n", "'f', line 2: a double quote that does not end where its value ends")]
    [InlineData("a\n\"1", "'f', line 2: a double quote that does not end where its value ends")]
    public void Read_Mistake_IsSaidWithItsLine(string text, string message)
    {
        var refused = Assert.Throws<CliException>(() => CsvRequest.Read(text, "f"));
        Assert.Equal((ExitCode.Usage, message), (refused.ExitCode, refused.Message));
    }
}
