using System.Text;
using Microsoft.Win32.SafeHandles;
using Odin.Execution.Processes;

namespace Odin.Execution;

/// <summary>
/// Deletes directory trees, also those in which a program has locked directories against writing, or that are deeper than
/// the longest path.
/// </summary>
internal static class DirectoryRemoval
{
    private const int OthersMayWrite = 0x12;

    private const UnixFileMode OwnerMay = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>A link is deleted, never what it leads to. Not there: success.</summary>
    /// <exception cref="FilesNotRemovedException">Something in it belongs to somebody else. What could be removed is gone; it can be tried again.</exception>
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
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or ArgumentException && !OperatingSystem.IsWindows())
        {
            // The last of these is what comes of a path that grows too long.
            if (OperatingSystem.IsLinux())
            {
                DeleteOrName(path);
                return;
            }
            Unlock(new DirectoryInfo(path));
            Directory.Delete(path, recursive: true);
        }
    }

    private static void DeleteOrName(string path)
    {
        var user = Native.FileUser();
        // Asked first, because what comes next moves things about, and then the name would say nothing to anybody.
        if (FindForeign(path, user, OthersMayWrite) is { } closed)
            throw Foreign(path, closed, user, null);
        try
        {
            DeleteByDescriptors(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw FindForeign(path, user, 0) is { } foreign
                ? Foreign(path, foreign, user, e)
                : new FilesNotRemovedException($"'{path}' cannot be removed: {e.Message}.", e);
        }
    }

    private static FilesNotRemovedException Foreign(string path, (string Path, uint Owner) foreign, uint user, Exception? inner) => new(
        $"'{path}' cannot be removed: '{foreign.Path}' belongs to the user {foreign.Owner}{(foreign.Owner == 0 ? " (root)" : "")}, and the server is the user {user}. "
        + "Remove it as that user, or give it to the server's, and repeat this. Tasks in containers leave such files; let them run as the server does: "
        + $"security_context: {{run_as_user: {user}, run_as_group: {Native.FileGroup()}}}.", inner);

    // From a directory of somebody else's nothing can be taken away; a file in one of ours can, whosever it is.
    private static (string Path, uint Owner)? FindForeign(string path, uint user, int except)
    {
        var left = new Stack<string>([path]);
        while (left.TryPop(out var directory))
        {
            if (Native.StatusOfLink(directory, out var status) != 0)
                continue;
            try
            {
                if (status.User != user && (status.Mode & except) == 0 && Directory.EnumerateFileSystemEntries(directory).Any())
                    return (directory, status.User);
                foreach (var inner in new DirectoryInfo(directory).EnumerateDirectories().Where(d => d.LinkTarget is null))
                    left.Push(inner.FullName);
            }
            catch (UnauthorizedAccessException) when (status.User != user)
            {
                return (directory, status.User);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Locked, gone or too deep: another one may tell.
            }
        }
        return null;
    }

    // Without paths, which have a greatest length, and with three descriptors however deep the tree is: what lies in a
    // directory in a directory is moved up before it is deleted. Each pass so deletes one level.
    private static void DeleteByDescriptors(string path)
    {
        using (var root = Native.OpenDirectory(null, [.. Encoding.UTF8.GetBytes(path), 0]))
        {
            if (root is null)
                return;
            for (var left = Native.ReadDirectory(root); left.Count > 0; left = Native.ReadDirectory(root))
            {
                foreach (var name in left.Where(name => !Native.TryRemove(root, name)))
                {
                    using (var inner = Native.OpenDirectory(root, name))
                    {
                        if (inner is not null)
                            Clear(inner, root);
                    }
                    Native.TryRemove(root, name);
                }
            }
        }
        Directory.Delete(path);
    }

    private static void Clear(SafeFileHandle directory, SafeFileHandle root)
    {
        foreach (var name in Native.ReadDirectory(directory).Where(name => !Native.TryRemove(directory, name)))
        {
            // Opened only to be unlocked, without which it cannot be moved.
            using var inner = Native.OpenDirectory(directory, name);
            if (inner is not null)
                Native.Move(directory, name, root, [.. Encoding.UTF8.GetBytes($".odin-removal-{Guid.NewGuid():n}"), 0]);
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
