using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using Odin.Artifacts;

namespace Odin.Tests.Artifacts;

/// <summary>Artifacts are packed and unpacked, also by and for other programs; nothing gets out of the directory.</summary>
[SupportedOSPlatform("linux")]
public sealed class ModelArchiveTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(ArchiveFormat.Zip)]
    [InlineData(ArchiveFormat.TarGzip)]
    public async Task Unpack_WhatWasPacked_IsTheSame(ArchiveFormat format)
    {
        var source = MakeModel();
        var written = await PackAsync(source, format, "a");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(directory["a"]))), written.Digest);
        Assert.Equal(new FileInfo(directory["a"]).Length, written.Length);
        await UnpackAsync("a");
        Assert.Equal("weights", File.ReadAllText(directory["out/inner/dir/model.pkl"]));
        Assert.Equal("ü", File.ReadAllText(directory["out/größe.txt"]));
        Assert.Empty(File.ReadAllBytes(directory["out/empty"]));
        Assert.True(File.GetUnixFileMode(directory["out/run.sh"]).HasFlag(UnixFileMode.UserExecute));
        Assert.False(File.GetUnixFileMode(directory["out/empty"]).HasFlag(UnixFileMode.UserExecute));
    }

    [Theory]
    [InlineData(ArchiveFormat.Zip)]
    [InlineData(ArchiveFormat.TarGzip)]
    public async Task Pack_TheSameFilesAtAnotherTime_GivesTheSameBytes(ArchiveFormat format)
    {
        var source = MakeModel();
        var first = await PackAsync(source, format, "a");
        File.SetLastWriteTimeUtc(Path.Combine(source, "empty"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Equal(first, await PackAsync(source, format, "b"));
    }

    [Theory]
    [InlineData(ArchiveFormat.Zip, "unzip", "-q", "-d")]
    [InlineData(ArchiveFormat.TarGzip, "tar", "-xf", "-C")]
    public async Task Pack_IsReadByOtherPrograms(ArchiveFormat format, string program, string read, string into)
    {
        await PackAsync(MakeModel(), format, "a.zip");
        Directory.CreateDirectory(directory["other"]);
        Run(program, read, directory["a.zip"], into, directory["other"]);
        Assert.Equal("weights", File.ReadAllText(directory["other/inner/dir/model.pkl"]));
        Assert.True(File.GetUnixFileMode(directory["other/run.sh"]).HasFlag(UnixFileMode.UserExecute));
    }

    [Fact]
    public async Task Unpack_WhatTarAndZipHavePacked_IsTheSame()
    {
        var source = MakeModel();
        Run("tar", "-czf", directory["tar.zip"], "-C", source, ".");
        await UnpackAsync("tar.zip");
        Assert.Equal("weights", File.ReadAllText(directory["out/inner/dir/model.pkl"]));
        Directory.Delete(directory["out"], recursive: true);
        Run("sh", "-c", $"cd '{source}' && zip -qr '{directory["zip.zip"]}' .");
        await UnpackAsync("zip.zip");
        Assert.Equal("weights", File.ReadAllText(directory["out/inner/dir/model.pkl"]));
        Assert.True(File.GetUnixFileMode(directory["out/run.sh"]).HasFlag(UnixFileMode.UserExecute));
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("inner/../../outside")]
    [InlineData("/tmp/outside")]
    public async Task Unpack_PathThatLeadsOut_IsRefused(string name)
    {
        MakeZip("bad", name, "x");
        await RefusedAsync("bad", "leads out of the directory");
        MakeTar("bad2", new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1]) });
        Directory.Delete(directory["out"], recursive: true);
        await RefusedAsync("bad2", "leads out of the directory");
        Assert.False(File.Exists(directory["outside"]));
    }

    [Fact]
    public async Task Unpack_Links_AreRefused()
    {
        MakeTar("soft", new PaxTarEntry(TarEntryType.SymbolicLink, "l") { LinkName = "/etc" }, new PaxTarEntry(TarEntryType.RegularFile, "l/x") { DataStream = new MemoryStream([1]) });
        await RefusedAsync("soft", "holds a link, \"l\"");
        MakeTar("hard", new PaxTarEntry(TarEntryType.HardLink, "l") { LinkName = "/etc/passwd" });
        Directory.Delete(directory["out"], recursive: true);
        await RefusedAsync("hard", "holds a link, \"l\"");
        Directory.CreateDirectory(directory["links"]);
        File.CreateSymbolicLink(directory["links/l"], "/etc/passwd");
        Run("sh", "-c", $"cd '{directory["links"]}' && zip -qy '{directory["zipped"]}' l");
        Directory.Delete(directory["out"], recursive: true);
        await RefusedAsync("zipped.zip", "holds a link, \"l\"");
    }

    [Fact]
    public async Task Unpack_Bombs_AreRefused()
    {
        using (var zip = ZipFile.Open(directory["bomb"], ZipArchiveMode.Create))
        {
            using var entry = zip.CreateEntry("zeros", CompressionLevel.Optimal).Open();
            for (var i = 0; i < 64; i++)
                entry.Write(new byte[1 << 20]);
        }
        var limits = new ArchiveLimits { FreeBytes = 1 << 20, MostRatio = 10 };
        await RefusedAsync("bomb", "it is a bomb", limits);
        Assert.True(new FileInfo(directory["out/zeros"]).Length <= limits.FreeBytes);
        Directory.Delete(directory["out"], recursive: true);
        await RefusedAsync("bomb", "it is a bomb", new ArchiveLimits { MostBytes = 1000 });
        using (var zip = ZipFile.Open(directory["many"], ZipArchiveMode.Create))
        {
            for (var i = 0; i < 20; i++)
                zip.CreateEntry($"{i}");
        }
        Directory.Delete(directory["out"], recursive: true);
        await RefusedAsync("many", "more than 10 files", new ArchiveLimits { MostEntries = 10 });
    }

    [Fact]
    public async Task Unpack_MoreSaidOfAFileThanFitsIntoMemory_IsRefused()
    {
        MakeTar("few", Commented(500_000), Commented(500_000), Commented(500_000));
        await UnpackAsync("few");
        MakeTar("much", Commented(8_000_000));
        await RefusedAsync("much", "says more about one of its files than can be true");

        static PaxTarEntry Commented(int length) =>
            new(TarEntryType.RegularFile, "a", [new("comment", new string('x', length))]) { DataStream = new MemoryStream(new byte[3_000_000]) };
    }

    [Fact]
    public async Task Unpack_DamagedFiles_AreRefused()
    {
        var source = MakeModel();
        foreach (var format in Enum.GetValues<ArchiveFormat>())
        {
            File.Delete(directory["a"]);
            await PackAsync(source, format, "a");
            var bytes = File.ReadAllBytes(directory["a"]);
            File.WriteAllBytes(directory["half"], bytes[..(bytes.Length / 2)]);
            await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync("half"));
            Directory.Delete(directory["out"], recursive: true);
        }
        File.WriteAllText(directory["text"], "no archive at all");
        await RefusedAsync("text", "neither a zip nor a tarball");
        File.WriteAllBytes(directory["nothing"], []);
        await RefusedAsync("nothing", "neither a zip nor a tarball");
    }

    [Fact]
    public async Task Unpack_OneNameAsFileAndDirectory_IsRefused()
    {
        MakeTar("both", new PaxTarEntry(TarEntryType.RegularFile, "a") { DataStream = new MemoryStream([1]) }, new PaxTarEntry(TarEntryType.RegularFile, "a/b") { DataStream = new MemoryStream([1]) });
        await Assert.ThrowsAnyAsync<Exception>(() => UnpackAsync("both"));
        MakeTar("other", new PaxTarEntry(TarEntryType.Directory, "a/"), new PaxTarEntry(TarEntryType.RegularFile, "a") { DataStream = new MemoryStream([1]) });
        Directory.Delete(directory["out"], recursive: true);
        await RefusedAsync("other", "a file where it has a directory too");
    }

    [Fact]
    public async Task Pack_Link_IsRefused()
    {
        var source = MakeModel();
        File.CreateSymbolicLink(Path.Combine(source, "secret"), "/etc/passwd");
        var problem = await Assert.ThrowsAsync<InvalidDataException>(() => PackAsync(source, ArchiveFormat.Zip, "a"));
        Assert.Contains("holds a link, \"secret\"", problem.Message, StringComparison.Ordinal);
    }

    private string MakeModel()
    {
        Directory.CreateDirectory(directory["model/inner/dir"]);
        File.WriteAllText(directory["model/inner/dir/model.pkl"], "weights");
        File.WriteAllText(directory["model/größe.txt"], "ü");
        File.WriteAllText(directory["model/empty"], "");
        File.WriteAllText(directory["model/run.sh"], "#!/bin/sh\n");
        File.SetUnixFileMode(directory["model/run.sh"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return directory["model"];
    }

    private Task<WrittenArchive> PackAsync(string source, ArchiveFormat format, string name) => ModelArchive.PackAsync(
        source, format,
        async (content, token) =>
        {
            await using var file = File.Create(directory[name]);
            await content.CopyToAsync(file, token);
        },
        TestContext.Current.CancellationToken);

    private async Task UnpackAsync(string name, ArchiveLimits? limits = null)
    {
        Directory.CreateDirectory(directory["out"]);
        await ModelUnpacker.UnpackAsync(directory[name], directory["out"], limits ?? new ArchiveLimits(), TestContext.Current.CancellationToken);
    }

    private async Task RefusedAsync(string name, string message, ArchiveLimits? limits = null)
    {
        var problem = await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync(name, limits));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private void MakeZip(string name, string entry, string content)
    {
        using var zip = ZipFile.Open(directory[name], ZipArchiveMode.Create);
        using var to = zip.CreateEntry(entry).Open();
        to.Write(Encoding.UTF8.GetBytes(content));
    }

    private void MakeTar(string name, params TarEntry[] entries)
    {
        using var file = File.Create(directory[name]);
        using var packed = new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(packed);
        foreach (var entry in entries)
            tar.WriteEntry(entry);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {errors}");
    }
}
