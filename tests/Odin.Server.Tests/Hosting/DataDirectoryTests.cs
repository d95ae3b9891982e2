using Odin.Server.Hosting;

namespace Odin.Server.Tests.Hosting;

/// <summary>Who may look into the data directory. Rights of this kind are there on Unix alone.</summary>
public sealed class DataDirectoryTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode ForAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly TemporaryDirectory parent = new();

    public DataDirectoryTests()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("There are no such rights here.");
    }

    private string Data => parent["data"];

    public void Dispose() => parent.Dispose();

    [Theory]
    [InlineData] // a directory made beforehand, or a volume
    [InlineData("lost+found")]
    [InlineData("odin.yml", "pipelines")] // prepared by a person
    [InlineData("demo")] // where the demo has left its report
    [InlineData("lock", "odin.db", "whatever")] // of an earlier server
    public void Open_OneOfOursThatOthersMayRead_ClosesIt(params string[] entries)
    {
        Make(ForAll, entries);
        using (DataDirectory.Open(Data, isShared: false))
            Assert.Equal(OwnerOnly, Mode(Data));
    }

    [Theory]
    [InlineData(ForAll, "project.txt")]
    [InlineData(ForAll | UnixFileMode.StickyBit | UnixFileMode.OtherWrite, "lock", "others")] // as /tmp: not ours, even if a server was there
    public void Open_SomethingElseThatOthersMayRead_IsRefusedAndLeftAsItIs(UnixFileMode mode, params string[] entries)
    {
        Make(mode, entries);
        var error = Assert.Throws<StartupException>(() => DataDirectory.Open(Data, isShared: false));
        Assert.Equal(ExitCodes.CannotWrite, error.ExitCode);
        Assert.Contains($"'{Data}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("--data", error.Message, StringComparison.Ordinal);
        Assert.Equal(mode, Mode(Data));
        Assert.Equal(entries.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(Data).Select(e => Path.GetFileName(e)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Open_SomethingElseThatNobodyElseMayRead_IsFine()
    {
        Make(OwnerOnly, "project.txt");
        DataDirectory.Open(Data, isShared: false).Dispose();
    }

    [Fact]
    public void Open_BelowDirectoriesThatAreNotThere_MakesOnlyItsOwnPrivate()
    {
        DataDirectory.Open(parent["above/data"], isShared: false).Dispose();
        Assert.Equal(OwnerOnly, Mode(parent["above/data"]));
    }

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    private void Make(UnixFileMode mode, params string[] entries)
    {
        Directory.CreateDirectory(Data);
        foreach (var entry in entries)
            File.WriteAllText(Path.Combine(Data, entry), "");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Data, mode);
    }
}
