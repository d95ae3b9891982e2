using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Odin.Execution.Processes;

/// <summary>Directories by descriptor, for what no path leads to; names are bytes, as not every name is a text.</summary>
internal static unsafe partial class Native
{
    public const int IsADirectory = 21;
    public const int NotEmpty = 39;
    public const int Exists = 17;

    private const int PathOnly = 0x200000;
    private const int RemoveADirectory = 0x200;
    private const int NameInEntry = 19;
    private const int OwnerMay = 0x1C0;
    private const int Permissions = 0xFFF;

    // These two differ between processors.
    private static readonly int DirectoryOnly = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 0x10000 : 0x4000;
    private static readonly int NoLink = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 0x20000 : 0x8000;

    private static readonly byte[] Itself = [.. "."u8, 0];

    /// <summary>Opens a directory and, as far as it is ours, unlocks it. Null: it is none, or is gone; a link is none.</summary>
    /// <param name="parent">Null: the name is a path.</param>
    /// <param name="name">With a NUL at its end.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle? OpenDirectory(SafeFileHandle? parent, byte[] name)
    {
        var descriptor = OpenAt(parent, name, PathOnly | NoLink | DirectoryOnly | CloseOnExec);
        if (descriptor < 0)
            return Marshal.GetLastPInvokeError() is NoSuchFile or NotADirectory or TooManyLinks ? null : throw DirectoryFailure("opened", name);
        using var place = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Status(descriptor, out var status) == 0 && (status.Mode & OwnerMay) != OwnerMay)
            _ = ChangeMode($"/proc/self/fd/{descriptor}", (uint)(status.Mode & Permissions | OwnerMay));
        descriptor = OpenAt(place, Itself, ReadOnly | DirectoryOnly | CloseOnExec);
        return descriptor < 0 ? throw DirectoryFailure("opened", name) : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>The names of all entries, each with a NUL at its end.</summary>
    public static List<byte[]> ReadDirectory(SafeFileHandle directory)
    {
        // A descriptor of its own, as each has its place in the list.
        var descriptor = OpenAt(directory, Itself, ReadOnly | DirectoryOnly | CloseOnExec);
        if (descriptor < 0)
            throw DirectoryFailure("read", Itself);
        var stream = OpenStream(descriptor);
        if (stream == 0)
        {
            var failure = DirectoryFailure("read", Itself);
            _ = Close(descriptor);
            throw failure;
        }
        try
        {
            var names = new List<byte[]>();
            byte* entry;
            while ((entry = ReadEntry(stream)) is not null)
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameInEntry);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                    names.Add([.. name, 0]);
            }
            return Marshal.GetLastPInvokeError() == 0 ? names : throw DirectoryFailure("read", Itself);
        }
        finally
        {
            _ = CloseStream(stream);
        }
    }

    /// <summary>Removes a file, a link or an empty directory. False: it is a directory with something in it. Not there: true.</summary>
    public static bool TryRemove(SafeFileHandle parent, byte[] name)
    {
        if (Unlink(parent, name, 0) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        if (error == IsADirectory)
            error = Unlink(parent, name, RemoveADirectory) == 0 ? 0 : Marshal.GetLastPInvokeError();
        return error switch
        {
            0 or NoSuchFile => true,
            NotEmpty or Exists => false,
            _ => throw DirectoryFailure("removed", name, error),
        };
    }

    public static void Move(SafeFileHandle from, byte[] name, SafeFileHandle to, byte[] newName)
    {
        if (Rename(from, name, to, newName) != 0)
            throw DirectoryFailure("moved", name);
    }

    private static int OpenAt(SafeFileHandle? parent, byte[] name, int flags) =>
        parent is null ? OpenAt(CurrentDirectory, name, flags, 0) : OpenAt((int)parent.DangerousGetHandle(), name, flags, 0);

    private static Exception DirectoryFailure(string what, byte[] name, int? number = null)
    {
        var error = number ?? Marshal.GetLastPInvokeError();
        var message = $"'{System.Text.Encoding.UTF8.GetString(name.AsSpan().TrimEnd((byte)0))}' cannot be {what}: {Marshal.GetPInvokeErrorMessage(error)}";
        return error is AccessDenied or NotPermitted ? new UnauthorizedAccessException(message) : new IOException(message, error);
    }

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAt(int parent, byte[] name, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "unlinkat", SetLastError = true)]
    private static partial int Unlink(SafeFileHandle parent, byte[] name, int flags);

    [LibraryImport(C, EntryPoint = "renameat", SetLastError = true)]
    private static partial int Rename(SafeFileHandle from, byte[] name, SafeFileHandle to, byte[] newName);

    [LibraryImport(C, EntryPoint = "chmod", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeMode(string path, uint mode);

    [LibraryImport(C, EntryPoint = "fdopendir", SetLastError = true)]
    private static partial nint OpenStream(int descriptor);

    [LibraryImport(C, EntryPoint = "readdir", SetLastError = true)]
    private static partial byte* ReadEntry(nint stream);

    [LibraryImport(C, EntryPoint = "closedir")]
    private static partial int CloseStream(nint stream);
}
