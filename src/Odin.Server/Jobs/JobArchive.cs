using System.Formats.Tar;
using System.Runtime.CompilerServices;
using Odin.Pipelines;
using Odin.Server.Hosting;

namespace Odin.Server.Jobs;

/// <summary>Reads the files of a job out of a tar archive that somebody sends. Names are checked by the catalog.</summary>
internal static class JobArchive
{
    public const string ContentType = "application/x-tar";

    private const int MaxFiles = 2000;

    /// <exception cref="MalformedRequestException">It is no archive.</exception>
    /// <exception cref="InvalidJobPathException">It holds something else than files and directories, or too many.</exception>
    /// <exception cref="JobFileTooLargeException">A file is larger than the limit.</exception>
    public static async IAsyncEnumerable<JobUploadFile> ReadAsync(
        Stream archive, long maxFileBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = new TarReader(archive, leaveOpen: true);
        for (var count = 1; await NextAsync(reader, cancellationToken) is { } entry; count++)
        {
            if (entry.EntryType == TarEntryType.Directory)
                continue;
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                throw new InvalidJobPathException($"'{entry.Name}' in the archive is a {entry.EntryType}: a job holds files and directories only, so send the file itself.");
            if (count > MaxFiles)
                throw new InvalidJobPathException($"The archive holds more than {MaxFiles} files and directories: keep data out of the repository and let a task fetch it.");
            if (entry.Length > maxFileBytes)
                throw new JobFileTooLargeException(entry.Name, maxFileBytes);
            yield return new JobUploadFile(entry.Name, entry.Mode.HasFlag(UnixFileMode.UserExecute), await ContentAsync(entry, cancellationToken));
        }
    }

    private static async Task<TarEntry?> NextAsync(TarReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or NotSupportedException)
        {
            throw new MalformedRequestException($"The body is not a whole tar archive: {e.Message}");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ContentAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        if (entry.DataStream is not { } data)
            return default;
        var content = new byte[entry.Length];
        try
        {
            await data.ReadExactlyAsync(content, cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw new MalformedRequestException($"The body is not a whole tar archive: it ends in '{entry.Name}'.");
        }
        return content;
    }
}
