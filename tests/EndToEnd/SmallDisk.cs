using System.Diagnostics;

namespace Odin.EndToEnd;

/// <summary>A file system of a few megabytes, which only the administrator can make; tests are skipped for others.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();

    private SmallDisk()
    {
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => directory.Path;

    private string Filling => System.IO.Path.Combine(Path, "filling");

    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var disk = new SmallDisk();
        if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", disk.Path) == 0)
            return disk;
        disk.directory.Dispose();
        Assert.Skip("Nothing can be mounted here: that takes an administrator.");
        return disk;
    }

    /// <summary>Leaves so many bytes free.</summary>
    public async Task FillAsync(int left = 0)
    {
        await using (var file = File.Create(Filling, 1))
        {
            var block = new byte[4096];
            try
            {
                while (true)
                    await file.WriteAsync(block);
            }
            catch (IOException)
            {
                // Full.
            }
            file.SetLength(Math.Max(0, file.Length - left));
        }
    }

    public void MakeRoom() => File.Delete(Filling);

    public async Task MakeReadOnlyAsync() => Assert.Equal(0, await RunAsync("mount", "-o", "remount,ro", Path));

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "-l", Path);
        directory.Dispose();
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
