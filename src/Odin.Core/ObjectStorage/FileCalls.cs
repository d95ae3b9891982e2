using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Odin.ObjectStorage;

/// <summary>
/// Files and folders below an open folder, by the system's calls: no name that is given to them is followed if it is a link,
/// so that nobody can lead us elsewhere between a look and a use.
/// </summary>
internal static unsafe partial class FileCalls
{
    public const int NoSuchFile = 2, NotPermitted = 1, AccessDenied = 13, Exists = 17, NotADirectory = 20, IsADirectory = 21,
        Invalid = 22, TooManyFileLinks = 31, ReadOnlyFiles = 30, NoSpace = 28, NameTooLong = 36, NotEmpty = 39, TooManyLinks = 40,
        NotSupported = 95, OverQuota = 122;

    private const string C = "libc";
    private const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int CurrentDirectory = -100, LinkItself = 0x100, TheDescriptor = 0x1000, RemoveFolder = 0x200, NoReplace = 1;
    private const int TypeMask = 0xF000, RegularFile = 0x8000, Folder = 0x4000;
    private const uint TypeTimesNodeAndSize = 0x1 | 0x40 | 0x100 | 0x200;

    private static readonly bool IsX64 = RuntimeInformation.ProcessArchitecture is Architecture.X64;

    // These differ between processors; the calls have no function in older C libraries.
    private static readonly int DirectoryOnly = IsX64 ? 0x10000 : 0x4000;
    private static readonly int NoLink = IsX64 ? 0x20000 : 0x8000;
    private static readonly int StatusCall = IsX64 ? 332 : 291;
    private static readonly int RenameCall = IsX64 ? 316 : 276;

    /// <summary>Opens a folder by its path, which may lead through links.</summary>
    public static SafeFileHandle OpenFolder(string path) =>
        Handle(OpenAt(CurrentDirectory, path, ReadOnly | DirectoryOnly | CloseOnExec, 0), path);

    /// <exception cref="IOException"><see cref="NoSuchFile"/>; <see cref="NotADirectory"/> or <see cref="TooManyLinks"/> for anything else that is there.</exception>
    public static SafeFileHandle OpenFolder(SafeFileHandle parent, string name) =>
        Handle(OpenAt(parent, name, ReadOnly | DirectoryOnly | NoLink | CloseOnExec, 0), name);

    /// <summary>False: something of that name is there.</summary>
    public static bool TryMakeFolder(SafeFileHandle parent, string name) => Try(MakeFolder(parent, name, 0x1FF), Exists, name);

    // Without blocking, as somebody may have put a pipe there.
    public static SafeFileHandle OpenFile(SafeFileHandle folder, string name) =>
        Handle(OpenAt(folder, name, ReadOnly | NoLink | NonBlocking | CloseOnExec, 0), name);

    /// <summary>Makes a file that must not be there yet, for writing.</summary>
    public static SafeFileHandle CreateFile(SafeFileHandle folder, string name) =>
        Handle(OpenAt(folder, name, WriteOnly | Create | Exclusive | NoLink | CloseOnExec, 0x1B6), name);

    /// <summary>What is there by that name, a link as such; null: nothing.</summary>
    public static FileFacts? Find(SafeFileHandle folder, string name)
    {
        using var held = new Held(folder);
        return Status(held.Descriptor, name, LinkItself, out var facts) switch
        {
            0 => facts,
            NoSuchFile or NotADirectory or NameTooLong => null,
            var error => throw Failure(name, error),
        };
    }

    /// <summary>What is open.</summary>
    public static FileFacts Describe(SafeFileHandle file)
    {
        using var held = new Held(file);
        var error = Status(held.Descriptor, "", TheDescriptor, out var facts);
        return error == 0 ? facts : throw Failure("file", error);
    }

    /// <summary>Gives a file the name, in the place of any file that has it.</summary>
    public static void Rename(SafeFileHandle folder, string name, string newName) => Try(RenameAt(folder, name, folder, newName), 0, newName);

    /// <summary>Gives a file the name unless something has it: false. One step: of two at once only one succeeds.</summary>
    public static bool TryRename(SafeFileHandle folder, string name, string newName)
    {
        if (LinkAt(folder, name, folder, newName, 0) == 0)
        {
            Remove(folder, name);
            return true;
        }
        // Some file systems know no second name for a file.
        var error = Marshal.GetLastPInvokeError();
        if (error is not (NotPermitted or NotSupported or TooManyFileLinks))
            return error == Exists ? false : throw Failure(newName, error);
        using var held = new Held(folder);
        return Try((int)RenameAt(RenameCall, held.Descriptor, name, held.Descriptor, newName, NoReplace), Exists, newName);
    }

    /// <summary>Removes a file; one that is not there is a success.</summary>
    public static void Remove(SafeFileHandle folder, string name) => Try(UnlinkAt(folder, name, 0), NoSuchFile, name);

    /// <summary>False: it is not empty, or something else than a folder.</summary>
    public static bool TryRemoveFolder(SafeFileHandle parent, string name) => UnlinkAt(parent, name, RemoveFolder) == 0;

    /// <summary>Returns when a folder's entries, or a file, would outlast a power cut.</summary>
    public static void Flush(SafeFileHandle folder) => Try(Synchronize(folder), Invalid, "folder");

    private static SafeFileHandle Handle(int descriptor, string name) =>
        descriptor < 0 ? throw Failure(name, Marshal.GetLastPInvokeError()) : new SafeFileHandle(descriptor, ownsHandle: true);

    private static int OpenAt(SafeFileHandle folder, string name, int flags, uint mode)
    {
        using var held = new Held(folder);
        return OpenAt(held.Descriptor, name, flags, mode);
    }

    private static int Status(int folder, string name, int flags, out FileFacts facts)
    {
        Statx status;
        var failed = Status(StatusCall, folder, name, flags, TypeTimesNodeAndSize, &status) != 0;
        facts = failed ? default : new FileFacts(
            (status.Mode & TypeMask) == RegularFile,
            (status.Mode & TypeMask) == Folder,
            status.Size,
            DateTimeOffset.FromUnixTimeSeconds(status.ModifiedSeconds).AddTicks(status.ModifiedNanoseconds / 100),
            $"{status.Node:x}-{status.ModifiedSeconds:x}.{status.ModifiedNanoseconds:x}-{status.Size:x}");
        return failed ? Marshal.GetLastPInvokeError() : 0;
    }

    private static bool Try(int result, int expected, string name)
    {
        if (result == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == expected ? false : throw Failure(name, error);
    }

    private static IOException Failure(string name, int error) => new($"'{name}': {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string name, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFolder(SafeFileHandle parent, string name, uint mode);

    [LibraryImport(C, EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(SafeFileHandle from, string name, SafeFileHandle to, string newName);

    [LibraryImport(C, EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(SafeFileHandle from, string name, SafeFileHandle to, string newName, int flags);

    [LibraryImport(C, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport(C, EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(SafeFileHandle file);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Status(nint number, nint folder, string name, nint flags, nuint mask, Statx* result);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RenameAt(nint number, nint from, string name, nint to, string newName, nint flags);

    /// <summary>Keeps a descriptor open while its number is in use.</summary>
    private readonly ref struct Held
    {
        private readonly SafeFileHandle handle;
        private readonly bool held;

        public Held(SafeFileHandle handle)
        {
            this.handle = handle;
            handle.DangerousAddRef(ref held);
        }

        public int Descriptor => (int)handle.DangerousGetHandle();

        public void Dispose()
        {
            if (held)
                handle.DangerousRelease();
        }
    }

    /// <summary><c>struct statx</c>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Node;

        [FieldOffset(40)]
        public long Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;
    }
}

/// <param name="IsFile">A regular one.</param>
/// <param name="IsFolder">A link to one is none.</param>
/// <param name="Version">Another one after each change.</param>
internal readonly record struct FileFacts(bool IsFile, bool IsFolder, long Length, DateTimeOffset Modified, string Version);
