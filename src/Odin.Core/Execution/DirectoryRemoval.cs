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
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or ArgumentException && !OperatingSystem.IsWindows())
        {
            // The last of these is what comes of a path that grows too long.
            if (OperatingSystem.IsLinux())
            {
                DeleteByDescriptors(path);
                return;
            }
            Unlock(new DirectoryInfo(path));
            Directory.Delete(path, recursive: true);
        }
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
