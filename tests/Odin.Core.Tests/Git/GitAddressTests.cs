using Odin.Git;

namespace Odin.Tests.Git;

public sealed class GitAddressTests
{
    [Theory]
    [InlineData("/srv/pipelines", "/srv/pipelines")]
    [InlineData("/srv/pipelines/", "/srv/pipelines")]
    [InlineData("file:///srv/p.git", "file:///srv/p.git")]
    [InlineData("ssh://git@host:2222/team/p.git", "ssh://git@host:2222/team/p.git")]
    [InlineData("git@host.example:team/p.git", "git@host.example:team/p.git")]
    [InlineData("git@[::1]:p.git", "git@[::1]:p.git")]
    [InlineData("https://host/team/p.git", "https://host/team/p.git")]
    [InlineData("https://me:secret@host:8443/p.git", "https://host:8443/p.git")]
    [InlineData("http://127.0.0.1:8080/p.git", "http://127.0.0.1:8080/p.git")]
    [InlineData("http://localhost/p.git", "http://localhost/p.git")]
    public void TryParse_AllowedSource_IsTakenWithoutCredentials(string source, string location)
    {
        Assert.True(GitAddress.TryParse(source, allowInsecureHttp: false, out var address, out var error), error);
        Assert.Equal(location, address.Location);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ext::sh -c 'touch /tmp/x'")]
    [InlineData("fd::17")]
    [InlineData("-u./evil")]
    [InlineData("--upload-pack=/bin/sh")]
    [InlineData("ssh://-oProxyCommand=evil/path")]
    [InlineData("ssh://-oProxyCommand=evil@host/path")]
    [InlineData("ssh://git:secret@host/path")]
    [InlineData("-oProxyCommand=evil:path")]
    [InlineData("git@-oProxyCommand=evil:path/x://")]
    [InlineData("git@host:-path")]
    [InlineData("ftp://host/p")]
    [InlineData("git://host/p")]
    [InlineData("rsync://host/p")]
    [InlineData("http://host.example/p.git")]
    [InlineData("https://host/p.git?x=1")]
    [InlineData("https://me:se%0acret@host/p.git")]
    [InlineData("file://host/srv/p")]
    [InlineData("/srv/p\nq")]
    public void TryParse_DangerousSource_IsRefusedWithARemedy(string source)
    {
        Assert.False(GitAddress.TryParse(source, allowInsecureHttp: false, out var address, out var error));
        Assert.Null(address);
        Assert.Contains("pipelines source", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_CredentialsInHttps_AreDecodedAndBoundToTheHost()
    {
        Assert.True(GitAddress.TryParse("https://me%40x:p%3Aw%2F@host:8443/p.git", false, out var address, out _));
        Assert.Equal("me@x", address.Credential!.UserName);
        Assert.Equal("p:w/", address.Credential.Password);
        Assert.Equal("https://host:8443", address.Origin);
        Assert.Equal("https", address.Protocols);
        Assert.DoesNotContain("p:w", address.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fatal: unable to access 'https://me:secret@host/p/': nope", "fatal: unable to access 'https://***@host/p/': nope")]
    [InlineData("nothing here", "nothing here")]
    public void Redact_UrlWithUserInfo_LosesIt(string text, string expected) => Assert.Equal(expected, GitText.Redact(text));

    [Theory]
    [InlineData("master", true)]
    [InlineData("feature/x-1.2", true)]
    [InlineData("v1.0", true)]
    [InlineData("-d", false)]
    [InlineData("--help", false)]
    [InlineData("a..b", false)]
    [InlineData("HEAD~1", false)]
    [InlineData("HEAD^{tree}", false)]
    [InlineData("master:secret", false)]
    [InlineData("@{u}", false)]
    [InlineData("a//b", false)]
    [InlineData("a/.hidden", false)]
    [InlineData("x.lock", false)]
    [InlineData("a b", false)]
    [InlineData("a\n", false)]
    [InlineData("", false)]
    public void IsValid_Revision_OnlyPlainNames(string revision, bool expected) => Assert.Equal(expected, GitRevision.IsValid(revision));

    [Fact]
    public void Validate_SeveralMistakes_AllAreNamed()
    {
        var options = new GitOptions { Source = "ext::sh", Branch = "-d", SshKeyFile = "/no/key", KnownHostsFile = "/no/hosts", AuthorName = "a\nb" };
        Assert.Equal(5, options.Validate().Count);
    }
}
