namespace Odin.Cli.Demo;

/// <summary>Where the demo's server keeps its data: a directory of its own, which goes away with the demo, or the one that was named.</summary>
internal sealed class DemoDirectory : IDisposable
{
    private bool isKept;

    /// <param name="named">What the command line says; null: a new one for temporary files.</param>
    public DemoDirectory(string? named)
    {
        isKept = named is not null;
        Path = System.IO.Path.GetFullPath(named ?? System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"odin-demo-{Guid.NewGuid().ToString("N")[..8]}"));
    }

    public string Path { get; }

    /// <summary>
    /// Makes a directory that only its owner may look into; closes an empty one. Any other is the server's to judge, which
    /// refuses one that is not its own.
    /// </summary>
    public static void Prepare(string path)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            Directory.CreateDirectory(path, OwnerOnly);
        else if (!Directory.EnumerateFileSystemEntries(path).Any())
            File.SetUnixFileMode(path, OwnerOnly);
    }

    /// <summary>Leaves it, and all that is in it.</summary>
    public void Keep() => isKept = true;

    /// <summary>Deletes it unless it is to be kept; whether it is gone.</summary>
    public bool Remove()
    {
        if (isKept)
            return false;
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        return true;
    }

    public void Dispose()
    {
        try
        {
            Remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // On the way out of a demo that was interrupted there is nothing better to say than why it ended.
        }
    }
}
