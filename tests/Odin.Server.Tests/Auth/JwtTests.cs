using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Odin.Server.Auth;

namespace Odin.Server.Tests.Auth;

public sealed class JwtTests
{
    private const string SpecVector =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjb20uaW50ZXJhY3Rpb25zIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwNDMyMDAsInN1YiI6InJvb3QifQ.9BmQqWJ6EtagblUR49GR6NX0Nc8QFrQlTbuiDQJruqo";

    private static readonly SigningKey Key = new("s3cret"u8.ToArray());
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Fact]
    public void Issue_TheVectorOfTheInheritedServer_IsTheSameText() =>
        Assert.Equal(SpecVector, new JwtSigner(new JwtOptions(), Key, new ManualTime(Start)).Issue("root"));

    [Fact]
    public void Verify_TheVectorOfTheInheritedServer_NamesTheUser() =>
        Assert.Equal("root", Verify(SpecVector).Claims?.Subject);

    [Fact]
    public void Verify_TheVectorOfRfc7515_HasARightSignature()
    {
        const string token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        var key = new SigningKey(Base64Url.DecodeFromChars("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
        var verifier = new JwtVerifier(new JwtOptions { Issuer = "joe" }, key, new ManualTime(DateTimeOffset.FromUnixTimeSeconds(1_300_000_000)));

        // It names no user, so it is refused, but for that reason and no other.
        Assert.Contains("'sub'", verifier.Verify(token).Problem, StringComparison.Ordinal);
        Assert.Contains("signature", verifier.Verify(token.Replace(".dBj", ".eBj", StringComparison.Ordinal)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d")]
    [InlineData("!!!.???.***")]
    [InlineData("bnVsbA.bnVsbA.AAAA")]
    public void Verify_Garbage_IsRefused(string token) => Assert.NotNull(Verify(token).Problem);

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"None","typ":"JWT"}""")]
    [InlineData("""{"alg":"HS512","typ":"JWT"}""")]
    [InlineData("""{"alg":"RS256","typ":"JWT"}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""{"alg":"HS256","crit":["exp"]}""")]
    public void Verify_AnotherHeader_IsRefusedEvenIfTheSignatureFits(string header) =>
        Assert.NotNull(Verify(Forge(header, """{"iss":"com.interactions","iat":1700000000,"exp":1700043200,"sub":"root"}""", Key.Bytes)).Problem);

    [Fact]
    public void Verify_NoSignature_IsRefused()
    {
        var parts = Forge("""{"alg":"none"}""", """{"iss":"com.interactions","exp":1700043200,"sub":"root"}""", Key.Bytes).Split('.');
        Assert.NotNull(Verify($"{parts[0]}.{parts[1]}.").Problem);
    }

    [Theory]
    [InlineData("""{"iss":"com.interactions","iat":1700000000,"exp":1700000000,"sub":"root"}""", "expired")]
    [InlineData("""{"iss":"com.interactions","iat":1700000000,"sub":"root"}""", "exp")]
    [InlineData("""{"iss":"com.interactions","iat":1700000000,"exp":1700043200}""", "sub")]
    [InlineData("""{"iss":"com.interactions","iat":1700000000,"exp":1700043200,"sub":""}""", "sub")]
    [InlineData("""{"iss":"com.interactions","nbf":1700000100,"exp":1700043200,"sub":"root"}""", "not valid yet")]
    [InlineData("""{"iss":"com.interactions","iat":1700000100,"exp":1700043200,"sub":"root"}""", "not valid yet")]
    [InlineData("""{"iss":"somebody else","iat":1700000000,"exp":1700043200,"sub":"root"}""", "another server")]
    [InlineData("""{"iat":1700000000,"exp":1700043200,"sub":"root"}""", "another server")]
    [InlineData("""{"iss":"com.interactions","exp":"tomorrow","sub":"root"}""", "malformed")]
    [InlineData("[]", "malformed")]
    public void Verify_WrongClaims_AreRefusedWithTheReason(string claims, string reason) =>
        Assert.Contains(reason, Verify(Forge("""{"alg":"HS256","typ":"JWT"}""", claims, Key.Bytes)).Problem, StringComparison.Ordinal);

    [Fact]
    public void Verify_AnotherKey_IsRefused() =>
        Assert.NotNull(Verify(Forge("""{"alg":"HS256"}""", """{"iss":"com.interactions","exp":1700043200,"sub":"root"}""", "other"u8)).Problem);

    [Fact]
    public void Verify_ChangedClaims_AreRefused()
    {
        var parts = SpecVector.Split('.');
        var other = Base64Url.EncodeToString("""{"iss":"com.interactions","iat":1700000000,"exp":1700043200,"sub":"admin"}"""u8);
        Assert.NotNull(Verify($"{parts[0]}.{other}.{parts[2]}").Problem);
    }

    [Fact]
    public void Verify_AnEndlessToken_IsRefused() => Assert.NotNull(Verify(new string('a', 1_000_000)).Problem);

    private static JwtResult Verify(string token) => new JwtVerifier(new JwtOptions(), Key, new ManualTime(Start)).Verify(token);

    private static string Forge(string header, string claims, ReadOnlySpan<byte> key)
    {
        var content = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        return content + "." + Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(content)));
    }
}
