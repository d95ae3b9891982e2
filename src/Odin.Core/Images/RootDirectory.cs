using System.Buffers;
using System.Formats.Tar;
using System.Runtime.InteropServices;
using Odin.Execution;
using Odin.Files;

namespace Odin.Images;

/// <summary>
/// The files of an image in a directory. The layers are somebody's: paths are resolved as they would be inside, so that no link
/// leads out of the directory, and nothing in it gets more rights than we have.
/// </summary>
internal sealed partial class RootDirectory(string root, UnpackLimits limits)
{
    private const string Whiteout = ".wh.", OpaqueWhiteout = ".wh..wh..opq";
    // What a layer says of a file before its content: names and times, which are kept in memory.
    private const long LongestHeaders = 1 << 20;
    private const int MostLinks = 40, BufferBytes = 256 << 10;
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;
    private const UnixFileMode OwnerMay = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<(string Path, DateTimeOffset Time)> directories = [];
    private long bytes;
    private int entries;

    /// <summary>Puts a layer upon what is there.</summary>
    /// <param name="layer">A tar, not compressed.</param>
    /// <exception cref="InvalidDataException">It is no layer, or holds too much.</exception>
    public async Task ApplyAsync(Stream layer, CancellationToken cancellationToken)
    {
        var own = new HashSet<string>(StringComparer.Ordinal);
        TarEntry? current = null;
        await using var rationed = new RationedStream(layer);
        await using var tar = new TarReader(rationed, leaveOpen: true);
        while (await NextAsync() is { } entry)
        {
            if (++entries > limits.MostEntries)
                throw new InvalidDataException($"the image has more than {limits.MostEntries} files");
            if (Parts(entry.Name) is not { Count: > 0 } parts)
                continue;
            var parent = Resolve(parts.SkipLast(1), links: 0, make: true);
            var name = parts[^1];
            if (name == OpaqueWhiteout)
                Clear(parent, own);
            else if (name.StartsWith(Whiteout, StringComparison.Ordinal) && name[Whiteout.Length..] is "" or "." or "..")
                throw new InvalidDataException($"the image takes away \"{entry.Name}\", which is no file");
            else if (name.StartsWith(Whiteout, StringComparison.Ordinal))
                Remove(Path.Combine(parent, name[Whiteout.Length..]));
            else
                await WriteAsync(entry, Path.Combine(parent, name), own, cancellationToken);
        }

        async ValueTask<TarEntry?> NextAsync()
        {
            // Also over what the entry before has left unread.
            rationed.Allow(null);
            await SkipAsync(current, cancellationToken);
            rationed.Allow(LongestHeaders);
            current = await tar.GetNextEntryAsync(copyData: false, cancellationToken);
            rationed.Allow(null);
            return current;
        }
    }

    private static async Task SkipAsync(TarEntry? entry, CancellationToken cancellationToken)
    {
        if (entry?.DataStream is { } content)
            await content.CopyToAsync(Stream.Null, cancellationToken);
    }

    /// <summary>Makes an empty directory at the top, in place of whatever is there and is none.</summary>
    public void MakeTop(string name)
    {
        var path = Path.Combine(root, name);
        if (new FileInfo(path).LinkTarget is not null || File.Exists(path))
            File.Delete(path);
        Directory.CreateDirectory(path);
    }

    /// <summary>Makes an empty file if there is nothing, to have something mounted on it.</summary>
    public void MakeFile(string path)
    {
        var parts = Parts(path);
        var file = Path.Combine(Resolve(parts.SkipLast(1), links: 0, make: true), parts[^1]);
        if (!Exists(file))
            File.WriteAllBytes(file, []);
    }

    /// <summary>Gives directories their times, which the files in them have changed.</summary>
    public void Finish()
    {
        foreach (var (path, time) in directories)
        {
            if (Directory.Exists(path))
                Directory.SetLastWriteTimeUtc(path, time.UtcDateTime);
        }
    }

    private async Task WriteAsync(TarEntry entry, string path, HashSet<string> own, CancellationToken cancellationToken)
    {
        own.Add(path);
        switch (entry.EntryType)
        {
            case TarEntryType.Directory or TarEntryType.DirectoryList:
                if (!IsDirectory(path))
                    Remove(path);
                Directory.CreateDirectory(path);
                SetMode(path, (entry.Mode & Permissions) | OwnerMay);
                directories.Add((path, entry.ModificationTime));
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile or TarEntryType.SparseFile:
                Remove(path);
                await WriteFileAsync(path, entry, cancellationToken);
                break;
            case TarEntryType.SymbolicLink:
                Remove(path);
                File.CreateSymbolicLink(path, entry.LinkName);
                break;
            case TarEntryType.HardLink:
                Remove(path);
                Link(entry.LinkName, path);
                break;
            case TarEntryType.GlobalExtendedAttributes:
                break;
            // Devices and pipes: a model needs none of an image's own, and we may not make them.
            default:
                break;
        }
    }

    private async Task WriteFileAsync(string path, TarEntry entry, CancellationToken cancellationToken)
    {
        await using (var to = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 }))
        {
            var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                while (entry.DataStream is { } content && await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
                {
                    bytes += count;
                    if (bytes > limits.MostBytes)
                        throw new InvalidDataException($"more than {limits.MostBytes} bytes come out of the image");
                    await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        SetMode(path, (entry.Mode & Permissions) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // Python takes its compiled modules only where their sources are as old as they were.
        File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
    }

    private void Link(string target, string path)
    {
        var parts = Parts(target);
        var existing = parts.Count == 0 ? root : Path.Combine(Resolve(parts.SkipLast(1), links: 0, make: false), parts[^1]);
        if (new FileInfo(existing).LinkTarget is { } link)
            File.CreateSymbolicLink(path, link);
        else if (!File.Exists(existing) || HardLink(existing, path) != 0)
            throw new InvalidDataException($"the image has a link to \"{target}\", which is not there");
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int HardLink(string existing, string path);

    /// <summary>The directory on this machine that the parts lead to inside.</summary>
    private string Resolve(IEnumerable<string> parts, int links, bool make)
    {
        var open = new Stack<string>(parts.Reverse());
        var path = root;
        while (open.TryPop(out var part))
        {
            if (part == "..")
            {
                path = path == root ? root : Path.GetDirectoryName(path)!;
                continue;
            }
            var next = Path.Combine(path, part);
            if (new FileInfo(next).LinkTarget is { } target)
            {
                if (++links > MostLinks)
                    throw new InvalidDataException($"the image has links that lead in a circle, at \"{part}\"");
                if (target.StartsWith('/'))
                    path = root;
                foreach (var inner in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".").Reverse())
                    open.Push(inner);
                continue;
            }
            if (make && !Directory.Exists(next))
            {
                if (File.Exists(next))
                    File.Delete(next);
                Directory.CreateDirectory(next);
            }
            path = next;
        }
        return path;
    }

    // What the layers below have put there; not what this one has.
    private static void Clear(string directory, HashSet<string> own)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(directory).ToList())
        {
            if (!own.Contains(path) && !own.Any(o => o.StartsWith(path + '/', StringComparison.Ordinal)))
                Remove(path);
        }
    }

    private static List<string> Parts(string name)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".").ToList();
        return parts.Contains("..") || name.Contains('\0', StringComparison.Ordinal) ? throw new InvalidDataException($"the image has a path that leads out of it, \"{name}\"") : parts;
    }

    private static bool Exists(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private static bool IsDirectory(string path) => Directory.Exists(path) && new FileInfo(path).LinkTarget is null;

    private static void Remove(string path)
    {
        if (IsDirectory(path))
            DirectoryRemoval.Delete(path);
        else
            File.Delete(path);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }
}

/// <summary>How much may come out of an image.</summary>
internal sealed record UnpackLimits
{
    /// <summary>Of all files together. Default 100 GiB.</summary>
    public long MostBytes { get; init; } = 100L << 30;

    /// <summary>Files, directories and links. Default two million.</summary>
    public int MostEntries { get; init; } = 2_000_000;
}
