using System.Formats.Tar;
using System.Runtime.Versioning;
using System.Text;
using Odin.Images;

namespace Odin.Tests.Images;

/// <summary>Layers of images become files, wherever their paths and links would like to lead.</summary>
[SupportedOSPlatform("linux")]
public sealed class RootDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly string root;
    private readonly RootDirectory files;

    public RootDirectoryTests()
    {
        root = Directory.CreateDirectory(directory["root"]).FullName;
        files = new RootDirectory(root, new UnpackLimits { MostBytes = 10_000, MostEntries = 100 });
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Apply_FilesAndLinks_LieThere()
    {
        await ApplyAsync(Dir("app"), File("app/run", "x", (UnixFileMode)0b111_101_101 | UnixFileMode.SetUser), Link("bin", "/app"), Hard("app/again", "app/run"));
        Assert.Equal("x", System.IO.File.ReadAllText(Path.Combine(root, "app/again")));
        Assert.Equal("/app", new FileInfo(Path.Combine(root, "bin")).LinkTarget);
        // Nothing in it gives more rights than we have.
        Assert.Equal((UnixFileMode)0b111_101_101, System.IO.File.GetUnixFileMode(Path.Combine(root, "app/run")));
        Assert.Equal(new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc), System.IO.File.GetLastWriteTimeUtc(Path.Combine(root, "app/run")));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("../../../../../../..")]
    [InlineData("/a/../..")]
    public async Task Apply_FileThroughALink_StaysInside(string target)
    {
        await ApplyAsync(Link("out", target), File("out/etc/odin-test", "x"));
        Assert.False(System.IO.File.Exists("/etc/odin-test"));
        Assert.Equal("x", System.IO.File.ReadAllText(Path.Combine(root, "etc/odin-test")));
    }

    [Fact]
    public async Task Apply_FileInPlaceOfALink_ReplacesTheLinkAndNotItsTarget()
    {
        var outside = directory["outside"];
        System.IO.File.WriteAllText(outside, "untouched");
        await ApplyAsync(Link("f", outside));
        await ApplyAsync(File("f", "new"));
        Assert.Equal(("untouched", "new"), (System.IO.File.ReadAllText(outside), System.IO.File.ReadAllText(Path.Combine(root, "f"))));
    }

    [Fact]
    public async Task Apply_HardLinkToAFileOutside_IsRefused()
    {
        System.IO.File.WriteAllText(directory["secret"], "secret");
        await Assert.ThrowsAsync<InvalidDataException>(() => ApplyAsync(Link("out", directory.Path), Hard("mine", "out/secret")));
        Assert.False(System.IO.File.Exists(Path.Combine(root, "mine")));
    }

    [Fact]
    public async Task Apply_Whiteouts_TakeAwayWhatLayersBelowHave()
    {
        await ApplyAsync(File("a/one", "1"), File("a/two", "2"), File("b/one", "1"), File("b/two", "2"));
        await ApplyAsync(File("a/.wh.one", ""), File("b/three", "3"), File("b/.wh..wh..opq", ""));
        Assert.Equal(["a/two", "b/three"], Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f)).Order());
    }

    [Theory]
    [InlineData(".wh...")]
    [InlineData("a/.wh..")]
    [InlineData(".wh.")]
    public async Task Apply_WhiteoutOfADirectoryAbove_IsRefused(string name)
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => ApplyAsync(File(name, "")));
        Assert.True(Directory.Exists(root));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/../../evil")]
    public async Task Apply_PathThatLeadsOut_IsRefused(string name) =>
        Assert.Contains("leads out", (await Assert.ThrowsAsync<InvalidDataException>(() => ApplyAsync(File(name, "x")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Apply_LinksInACircle_IsRefused() =>
        Assert.Contains("circle", (await Assert.ThrowsAsync<InvalidDataException>(() => ApplyAsync(Link("a", "b"), Link("b", "a"), File("a/x", "x")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Apply_TooMuch_IsRefused()
    {
        Assert.Contains("bytes", (await Assert.ThrowsAsync<InvalidDataException>(() => ApplyAsync(File("x", new string('x', 10_001))))).Message, StringComparison.Ordinal);
        Assert.Contains("files", (await Assert.ThrowsAsync<InvalidDataException>(() => ApplyAsync([.. Enumerable.Range(0, 101).Select(i => File($"f{i}", ""))]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MakeTop_LinkOfTheImage_IsReplaced()
    {
        await ApplyAsync(Link("proc", "/etc"));
        files.MakeTop("proc");
        Assert.Null(new FileInfo(Path.Combine(root, "proc")).LinkTarget);
        Assert.True(Directory.Exists(Path.Combine(root, "proc")));
    }

    private async Task ApplyAsync(params TarEntry[] entries)
    {
        using var stream = new MemoryStream();
        await using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
                await tar.WriteEntryAsync(entry);
        }
        stream.Position = 0;
        await files.ApplyAsync(stream, CancellationToken.None);
    }

    private static PaxTarEntry Dir(string name) => new(TarEntryType.Directory, name) { Mode = (UnixFileMode)0b101_101_101 };

    private static PaxTarEntry File(string name, string content, UnixFileMode mode = (UnixFileMode)0b110_100_100) => new(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
        Mode = mode,
        ModificationTime = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static PaxTarEntry Hard(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };
}
