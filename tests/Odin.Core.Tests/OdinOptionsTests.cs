namespace Odin.Tests;

public sealed class OdinOptionsTests
{
    [Theory]
    [InlineData("/d", "/x", "/h", "/d")]
    [InlineData("", "/x", "/h", "/x/odin")]
    [InlineData(null, "", "/h", "/h/.local/share/odin")]
    public void FindDataDirectory_TheNearestVariableCounts(string? data, string? share, string? home, string expected)
    {
        var environment = new Dictionary<string, string?> { ["ODIN_DATA"] = data, ["XDG_DATA_HOME"] = share, ["HOME"] = home };
        Assert.Equal(expected, OdinOptions.FindDataDirectory(name => environment.GetValueOrDefault(name)));
    }

    [Fact]
    public void DataDirectory_ByDefault_IsThatOfTheEnvironment() =>
        Assert.Equal(OdinOptions.FindDataDirectory(Environment.GetEnvironmentVariable), new OdinOptions().DataDirectory);
}
