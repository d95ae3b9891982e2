namespace Odin.Images;

/// <summary>One file, directory or symbolic link of a layer. It belongs to user and group 0.</summary>
public sealed record LayerEntry
{
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private LayerEntry(string path, LayerEntryKind kind, UnixFileMode mode)
    {
        Path = path;
        Kind = kind;
        Mode = mode;
    }

    /// <summary>In the image, from its root: <c>app/model/model.pkl</c>; a '/' at the beginning is the same.</summary>
    public string Path { get; }

    internal LayerEntryKind Kind { get; }

    internal UnixFileMode Mode { get; }

    internal string? Source { get; private init; }

    /// <summary>What stands in the image in place of as many first bytes of the source.</summary>
    internal ReadOnlyMemory<byte> Head { get; private init; }

    internal ReadOnlyMemory<byte> Content { get; private init; }

    internal string? Target { get; private init; }

    /// <summary>A file of this machine; it must be a regular one when the layer is written.</summary>
    /// <param name="mode">Null: 0755 if the file is executable, else 0644.</param>
    public static LayerEntry File(string path, string source, UnixFileMode? mode = null) =>
        new(path, LayerEntryKind.File, mode ?? ModeOf(source)) { Source = source };

    /// <summary>A file of this machine of which the first bytes are others in the image. It is refused if it is shorter than those.</summary>
    internal static LayerEntry File(string path, string source, ReadOnlyMemory<byte> head) => File(path, source) with { Head = head };

    /// <summary>A file with this content.</summary>
    /// <param name="mode">Null: 0644.</param>
    public static LayerEntry Bytes(string path, ReadOnlyMemory<byte> content, UnixFileMode? mode = null) =>
        new(path, LayerEntryKind.Bytes, mode ?? Plain) { Content = content };

    /// <summary>A directory; those above an entry need not be named, they are made with 0755.</summary>
    public static LayerEntry Directory(string path, UnixFileMode? mode = null) => new(path, LayerEntryKind.Directory, mode ?? Executable);

    /// <summary>A symbolic link; its target is stored as it is.</summary>
    public static LayerEntry Link(string path, string target) => new(path, LayerEntryKind.Link, Executable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite) { Target = target };

    /// <summary>Everything below a directory of this machine.</summary>
    /// <param name="path">Where it comes to lie in the image.</param>
    /// <param name="keepLinks">Store symbolic links as links; else they are refused, as sockets and devices always are.</param>
    /// <exception cref="ImageException">There is something that cannot be in an image; the message names it.</exception>
    public static IReadOnlyList<LayerEntry> Tree(string path, string directory, bool keepLinks = false)
    {
        var entries = new List<LayerEntry> { Directory(path) };
        Add(new DirectoryInfo(directory), path);
        return entries;

        void Add(DirectoryInfo folder, string prefix)
        {
            foreach (var item in folder.EnumerateFileSystemInfos())
            {
                var name = $"{prefix.TrimEnd('/')}/{item.Name}";
                if (item.LinkTarget is { } target)
                    entries.Add(keepLinks ? Link(name, target) : throw Refusal(item.FullName, "is a symbolic link, which could lead out of the directory"));
                else if (item is DirectoryInfo inner)
                {
                    entries.Add(Directory(name));
                    Add(inner, name);
                }
                else
                    entries.Add(File(name, item.FullName));
            }
        }
    }

    internal static ImageException Refusal(string file, string what) => new($"'{file}' {what}; an image takes only regular files.", isPassing: false);

    private static UnixFileMode ModeOf(string source) =>
        !OperatingSystem.IsWindows() && (System.IO.File.GetUnixFileMode(source) & UnixFileMode.UserExecute) != 0 ? Executable : Plain;
}

internal enum LayerEntryKind
{
    Directory,
    File,
    Bytes,
    Link,
}
