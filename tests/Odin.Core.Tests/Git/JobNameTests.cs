using Odin.Pipelines;

namespace Odin.Tests.Git;

public sealed class JobNameTests
{
    public static TheoryData<string> HostileJobs =>
    [
        "", "/", "/etc", "..", "../x", "a/../b", "a/..", ".", "a/./b", "a//b", "a/", "a\\b", "..\\x", "a__b", "-rf", "a/-x", ".git", "a/.git", "a/.GIT/hooks",
        "a b", "a\0b", "a\nb", "a:b", "a*", "~root", "$HOME", "ä", "a%2fb", new string('x', 201), "__..__..__etc",
    ];

    public static TheoryData<string> HostileFiles =>
    [
        "", ".", "..", "a/b", "/etc/passwd", "../x", "a\\b", ".git", ".GIT", "a\0b", "a\nb", "a<b", "a>b", "a:b", "a;b", "a,b", "a?b", "a\"b", "a*b", "a|b",
        new string('x', 256), "\ud800",
    ];

    [Theory]
    [InlineData("wine")]
    [InlineData("team/wine")]
    [InlineData("a.b/c-d/e_f/0")]
    [InlineData("..a/b..")]
    public void TryParse_GoodJob_IsTaken(string text) => Assert.Equal(text, JobName.Parse(text).Value);

    [Theory]
    [MemberData(nameof(HostileJobs), DisableDiscoveryEnumeration = true)]
    public void TryParse_HostileJob_IsRefusedInOneShortLine(string text)
    {
        Assert.False(JobName.TryParse(text, out _, out var error));
        Assert.True(error.Length < 400 && !error.Any(char.IsControl), error);
    }

    [Theory]
    [InlineData("main.yml")]
    [InlineData("train me.py")]
    [InlineData("-x")]
    [InlineData("größe.txt")]
    [InlineData(".gitignore")]
    public void TryParse_GoodFile_IsTaken(string text) => Assert.Equal(text, JobFileName.Parse(text).Value);

    [Theory]
    [MemberData(nameof(HostileFiles), DisableDiscoveryEnumeration = true)]
    public void TryParse_HostileFile_IsRefused(string text) => Assert.False(JobFileName.TryParse(text, out _, out _));

    [Fact]
    public void Decode_DoubleUnderscore_IsASlash()
    {
        Assert.Equal("team/wine", JobName.Decode("team__wine"));
        Assert.Throws<InvalidJobPathException>(() => JobName.Parse(JobName.Decode("..__..__etc")));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("a/b/c.txt", true)]
    [InlineData("inside/c.txt", true)]
    [InlineData("inside/missing/d", true)]
    [InlineData("outside", false)]
    [InlineData("outside/x", false)]
    [InlineData("chain/x", false)]
    [InlineData("circle/x", false)]
    [InlineData("../a", false)]
    [InlineData("a/../../b", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("a\\..\\b", false)]
    [InlineData("a/.git/config", false)]
    [InlineData("", false)]
    public void Resolve_Path_StaysInside(string relative, bool isAllowed)
    {
        using var directory = new TemporaryDirectory();
        var root = Directory.CreateDirectory(directory["root"]).FullName;
        Directory.CreateDirectory(Path.Combine(root, "a", "b"));
        File.CreateSymbolicLink(Path.Combine(root, "inside"), "a/b");
        File.CreateSymbolicLink(Path.Combine(root, "outside"), "../..");
        File.CreateSymbolicLink(Path.Combine(root, "chain"), "a/b/../../outside");
        File.CreateSymbolicLink(Path.Combine(root, "circle"), "circle");
        if (isAllowed)
            Assert.StartsWith(root + "/", JobPath.Resolve(root, relative), StringComparison.Ordinal);
        else
            Assert.Throws<InvalidJobPathException>(() => JobPath.Resolve(root, relative));
    }

    [Theory]
    [InlineData(null, "a/b", true)]
    [InlineData("a/", "a/b", true)]
    [InlineData("b", "a/b", false)]
    [InlineData("*/b", "a/x/b", true)]
    [InlineData("a/?", "a/b", true)]
    [InlineData("a/[a-c]", "a/b", true)]
    [InlineData("a/[!a-c]", "a/b", false)]
    [InlineData("[", "[", true)]
    [InlineData("(a|*)+$*", "aaaaaaaaaaaaaaaa", false)]
    public void Matches_Pattern_AsAShellWould(string? pattern, string name, bool expected) =>
        Assert.Equal(expected, new JobPattern(pattern).Matches(name));
}
