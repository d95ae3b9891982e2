using System.Text;
using Odin.ObjectStorage;

namespace Odin.Tests.ObjectStorage;

public sealed class DirectoryObjectStorageConformanceTests : ObjectStorageConformance
{
    private readonly TemporaryDirectory directory = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Dispose();
    }

    private protected override Task<IObjectStorage> CreateAsync(TransferLimits limits) =>
        Task.FromResult<IObjectStorage>(new DirectoryObjectStorage(directory.Path));
}

public sealed class DirectoryObjectStorageTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly DirectoryObjectStorage storage;

    public DirectoryObjectStorageTests()
    {
        Directory.CreateDirectory(directory["root"]);
        storage = new DirectoryObjectStorage(directory["root"]);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        storage.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Calls_MissingRoot_SayWhatToDo()
    {
        using var missing = new DirectoryObjectStorage(directory["nowhere"]);
        Func<Task>[] calls =
        [
            () => missing.CheckAsync(Token), () => missing.FindAsync("a", Token), () => missing.OpenAsync("a", Token),
            () => missing.DeleteAsync("a", Token), async () => await missing.ListAsync("", Token).ToListAsync(Token),
            () => missing.SaveAsync("a/b", new MadeContent(1), SaveMode.Overwrite, Token),
        ];
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<ObjectStorageException>(call);
            Assert.Equal($"The directory '{directory["nowhere"]}' does not exist: make it, or mount what should be there.", error.Message);
        }
        Assert.False(Directory.Exists(directory["nowhere"]));
    }

    [Fact]
    public async Task Calls_Links_LeadNowhere()
    {
        await File.WriteAllTextAsync(directory["secret"], "secret", Token);
        Directory.CreateDirectory(directory["outside"]);
        await File.WriteAllTextAsync(directory["outside/file"], "secret", Token);
        File.CreateSymbolicLink(directory["root/file"], directory["secret"]);
        Directory.CreateSymbolicLink(directory["root/folder"], directory["outside"]);

        foreach (var key in new[] { "file", "folder/file" })
        {
            Assert.Null(await storage.FindAsync(key, Token));
            await Assert.ThrowsAsync<ObjectNotFoundException>(() => storage.OpenAsync(key, Token));
            await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync(key, "changed"));
            await storage.DeleteAsync(key, Token);
        }
        Assert.Empty(await KeysAsync());
        Assert.Equal(["secret", "secret"], [await File.ReadAllTextAsync(directory["secret"], Token), await File.ReadAllTextAsync(directory["outside/file"], Token)]);
    }

    [Fact]
    public async Task Calls_PipeInThePlaceOfAFile_DoNotWait()
    {
        await TestProgram.RunAsync("mkfifo", [directory["root/pipe"]]);

        await Assert.ThrowsAsync<ObjectNotFoundException>(() => storage.OpenAsync("pipe", Token));
        Assert.Empty(await KeysAsync());
    }

    [Fact]
    public async Task Save_BelowAnObject_SaysWhatIsInTheWay()
    {
        await SaveAsync("a", "x");
        await SaveAsync("b/c", "x");

        Assert.Contains("a part of the key is an object", (await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync("a/b", "y"))).Message, StringComparison.Ordinal);
        Assert.Contains("there are objects below 'b/'", (await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync("b", "y"))).Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b/c"], await KeysAsync());
    }

    [Fact]
    public async Task Save_NameThatNoFileCanHave_IsRefused()
    {
        Assert.Contains("longer than 255 bytes", (await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync(new string('n', 256), "y"))).Message, StringComparison.Ordinal);
        Assert.Contains("is kept for files", (await Assert.ThrowsAsync<ObjectStorageException>(() => SaveAsync(".odin-save-1/x", "y"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_LeftoverOfACrash_IsRemovedWhenOld()
    {
        await SaveAsync("a/b", "x");
        var leftover = directory["root/a/.odin-save-0123"];
        await File.WriteAllTextAsync(leftover, "half", Token);

        Assert.Equal(["a/b"], await KeysAsync());
        Assert.True(File.Exists(leftover));
        using var later = new DirectoryObjectStorage(directory["root"]) { Time = new ManualTime(TimeProvider.System.GetUtcNow().AddDays(3)) };
        Assert.Equal(["a/b"], (await later.ListAsync("", Token).ToListAsync(Token)).Select(o => o.Key));
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task Save_WhileItIsRead_LeavesTheReaderTheOldOne()
    {
        await SaveAsync("a", "old");
        await using var stream = await storage.OpenAsync("a", Token);
        await SaveAsync("a", "new content");
        Assert.Equal("old", await new StreamReader(stream).ReadToEndAsync(Token));
    }

    [Fact]
    public async Task SaveAndDelete_InOneFolderAtOnce_DisturbNobody() => await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
    {
        for (var round = 0; round < 50; round++)
        {
            await SaveAsync($"deep/er/{i}", "x");
            await storage.DeleteAsync($"deep/er/{i}", Token);
        }
    }));

    [Fact]
    public async Task Save_FullDisk_IsPassing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a small disk.");
        Directory.CreateDirectory(directory["small"]);
        await TestProgram.RunAsync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory["small"]]);
        try
        {
            using var small = new DirectoryObjectStorage(directory["small"]);
            var error = await Assert.ThrowsAsync<ObjectStorageException>(() => small.SaveAsync("a", new MadeContent(5 << 20), SaveMode.Overwrite, Token));
            Assert.Contains("disk is full", error.Message, StringComparison.Ordinal);
            Assert.True(error.IsPassing);
            Assert.Empty(Directory.GetFileSystemEntries(directory["small"]));
        }
        finally
        {
            await TestProgram.RunAsync("umount", [directory["small"]]);
        }
    }

    private Task<StoredObject> SaveAsync(string key, string text) =>
        storage.SaveAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(text)), SaveMode.Overwrite, Token);

    private async Task<IEnumerable<string>> KeysAsync() => (await storage.ListAsync("", Token).ToListAsync(Token)).Select(o => o.Key);
}
