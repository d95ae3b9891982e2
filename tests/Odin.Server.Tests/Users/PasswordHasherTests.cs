using Odin.Users;

namespace Odin.Server.Tests.Users;

public sealed class PasswordHasherTests
{
    private const string SpecVector = "$2b$12$abcdefghijklmnopqrstuuFOFSH870MQvIf.fOcmNgpTyGPWKBioK";

    private readonly PasswordHasher hasher = new(new PasswordOptions { Iterations = 1000 });

    [Fact]
    public void Verify_TheRightPassword_IsRight() => Assert.Equal(PasswordVerdict.Right, hasher.Verify("päss wörd", hasher.Hash("päss wörd")));

    [Theory]
    [InlineData("")]
    [InlineData("Secret")]
    [InlineData("secret ")]
    public void Verify_AnotherPassword_IsWrong(string password) => Assert.Equal(PasswordVerdict.Wrong, hasher.Verify(password, hasher.Hash("secret")));

    [Fact]
    public void Hash_TheSamePasswordTwice_HasAnotherSalt() => Assert.NotEqual(hasher.Hash("secret"), hasher.Hash("secret"));

    [Fact]
    public void Verify_FewerIterationsThanNow_AsksForANewHash()
    {
        var stronger = new PasswordHasher(new PasswordOptions { Iterations = 2000 });
        Assert.Equal(PasswordVerdict.RightButOutdated, stronger.Verify("secret", hasher.Hash("secret")));
        Assert.Equal(PasswordVerdict.Wrong, stronger.Verify("other", hasher.Hash("secret")));
    }

    // RFC 7914, section 11: PBKDF2-HMAC-SHA-256 (P="Password", S="NaCl", c=80000), first 32 of 64 bytes.
    [Fact]
    public void Verify_TheVectorOfRfc7914_IsRight()
    {
        var key = Convert.ToBase64String(Convert.FromHexString("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"));
        var hash = $"pbkdf2-sha256$80000${Convert.ToBase64String("NaCl"u8)}${key}";
        Assert.Equal(PasswordVerdict.Right, hasher.Verify("Password", hash));
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("pbkdf2-sha256$0$AAAA$AAAA")]
    [InlineData("pbkdf2-sha256$x$AAAA$AAAA")]
    [InlineData("argon2$1$AAAA$AAAA")]
    public void Verify_AnUnknownFormat_IsWrong(string hash) => Assert.Equal(PasswordVerdict.Wrong, hasher.Verify("secret", hash));

    [Fact]
    public void Verify_AnEndlessPassword_IsWrongAtOnce() =>
        Assert.Equal(PasswordVerdict.Wrong, hasher.Verify(new string('a', 10_000_000), hasher.Hash("a")));

    [Fact]
    public void Verify_TheBcryptVectorOfTheInheritedServer_IsRightAndOutdated()
    {
        Assert.SkipUnless(Bcrypt.IsAvailable, "This machine has no libcrypt.");
        Assert.Equal(PasswordVerdict.RightButOutdated, hasher.Verify("rootpw", SpecVector));
        Assert.Equal(PasswordVerdict.Wrong, hasher.Verify("rootpx", SpecVector));
        Assert.Equal(PasswordVerdict.Wrong, hasher.Verify("rootpw\0x", SpecVector));
    }
}
