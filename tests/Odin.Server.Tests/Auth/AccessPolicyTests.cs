using Odin.Server.Auth;

namespace Odin.Server.Tests.Auth;

public sealed class AccessPolicyTests
{
    private static readonly AnonymousRequest Plain = new(AccessKind.Read, FromLoopback: true, Forwarded: false, KnownHost: true, SameOrigin: true);

    // The whole matrix: which kinds pass for a request that looks like this.
    public static TheoryData<string, bool, bool, bool, bool, string> Matrix { get; } = new()
    {
        // mode, loopback, forwarded, known host, same origin, what passes
        { "Loopback", true, false, true, true, "Public Read LegacySocket" },
        { "Loopback", true, true, true, true, "Public" },
        { "Loopback", true, false, false, true, "Public" },
        { "Loopback", true, false, true, false, "Public" },
        { "Loopback", false, false, true, true, "Public" },
        { "Loopback", false, true, false, false, "Public" },
        { "Always", true, false, true, true, "Public Read LegacySocket MainSocket" },
        { "Always", false, false, true, true, "Public Read LegacySocket MainSocket" },
        { "Always", false, true, false, true, "Public Read LegacySocket MainSocket" },
        { "Always", true, false, true, false, "Public Read" },
        { "Never", true, false, true, true, "Public" },
        { "Never", false, false, true, true, "Public" },
    };

    [Theory]
    [MemberData(nameof(Matrix))]
    public void MayPass_WithoutAToken_OnlyWhatTheModeAllows(string mode, bool loopback, bool forwarded, bool knownHost, bool sameOrigin, string expected)
    {
        var passing = Enum.GetValues<AccessKind>().Where(kind => AccessPolicy.MayPass(
            Enum.Parse<AnonymousAccess>(mode), new AnonymousRequest(kind, loopback, forwarded, knownHost, sameOrigin)));
        Assert.Equal(expected, string.Join(' ', passing));
    }

    [Fact]
    public void MayPass_AWriteInAnyMode_NeedsAToken() =>
        Assert.All(Enum.GetValues<AnonymousAccess>(), mode => Assert.False(AccessPolicy.MayPass(mode, Plain with { Kind = AccessKind.Write })));
}
