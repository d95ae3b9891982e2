namespace Odin.Runs;

/// <summary>Copies files and directory trees between workspaces.</summary>
internal static class FileCopy
{
    /// <summary>Puts a copy of the file or directory in the place of whatever is at the destination.</summary>
    public static void Replace(string source, string destination)
    {
        // Complete under another name first: after a crash, what has the right name is whole.
        var partial = destination + ".odin-partial";
        if (Directory.Exists(source))
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
            Tree(new DirectoryInfo(source), partial);
            if (Directory.Exists(destination))
                Directory.Delete(destination, recursive: true);
            Directory.Move(partial, destination);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
            File.Copy(source, partial, overwrite: true);
            File.Move(partial, destination, overwrite: true);
        }
    }

    // Links are copied as links: a workspace is its owner's, and what they point at is not ours to duplicate.
    private static void Tree(DirectoryInfo source, string destination)
    {
        Directory.CreateDirectory(destination);
        foreach (var entry in source.EnumerateFileSystemInfos())
        {
            var target = Path.Combine(destination, entry.Name);
            if (entry.LinkTarget is { } link)
                File.CreateSymbolicLink(target, link);
            else if (entry is DirectoryInfo directory)
                Tree(directory, target);
            else
                File.Copy(entry.FullName, target, overwrite: true);
        }
    }
}
