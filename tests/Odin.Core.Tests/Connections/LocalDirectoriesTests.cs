using Odin.Connections;

namespace Odin.Tests.Connections;

public sealed class LocalDirectoriesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("local", "DIR/open", true)]
    [InlineData("local", "file://DIR/open/models", true)]
    [InlineData("local", "DIR/open/../open/not/there/yet", true)]
    [InlineData("local", "DIR/open/../secret", false)]
    [InlineData("local", "DIR/opened", false)]
    [InlineData("git", "file://DIR/open/link/../open", false)]
    [InlineData("git", "file://DIR/open/%2e%2e/secret", false)]
    [InlineData("git", "file://DIR/open/#/../../secret", false)]
    [InlineData("git", "file://DIR/open?/../secret", false)]
    [InlineData("git", "file://DIR/open%00", false)]
    [InlineData("local", "DIR/open/link", false)]
    [InlineData("local", "DIR/open/link/deeper", false)]
    [InlineData("local", "/", false)]
    [InlineData("git", "DIR/open/repository", true)]
    [InlineData("git", "DIR/secret", false)]
    [InlineData("git", "file://DIR/secret", false)]
    [InlineData("git", "file://DIR/open/repo%73itory", true)]
    [InlineData("git", "git@example.org:DIR/secret", true)]
    [InlineData("git", "https://example.org/secret", true)]
    [InlineData("s3", "s3://bucket/secret", true)]
    public void Refuse_WhatLeadsElsewhere(string type, string uri, bool mayBe)
    {
        Directory.CreateDirectory(directory["open"]);
        Directory.CreateDirectory(directory["secret"]);
        File.CreateSymbolicLink(directory["open/link"], directory["secret"]);
        var spec = new ConnectionSpec { Type = type, Uri = uri.Replace("DIR", directory.Path, StringComparison.Ordinal) };

        var refusal = new LocalDirectories([directory["open"]]).Refuse(spec);

        Assert.True(mayBe == refusal is null, refusal ?? "nothing was refused");
        if (!mayBe)
            Assert.Matches($"only what lies in {directory["open"]} is allowed \\(connection.local_directories\\)$|which is not taken$", refusal);
        Assert.Null(LocalDirectories.All.Refuse(spec));
    }

    [Fact]
    public void Refuse_None_LeavesOtherMachines()
    {
        var none = new LocalDirectories([]);
        Assert.Equal(
            "leads to '/srv' on the server's machine, and only other machines are allowed (connection.local_directories)", none.Refuse(new ConnectionSpec { Type = "local", Uri = "/srv" }));
        Assert.Null(none.Refuse(new ConnectionSpec { Type = "git", Uri = "https://example.org/x" }));
    }
}
