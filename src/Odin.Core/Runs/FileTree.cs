using Microsoft.Win32.SafeHandles;
using Odin.Execution;
using Odin.Execution.Processes;

namespace Odin.Runs;

/// <summary>
/// The regular files that paths of a run stand for. Programs leave other things behind too: special files in a directory
/// are passed over, links in a circle are followed once, and a link in a workspace must not lead out of where runs are at home.
/// </summary>
internal sealed class FileTree
{
    private readonly string? workspaces;
    private readonly string[] homes;

    /// <param name="workspaces">The directory with the workspaces of all runs; what lies outside it is not asked where its links lead.
    /// Null: nothing is.</param>
    /// <param name="others">Further directories that links from a workspace may lead into.</param>
    private FileTree(string? workspaces, params string[] others)
    {
        this.workspaces = workspaces;
        homes = workspaces is null ? [] : [.. others.Prepend(workspaces).Select(path => Real(path) ?? path)];
    }

    /// <summary>Links may lead anywhere: for files of one's own.</summary>
    public static FileTree Unconfined { get; } = new(null);

    /// <summary>Links may lead into any workspace and into the job.</summary>
    public static FileTree Of(Run run) => new(Path.GetDirectoryName(run.Spec.RunPath)!, run.Spec.RootPath, run.Spec.WorkPath);

    /// <summary>For the files of one workspace when there is no more to know.</summary>
    public static FileTree OfWorkspace(string runPath) => new(Path.GetDirectoryName(runPath)!);

    /// <summary>The file, or all files below the directory; empty if there is nothing. <c>~</c> is the home directory.</summary>
    /// <exception cref="IOException">The path is a special file, or something in it leads out.</exception>
    public IEnumerable<string> Files(string path, CancellationToken cancellationToken)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..];
        var isConfined = workspaces is not null && IsIn(path, workspaces);
        var (kind, identity) = RegularFile.Look(path);
        if (kind is FileKind.Missing)
            return [];
        if (isConfined)
            Check(path);
        return kind switch
        {
            FileKind.Directory => Walk(path, identity, isConfined, [], cancellationToken),
            FileKind.Regular => [path],
            _ => throw new IOException($"'{path}' is a pipe, a socket or a device, which is not read: inputs and outputs are files and directories."),
        };
    }

    /// <summary>Opens a file that lies in a workspace.</summary>
    /// <exception cref="IOException">It is special, leads out, or cannot be read.</exception>
    public SafeFileHandle Open(string path)
    {
        Check(path);
        return RegularFile.Open(path);
    }

    // Sorted, so that of several ways to one directory it is always the same one that is taken.
    private IEnumerable<string> Walk(
        string directory, FileIdentity identity, bool isConfined, HashSet<FileIdentity> seen, CancellationToken cancellationToken)
    {
        if (!seen.Add(identity))
            yield break;
        foreach (var entry in new DirectoryInfo(directory).GetFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (kind, next) = RegularFile.Look(entry.FullName);
            if (kind is FileKind.Missing or FileKind.Special)
                continue;
            if (isConfined && entry.LinkTarget is not null)
                Check(entry.FullName);
            if (kind is FileKind.Regular)
            {
                yield return entry.FullName;
                continue;
            }
            foreach (var file in Walk(entry.FullName, next, isConfined, seen, cancellationToken))
                yield return file;
        }
    }

    private void Check(string path)
    {
        if (Real(path) is { } real && homes.Length > 0 && !homes.Any(home => IsIn(real, home)))
            throw new IOException($"'{path}' is or holds a link that leads out of the workspace, to '{real}': use the file itself.");
    }

    private static string? Real(string path) => OperatingSystem.IsLinux() ? Native.RealPath(path) : Path.GetFullPath(path);

    private static bool IsIn(string path, string directory) =>
        path == directory || path.StartsWith(Path.TrimEndingDirectorySeparator(directory) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
