using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Odin.Execution.Processes;

/// <summary>What files are.</summary>
internal static unsafe partial class Native
{
    public const int TypeMask = 0xF000;
    public const int TypeDirectory = 0x4000;
    public const int TypeRegular = 0x8000;
    public const int TooManyLinks = 40;

    private const int LongestPath = 4096;
    private const int CurrentDirectory = -100;
    private const int OfTheDescriptorItself = 0x1000;
    private const int OfTheLinkItself = 0x100;
    private const uint Unchanged = uint.MaxValue;
    private const int TypeModeUserAndNode = 0x10B;
    private const uint CloneRange = 0x40049409;

    // The call rather than the function, which older C libraries do not have.
    private static readonly int StatusCall = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 332 : 291;

    /// <summary>Looks at what a path leads to; 0, or the number of the error.</summary>
    public static int Status(string path, out FileStatus status) => Status(CurrentDirectory, path, 0, out status);

    /// <summary>Looks at the path itself, also if it is a link; 0, or the number of the error.</summary>
    public static int StatusOfLink(string path, out FileStatus status) => Status(CurrentDirectory, path, OfTheLinkItself, out status);

    /// <summary>The user whose rights count for files, which is not always that of the process.</summary>
    public static uint FileUser() => (uint)SetFileUser(Unchanged);

    /// <summary>The same for the group.</summary>
    public static uint FileGroup() => (uint)SetFileGroup(Unchanged);

    /// <summary>Looks at what is open.</summary>
    public static int Status(int descriptor, out FileStatus status) => Status(descriptor, "", OfTheDescriptorItself, out status);

    /// <summary>The path without links; null if it leads to nothing.</summary>
    public static string? RealPath(string path)
    {
        var buffer = stackalloc byte[LongestPath];
        return RealPath(path, buffer) is null ? null : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
    }

    /// <summary>Lets the file share the blocks of another one, where the file system can do that.</summary>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle target) =>
        OperatingSystem.IsLinux() && Control(target, CloneRange, (int)source.DangerousGetHandle()) == 0;

    private static int Status(int directory, string path, int flags, out FileStatus status)
    {
        fixed (FileStatus* result = &status)
            return SystemCall(StatusCall, directory, path, flags, TypeModeUserAndNode, result) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport(C, EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* RealPath(string path, byte* resolved);

    [LibraryImport(C, EntryPoint = "setfsuid")]
    private static partial int SetFileUser(uint user);

    [LibraryImport(C, EntryPoint = "setfsgid")]
    private static partial int SetFileGroup(uint group);

    [LibraryImport(C, EntryPoint = "ioctl")]
    private static partial int Control(SafeFileHandle file, nuint request, int argument);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint SystemCall(nint number, nint directory, string path, nint flags, nint mask, FileStatus* result);

    /// <summary>The part of <c>struct statx</c> that matters here; the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct FileStatus
    {
        [FieldOffset(20)]
        private readonly uint user;

        [FieldOffset(28)]
        private readonly ushort mode;

        [FieldOffset(32)]
        private readonly ulong node;

        [FieldOffset(136)]
        private readonly ulong device;

        public readonly uint User => user;

        public readonly int Mode => mode;

        public readonly ulong Node => node;

        public readonly ulong Device => device;
    }
}
