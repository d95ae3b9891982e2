using System.Formats.Tar;

namespace Odin.Cli.Jobs;

/// <summary>A job on this disk, with everything in it and below it that is to be pushed.</summary>
internal static class JobDirectory
{
    private const string MediaType = "application/x-tar";

    /// <summary>Paths of the files, with slashes; what begins with a dot and Python's caches stay behind.</summary>
    public static IReadOnlyList<string> Files(string directory)
    {
        var files = new List<string>();
        Collect(new DirectoryInfo(directory), "", files);
        return files;
    }

    /// <summary>The files as an archive, with their executable bits.</summary>
    public static async Task<byte[]> PackAsync(string directory, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var file in files)
            {
                var path = Path.Combine(directory, file);
                // Opened by hand, so that a link to a file is sent as the file.
                await using var content = File.OpenRead(path);
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file) { Mode = ModeOf(path), DataStream = content }, cancellationToken);
            }
        }
        return archive.ToArray();
    }

    /// <summary>The body of a request.</summary>
    public static ByteArrayContent Body(byte[] archive) => new(archive) { Headers = { ContentType = new(MediaType) } };

    private static void Collect(DirectoryInfo directory, string prefix, List<string> files)
    {
        foreach (var entry in directory.EnumerateFileSystemInfos().Where(IsWanted).OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            if (entry is not DirectoryInfo below)
                files.Add(prefix + entry.Name);
            else if (below.LinkTarget is null)
                Collect(below, $"{prefix}{below.Name}/", files);
            else
                throw new CliException(ExitCode.Usage, $"'{below.FullName}' is a link to a directory", "Copy the directory to its place, or push it as a job of its own.");
        }
    }

    private static bool IsWanted(FileSystemInfo entry) => !entry.Name.StartsWith('.') && entry.Name != "__pycache__";

    private static UnixFileMode ModeOf(string path)
    {
        const UnixFileMode readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        var isExecutable = !OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute);
        return isExecutable ? readable | UnixFileMode.UserExecute : readable;
    }
}
