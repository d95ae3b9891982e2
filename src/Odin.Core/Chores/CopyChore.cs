using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>Copies a file or a directory tree; the value is the path of the copy.</summary>
internal sealed class CopyChore : IChore
{
    public string Type => "copy";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
    [
        new("src", "The file or directory to copy."),
        new("dst", "Where the copy goes; a file goes into an existing directory."),
        new("clobber", "Whether to replace what is there. Default true.", true),
    ];

    public Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        var source = Path.GetFullPath(arguments.Text("src"));
        var target = Path.GetFullPath(arguments.Text("dst"));
        var clobber = arguments.Flag("clobber");
        try
        {
            if (Directory.Exists(source))
                CopyTree(source, target, clobber, cancellationToken);
            else if (File.Exists(source))
                target = CopyFile(source, target, clobber, cancellationToken);
            else
                throw new ChoreException($"There is nothing to copy at '{source}'.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChoreException($"'{source}' cannot be copied to '{target}': {e.Message}", e);
        }
        return Task.FromResult<ChoreResult>(new ChoreResult.Done(target));
    }

    private static string CopyFile(string source, string target, bool clobber, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Directory.Exists(target))
            target = Path.Combine(target, Path.GetFileName(source));
        if (target == source)
            throw new ChoreException($"'{source}' cannot be copied onto itself.");
        if (!clobber && Path.Exists(target))
            throw Occupied(target);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(source, target, overwrite: true);
        return target;
    }

    private static void CopyTree(string source, string target, bool clobber, CancellationToken cancellationToken)
    {
        if (IsWithin(source, target) || IsWithin(target, source))
            throw new ChoreException($"'{source}' cannot be copied to '{target}': one lies in the other.");
        if (Path.Exists(target))
        {
            if (!clobber)
                throw Occupied(target);
            if (Directory.Exists(target) && new DirectoryInfo(target).LinkTarget is null)
                Directory.Delete(target, recursive: true);
            else
                File.Delete(target);
        }
        CopyEntries(new DirectoryInfo(source), target, cancellationToken);
    }

    private static void CopyEntries(DirectoryInfo source, string target, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Directory.CreateDirectory(target);
        foreach (var entry in source.EnumerateFileSystemInfos())
        {
            var copy = Path.Combine(target, entry.Name);
            // A link is copied as a link: following it could lead anywhere, also back here.
            if (entry.LinkTarget is { } destination)
                File.CreateSymbolicLink(copy, destination);
            else if (entry is DirectoryInfo directory)
                CopyEntries(directory, copy, cancellationToken);
            else
                File.Copy(entry.FullName, copy);
        }
    }

    private static bool IsWithin(string path, string directory) =>
        (path + Path.DirectorySeparatorChar).StartsWith(directory.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static ChoreException Occupied(string target) =>
        new($"'{target}' exists already; remove it or set \"clobber\" to true.");
}
