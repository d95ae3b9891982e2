namespace Odin.Runs;

/// <summary>Deletes directory trees, also those in which a program has locked directories against writing.</summary>
internal static class DirectoryRemoval
{
    private const UnixFileMode OwnerMay = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>A link is deleted, never what it leads to. Not there: success.</summary>
    /// <exception cref="UnauthorizedAccessException">Something in it belongs to somebody else.</exception>
    public static void Delete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone is what was asked for.
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException && !OperatingSystem.IsWindows())
        {
            Unlock(new DirectoryInfo(path));
            Directory.Delete(path, recursive: true);
        }
    }

    private static void Unlock(DirectoryInfo directory)
    {
        if (OperatingSystem.IsWindows() || directory.LinkTarget is not null)
            return;
        try
        {
            if ((directory.UnixFileMode & OwnerMay) != OwnerMay)
                directory.UnixFileMode |= OwnerMay;
            foreach (var inner in directory.GetDirectories())
                Unlock(inner);
        }
        catch (UnauthorizedAccessException)
        {
            // Somebody else's; the deletion that comes next names it.
        }
    }
}
