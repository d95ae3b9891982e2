using Microsoft.Win32.SafeHandles;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Runs;

/// <summary>Copies files and directory trees between workspaces.</summary>
internal static class FileCopy
{
    private const int ChunkSize = 1 << 20;

    /// <summary>Puts a copy of the file or directory in the place of whatever is at the destination.</summary>
    /// <exception cref="IOException">The source is a pipe, a socket or a device; or there is trouble with the disk.</exception>
    public static async Task ReplaceAsync(string source, string destination, CancellationToken cancellationToken)
    {
        // Complete under another name first: after a crash, what has the right name is whole. And under one of its own:
        // another server, or a program, may be at work on the same place.
        var directory = Path.GetDirectoryName(destination)!;
        var partial = Path.Combine(directory, $".{Guid.NewGuid():n}.odin-partial");
        Directory.CreateDirectory(directory);
        try
        {
            if (Directory.Exists(source))
            {
                await new TreeCopy(source, destination).RunAsync(partial, cancellationToken);
                if (Directory.Exists(destination))
                    DirectoryRemoval.Delete(destination);
                Directory.Move(partial, destination);
            }
            else
            {
                await FileAsync(source, partial, cancellationToken);
                File.Move(partial, destination, overwrite: true);
            }
        }
        catch
        {
            Remove(partial);
            throw;
        }
    }

    // The trouble with the copy is what is told; what cannot be removed goes with the workspace.
    private static void Remove(string partial)
    {
        try
        {
            if (Directory.Exists(partial))
                DirectoryRemoval.Delete(partial);
            else
                File.Delete(partial);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    // By hand, because what copies whole files cannot be interrupted, and opens whatever there is. The destination must
    // not exist: what is there could be a link, or a pipe.
    private static async Task FileAsync(string source, string destination, CancellationToken cancellationToken)
    {
        using var from = RegularFile.Open(source);
        using var to = File.OpenHandle(destination, FileMode.CreateNew, FileAccess.Write);
        if (!Native.TryClone(from, to))
            await BytesAsync(from, to, cancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(to, File.GetUnixFileMode(from));
        File.SetLastWriteTimeUtc(to, File.GetLastWriteTimeUtc(from));
    }

    private static async Task BytesAsync(SafeFileHandle from, SafeFileHandle to, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Clamp(RandomAccess.GetLength(from), 1, ChunkSize)];
        int count;
        for (var offset = 0L; (count = await RandomAccess.ReadAsync(from, buffer, offset, cancellationToken)) > 0; offset += count)
            await RandomAccess.WriteAsync(to, buffer.AsMemory(0, count), offset, cancellationToken);
    }

    private sealed class TreeCopy(string source, string destination)
    {
        // Programs that ask where they are get the path without links.
        private readonly string? real = OperatingSystem.IsLinux() ? Native.RealPath(source) : null;

        public Task RunAsync(string partial, CancellationToken cancellationToken) => CopyAsync(new DirectoryInfo(source), partial, cancellationToken);

        // Links are copied as links: a workspace is its owner's, and what they point at is not ours to duplicate. Special
        // files hold nothing that could be copied.
        private async Task CopyAsync(DirectoryInfo from, string to, CancellationToken cancellationToken)
        {
            Directory.CreateDirectory(to);
            foreach (var entry in from.EnumerateFileSystemInfos())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var target = Path.Combine(to, entry.Name);
                if (entry.LinkTarget is { } link)
                    File.CreateSymbolicLink(target, Moved(link, source) ?? Moved(link, real) ?? link);
                else if (entry is DirectoryInfo directory)
                    await CopyAsync(directory, target, cancellationToken);
                else if (RegularFile.Look(entry.FullName).Kind is FileKind.Regular)
                    await FileAsync(entry.FullName, target, cancellationToken);
            }
        }

        // What an absolute link leads to in the copy; null if it leads elsewhere, or may do so on its way up.
        private string? Moved(string link, string? root) =>
            root is not null && (link == root || link.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)) && !link.Split('/').Contains("..")
                ? destination + link[root.Length..]
                : null;
    }
}
