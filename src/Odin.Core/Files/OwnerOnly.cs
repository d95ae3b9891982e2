namespace Odin.Files;

/// <summary>Makes files and directories that nobody but their owner can open.</summary>
internal static class OwnerOnly
{
    private const UnixFileMode ForFile = UnixFileMode.UserRead | UnixFileMode.UserWrite, ForFolder = ForFile | UnixFileMode.UserExecute;

    /// <summary>Makes a directory; one that is there stays as it is.</summary>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, ForFolder);
    }

    /// <summary>Opens a file for writing, which nobody else may open at the same time.</summary>
    public static FileStream OpenWrite(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = ForFile;
        return new FileStream(path, options);
    }
}
