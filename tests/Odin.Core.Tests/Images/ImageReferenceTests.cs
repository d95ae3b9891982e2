using Odin.Images;

namespace Odin.Tests.Images;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("python", "docker.io", "library/python", null, null, "docker.io/library/python")]
    [InlineData("python:3.12", "docker.io", "library/python", "3.12", null, "docker.io/library/python:3.12")]
    [InlineData("docker.io/python", "docker.io", "library/python", null, null, "docker.io/library/python")]
    [InlineData("index.docker.io/me/x", "docker.io", "me/x", null, null, "docker.io/me/x")]
    [InlineData("me/x", "docker.io", "me/x", null, null, "docker.io/me/x")]
    [InlineData("localhost/x", "localhost", "x", null, null, "localhost/x")]
    [InlineData("127.0.0.1:5000/models/wine:1.0", "127.0.0.1:5000", "models/wine", "1.0", null, "127.0.0.1:5000/models/wine:1.0")]
    [InlineData("[::1]:5000/x:T", "[::1]:5000", "x", "T", null, "[::1]:5000/x:T")]
    [InlineData("Host/x", "Host", "x", null, null, "Host/x")]
    [InlineData("r.example.org/a__b/c--d/e.f:_t-1", "r.example.org", "a__b/c--d/e.f", "_t-1", null, "r.example.org/a__b/c--d/e.f:_t-1")]
    [InlineData("r.example.org/x@" + Digest, "r.example.org", "x", null, Digest, "r.example.org/x@" + Digest)]
    [InlineData("r.example.org/x:1@" + Digest, "r.example.org", "x", "1", Digest, "r.example.org/x:1@" + Digest)]
    public void Parse_Reference_GivesItsParts(string text, string registry, string repository, string? tag, string? digest, string whole)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal(new ImageReference(registry, repository, tag, digest), reference);
        Assert.Equal(whole, reference.ToString());
        Assert.Equal(reference, ImageReference.Parse(whole));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("x:")]
    [InlineData("x@sha256:12")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("a._b")]
    [InlineData("-a/b")]
    [InlineData("http://r.example.org/x")]
    [InlineData("r.example.org:port/x")]
    [InlineData("user@r.example.org/x")]
    [InlineData("x:1\n")]
    [InlineData("x:1:2")]
    public void Parse_NoReference_SaysWhatOneLooksLike(string text)
    {
        Assert.False(ImageReference.TryParse(text, out _));
        Assert.Contains("registry.example.org:5000/models/wine:1.0", Assert.Throws<ImageException>(() => ImageReference.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Capitals_SaysThatTheyAreWrong() =>
        Assert.Equal(
            "'r.example.org/Models/wine' is no image reference: its name must be in lower case.",
            Assert.Throws<ImageException>(() => ImageReference.Parse("r.example.org/Models/wine")).Message);

    [Fact]
    public void Parse_LongName_IsRefused() => Assert.Throws<ImageException>(() => ImageReference.Parse(new string('a', 300)));

    [Fact]
    public void TryParse_Null_IsNone() => Assert.False(ImageReference.TryParse(null, out _));

    [Theory]
    [InlineData(null, null, "latest")]
    [InlineData("1", null, "1")]
    [InlineData("1", Digest, Digest)]
    public void Selector_DigestBeforeTag(string? tag, string? digest, string expected) => Assert.Equal(expected, new ImageReference("r", "x", tag, digest).Selector);

    [Fact]
    public void Credentials_Text_HasNoPassword() => Assert.DoesNotContain("secret", new RegistryCredentials("me", "secret").ToString(), StringComparison.Ordinal);
}
