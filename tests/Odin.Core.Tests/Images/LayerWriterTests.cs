using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Odin.Images;

namespace Odin.Tests.Images;

public sealed class LayerWriterTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private LayerWriter Writer => new(directory["work"], null);

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Write_Entries_AreReadByOthersInOrder()
    {
        var deep = $"{string.Join('/', Enumerable.Repeat("a-rather-long-name", 12))}/end";
        var split = $"{new string('p', 120)}/{new string('n', 90)}";
        await File.WriteAllTextAsync(directory["run"], "#!/bin/sh");
        await TestProgram.RunAsync("chmod", ["700", directory["run"]]);
        var layer = new ImageLayer("all", [
            LayerEntry.Link("usr/bin/run", "../lib/run"),
            LayerEntry.File("/usr/lib/run", directory["run"]),
            LayerEntry.Bytes("etc/größe", Encoding.UTF8.GetBytes("1")),
            LayerEntry.Bytes("etc/secret", Encoding.UTF8.GetBytes("2"), UnixFileMode.UserRead),
            LayerEntry.Bytes(deep, Encoding.UTF8.GetBytes("deep")),
            LayerEntry.Bytes(split, Encoding.UTF8.GetBytes("split")),
            LayerEntry.Link("to", new string('t', 150)),
            LayerEntry.Directory("tmp", (UnixFileMode)0b001_111_111_111),
        ]);

        using var written = await Writer.WriteAsync(layer, CancellationToken.None);

        var entries = await ReadAsync(written);
        Assert.Equal(entries.Select(e => e.Name.TrimEnd('/')).Order(StringComparer.Ordinal), entries.Select(e => e.Name.TrimEnd('/')));
        Assert.Equal(["etc/", "etc/größe", "etc/secret", "tmp/", "to", "usr/", "usr/bin/", "usr/bin/run", "usr/lib/", "usr/lib/run"],
            entries.Select(e => e.Name).Where(n => n[0] is not ('a' or 'p')));
        Assert.Contains(entries, e => e.Name == deep && e.Text == "deep");
        Assert.Contains(entries, e => e.Name == split && e.Text == "split");
        Assert.Equal("../lib/run", entries.Single(e => e.Name == "usr/bin/run").Link);
        Assert.Equal(new string('t', 150), entries.Single(e => e.Name == "to").Link);
        Assert.Equal((UnixFileMode)0b111_101_101, entries.Single(e => e.Name == "usr/lib/run").Mode);
        Assert.Equal((UnixFileMode)0b001_111_111_111, entries.Single(e => e.Name == "tmp/").Mode);
        Assert.Equal(UnixFileMode.UserRead, entries.Single(e => e.Name == "etc/secret").Mode);
        Assert.All(entries, e => Assert.Equal((0, 0, DateTimeOffset.UnixEpoch), (e.User, e.Group, e.Time)));
    }

    [Fact]
    public async Task Write_Tar_IsReadBySystemsTar()
    {
        var layer = new ImageLayer("all", [LayerEntry.Bytes($"{new string('x', 120)}/größe", Encoding.UTF8.GetBytes("1")), LayerEntry.Link("l", "x")]);

        using var written = await Writer.WriteAsync(layer, CancellationToken.None);

        await using (var file = File.Create(directory["layer.tar.gz"]))
        await using (var content = await written.OpenAsync(0, CancellationToken.None))
            await content.CopyToAsync(file);
        var listed = await TestProgram.RunAsync("tar", ["--quoting-style=literal", "-tzf", directory["layer.tar.gz"]]);
        Assert.Equal(["l", $"{new string('x', 120)}/", $"{new string('x', 120)}/größe"], listed.Split('\n'));
    }

    [Fact]
    public async Task Write_SameFilesElsewhereAndLater_GivesTheSameBytes()
    {
        var first = await WriteTreeAsync("one", ["b", "a", "sub/c"]);
        var second = await WriteTreeAsync("two", ["sub/c", "a", "b"]);

        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Write_Digests_AreThoseOfTheContent()
    {
        using var written = await Writer.WriteAsync(new ImageLayer("one", [LayerEntry.Bytes("a", new byte[100_000])]), CancellationToken.None);

        var compressed = await ContentAsync(written);
        Assert.Equal(written.Descriptor, new Descriptor(MediaTypes.GzipLayer, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(compressed))}", compressed.Length));
        using var plain = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        Assert.Equal(written.DiffId, $"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(plain))}");
    }

    [Fact]
    public async Task Write_AfterDispose_LeavesNoFile()
    {
        (await Writer.WriteAsync(new ImageLayer("one", [LayerEntry.Bytes("a", new byte[10])]), CancellationToken.None)).Dispose();

        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));
    }

    [Fact]
    public async Task Write_SharedLayer_IsCompressedOnceAndOldOnesGo()
    {
        var time = new ManualTime();
        var writer = new LayerWriter(directory["work"], new LayerCache(directory["cache"], 250_000, time));
        var contents = Enumerable.Range(0, 3).Select(i => MadeBytes(i, 100_000)).ToList();

        Descriptor first;
        using (var written = await writer.WriteAsync(Shared(contents[0]), CancellationToken.None))
            first = written.Descriptor;
        var node = await NodeAsync();
        using (var again = await writer.WriteAsync(Shared(contents[0]), CancellationToken.None))
        {
            Assert.Equal(first, again.Descriptor);
            Assert.Equal(first.Size, (await ContentAsync(again)).Length);
        }
        Assert.Equal(node, await NodeAsync());
        await File.WriteAllTextAsync(CacheFiles().Single(), "broken");
        using (var mended = await writer.WriteAsync(Shared(contents[0]), CancellationToken.None))
            Assert.Equal(first.Size, (await ContentAsync(mended)).Length);
        for (var i = 1; i < 3; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            (await writer.WriteAsync(Shared(contents[i]), CancellationToken.None)).Dispose();
        }
        Assert.Equal(2, CacheFiles().Count);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));

        List<string> CacheFiles() => [.. Directory.EnumerateFiles(directory["cache"], "*", SearchOption.AllDirectories)];

        Task<string> NodeAsync() => TestProgram.RunAsync("stat", ["-c", "%i", CacheFiles().Single()]);

        static ImageLayer Shared(byte[] content) => new("runtime", [LayerEntry.Bytes("a", content)]) { IsShared = true };
    }

    [Theory]
    [InlineData("../a", "leads out of the image")]
    [InlineData("a/../../b", "leads out of the image")]
    [InlineData("/", "names no file")]
    [InlineData("a/.wh.b", "deletes another file")]
    public async Task Write_BadPath_IsRefused(string path, string expected)
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => Writer.WriteAsync(new ImageLayer("model", [LayerEntry.Bytes(path, default)]), CancellationToken.None));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains($"'{path}' in the layer 'model'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_SamePathTwice_IsRefused() =>
        Assert.Contains("is there twice", (await Assert.ThrowsAsync<ImageException>(
            () => Writer.WriteAsync(new ImageLayer("x", [LayerEntry.Bytes("a", default), LayerEntry.Bytes("/a", default)]), CancellationToken.None))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Write_BelowAFile_IsRefused() =>
        Assert.Contains("which is no directory", (await Assert.ThrowsAsync<ImageException>(
            () => Writer.WriteAsync(new ImageLayer("x", [LayerEntry.Bytes("a", default), LayerEntry.Bytes("a/b/c", default)]), CancellationToken.None))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Write_SpecialFile_IsRefused()
    {
        Directory.CreateDirectory(directory["model"]);
        await TestProgram.RunAsync("mkfifo", [directory["model/pipe"]]);

        var e = await Assert.ThrowsAsync<ImageException>(
            () => Writer.WriteAsync(new ImageLayer("model", LayerEntry.Tree("model", directory["model"])), CancellationToken.None));

        Assert.Contains("pipe", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory["work"]));
    }

    [Fact]
    public async Task Tree_Links_AreRefusedOrKept()
    {
        Directory.CreateDirectory(directory["model"]);
        File.CreateSymbolicLink(directory["model/link"], "/etc/passwd");

        Assert.Contains("is a symbolic link", Assert.Throws<ImageException>(() => LayerEntry.Tree("model", directory["model"])).Message, StringComparison.Ordinal);
        using var written = await Writer.WriteAsync(new ImageLayer("model", LayerEntry.Tree("model", directory["model"], keepLinks: true)), CancellationToken.None);
        Assert.Equal("/etc/passwd", (await ReadAsync(written)).Single(e => e.Name == "model/link").Link);
    }

    private static byte[] MadeBytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task<byte[]> ContentAsync(WrittenLayer layer)
    {
        await using var stream = await layer.OpenAsync(0, CancellationToken.None);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray();
    }

    private static async Task<List<Read>> ReadAsync(WrittenLayer layer)
    {
        await using var plain = new GZipStream(new MemoryStream(await ContentAsync(layer)), CompressionMode.Decompress);
        await using var tar = new TarReader(plain);
        var entries = new List<Read>();
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            using var text = entry.DataStream is null ? null : new StreamReader(entry.DataStream);
            entries.Add(new Read(entry.Name, entry.Mode, entry.Uid, entry.Gid, entry.ModificationTime, entry.LinkName, text is null ? "" : await text.ReadToEndAsync()));
        }
        return entries;
    }

    private async Task<(string, string)> WriteTreeAsync(string name, string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(directory[$"{name}/{file}"])!);
            await File.WriteAllTextAsync(directory[$"{name}/{file}"], file);
            File.SetLastWriteTimeUtc(directory[$"{name}/{file}"], DateTime.UnixEpoch.AddDays(name.Length + files.Length));
        }
        using var written = await Writer.WriteAsync(new ImageLayer(name, LayerEntry.Tree("/model", directory[name])), CancellationToken.None);
        return (written.Descriptor.Digest, written.DiffId);
    }

    private sealed record Read(string Name, UnixFileMode Mode, int User, int Group, DateTimeOffset Time, string Link, string Text);
}
