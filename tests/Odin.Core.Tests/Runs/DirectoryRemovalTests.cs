using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Odin.Execution;

namespace Odin.Tests.Runs;

/// <summary>Deleting what a program has locked. As an ordinary user, because nothing is locked for the administrator.</summary>
[SupportedOSPlatform("linux")]
public sealed partial class DirectoryRemovalTests : IDisposable
{
    private const uint Nobody = 65534;
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.UserExecute;
    private const UnixFileMode All = ReadOnly | UnixFileMode.UserWrite;
    private const UnixFileMode Everybody =
        All | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Delete_LockedDirectories_GoWithAllThatIsInThem() => AsOrdinaryUser(() =>
    {
        Directory.CreateDirectory(directory["work/locked/deeper"]);
        File.WriteAllText(directory["work/locked/deeper/file"], "");
        File.SetUnixFileMode(directory["work/locked/deeper"], UnixFileMode.None);
        File.SetUnixFileMode(directory["work/locked"], ReadOnly);
        DirectoryRemoval.Delete(directory["work"]);
        Assert.False(Directory.Exists(directory["work"]));
        DirectoryRemoval.Delete(directory["work"]);
    });

    [Fact]
    public void Delete_LinkToALockedDirectory_LeavesThatAsItIs() => AsOrdinaryUser(() =>
    {
        Directory.CreateDirectory(directory["outside"]);
        File.WriteAllText(directory["outside/file"], "");
        File.SetUnixFileMode(directory["outside"], ReadOnly);
        Directory.CreateDirectory(directory["work/locked"]);
        Directory.CreateSymbolicLink(directory["work/locked/link"], directory["outside"]);
        File.SetUnixFileMode(directory["work/locked"], ReadOnly);
        DirectoryRemoval.Delete(directory["work"]);
        Assert.False(Directory.Exists(directory["work"]));
        Assert.Equal(ReadOnly, File.GetUnixFileMode(directory["outside"]));
        Assert.True(File.Exists(directory["outside/file"]));
        File.SetUnixFileMode(directory["outside"], All);
    });

    [Fact]
    public void Delete_TreeDeeperThanAnyPath_GoesAsAWhole() => AsOrdinaryUser(() =>
    {
        // Each in the deepest place of the next: no path leads to the last of them.
        const int levels = 1500;
        var below = string.Concat(Enumerable.Repeat("/d", levels));
        string? last = null;
        foreach (var name in (string[])["one", "two", "three", "four"])
        {
            Directory.CreateDirectory(directory[name] + below);
            File.WriteAllText(directory[name] + below + "/file", "");
            if (last is not null)
                Directory.Move(last, directory[name] + below + "/deeper");
            last = directory[name];
        }
        File.SetUnixFileMode(directory["four/d/d"], ReadOnly);
        Directory.CreateDirectory(directory["outside"]);
        File.WriteAllText(directory["outside/file"], "");
        Directory.CreateSymbolicLink(directory["four/d/link"], directory["outside"]);
        DirectoryRemoval.Delete(directory["four"]);
        Assert.Equal([directory["outside"]], Directory.GetFileSystemEntries(directory.Path));
        Assert.True(File.Exists(directory["outside/file"]));
    });

    [Fact]
    public void Delete_DirectoryOfSomebodyElse_NamesItAndCanBeRepeated()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only the administrator can make files of somebody else.");
        Directory.CreateDirectory(directory["given/theirs"]);
        File.WriteAllText(directory["given/theirs/file"], "");
        AsOrdinaryUser(() =>
        {
            Directory.CreateDirectory(directory["work/a"]);
            Directory.CreateDirectory(directory["work/b"]);
            File.WriteAllText(directory["work/b/mine"], "");
        });
        Directory.Move(directory["given/theirs"], directory["work/a/theirs"]);

        AsOrdinaryUser(() =>
        {
            var problem = Assert.Throws<FilesNotRemovedException>(() => DirectoryRemoval.Delete(directory["work"])).Message;
            Assert.Contains($"'{directory["work/a/theirs"]}' belongs to the user 0 (root), and the server is the user {Nobody}", problem, StringComparison.Ordinal);
            Assert.Contains($"security_context: {{run_as_user: {Nobody}", problem, StringComparison.Ordinal);
        });
        Directory.Delete(directory["work/a/theirs"], recursive: true);
        AsOrdinaryUser(() => DirectoryRemoval.Delete(directory["work"]));
        Assert.False(Directory.Exists(directory["work"]));
    }

    // The system lets a single thread look at files as somebody else; hence one of its own, which ends with that.
    private void AsOrdinaryUser(Action action)
    {
        File.SetUnixFileMode(directory.Path, Everybody);
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            if (Environment.UserName == "root")
                _ = SetFileUser(Nobody);
            failure = Record.Exception(action);
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(uint user);
}
