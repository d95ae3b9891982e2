using System.Runtime.InteropServices;
using Odin.Execution.Processes;

namespace Odin.Execution;

/// <summary>
/// The output of every execution, kept as <c>DIR/{group}/{id}.log</c>, and that of its parts, if it has any, as
/// <c>DIR/{group}/{id}.parts/….log</c>: it outlives the program, the pod and the server. Executors append (or let the program
/// append) to the file; anyone may read and follow it.
/// </summary>
/// <remarks>
/// A log over its limit loses its middle: a hole is punched into the file, so that offsets stay what they are and the
/// disk gets the room back, while the program goes on writing. Readers get a notice in its place.
/// </remarks>
public sealed partial class LogStore
{
    private const long Block = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly LogOptions options;
    private readonly LogChanges changes;

    public LogStore(string directory)
        : this(directory, new LogOptions())
    {
    }

    public LogStore(string directory, LogOptions options)
    {
        options.Validate();
        this.options = options;
        Directory = Path.GetFullPath(directory);
        changes = new LogChanges(Directory);
    }

    /// <summary>The directory that holds the logs, absolute.</summary>
    public string Directory { get; }

    /// <summary>The file of one log; its directory exists after <see cref="Prepare"/>.</summary>
    /// <exception cref="ArgumentException">The key would lead out of the directory.</exception>
    public string PathOf(LogKey key)
    {
        key.ThrowIfUnsafe();
        return Path.Combine(Directory, key.Execution.Group, key.RelativePath);
    }

    /// <summary>Makes the directory for a log.</summary>
    public void Prepare(LogKey key) => System.IO.Directory.CreateDirectory(Path.GetDirectoryName(PathOf(key))!);

    public bool Exists(LogKey key) => File.Exists(PathOf(key));

    /// <summary>
    /// One more than the offset of the last byte; 0 if there is no log. The file may take less room than that.
    /// </summary>
    public long LengthOf(LogKey key)
    {
        var file = new FileInfo(PathOf(key));
        return file.Exists ? file.Length : 0;
    }

    /// <summary>Appends to a log, for executors whose programs cannot do so themselves. One writer at a time for each key.</summary>
    public async Task AppendAsync(LogKey key, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Prepare(key);
        var how = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            how.UnixCreateMode = OwnerOnly;
        await using (var file = new FileStream(PathOf(key), how))
            await file.WriteAsync(bytes, cancellationToken);
        Trim(key);
    }

    /// <summary>Deletes all logs of a group; unknown: success.</summary>
    public void DeleteGroup(string group)
    {
        ExecutionKey.ThrowIfUnsafe(group, nameof(group));
        try
        {
            System.IO.Directory.Delete(Path.Combine(Directory, group), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone is what was asked for.
        }
    }

    /// <summary>Takes the middle out of a log that has grown over its limit and a quarter.</summary>
    /// <returns>False if it is over the limit and this file system cannot do that.</returns>
    /// <exception cref="IOException">The file cannot be changed for another reason.</exception>
    internal bool Trim(LogKey key)
    {
        var limit = options.MaxBytes + (options.MaxBytes / 4);
        var path = PathOf(key);
        var info = new FileInfo(path);
        if (!info.Exists || info.Length <= limit)
            return true;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var gap = LogGap.Find(file, length);
        if (length - gap.Length <= limit)
            return true;
        // Whole blocks: of others the system would only clear the bytes.
        var start = gap.Length > 0 ? gap.Start : options.MaxBytes / 2 / Block * Block;
        var end = (length - (options.MaxBytes / 2)) / Block * Block;
        if (Native.Allocate(file, Native.PunchHole | Native.KeepSize, start, end - start) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error is Native.NotSupported or Native.NoSuchCall
            ? false
            : throw new IOException($"Cannot shorten the log \"{path}\": {Marshal.GetPInvokeErrorMessage(error)}");
    }
}
