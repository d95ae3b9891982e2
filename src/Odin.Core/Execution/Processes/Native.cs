using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Odin.Execution.Processes;

/// <summary>What is needed of the C library, as declared on 64-bit Linux (glibc and musl).</summary>
internal static unsafe partial class Native
{
    private const string C = "libc";
    private const int PidfdOpenCall = 434;

    public const int SignalKill = 9;
    public const int SignalTerminate = 15;
    public const int SignalContinue = 18;
    public const int Executable = 1;
    public const int WithoutHang = 1;
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int SeekData = 3;
    public const int SeekHole = 4;
    public const int KeepSize = 1;
    public const int PunchHole = 2;

    public const int NotPermitted = 1;
    public const int NoSuchFile = 2;
    public const int NoSuchProcess = 3;
    public const int Interrupted = 4;
    public const int ArgumentsTooLong = 7;
    public const int TryAgain = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int NotADirectory = 20;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int NoSpace = 28;
    public const int NotSupported = 95;
    public const int OverQuota = 122;
    public const int NoSuchCall = 38;

    /// <summary>What .NET says in place of the system's number when it sets room aside.</summary>
    private const int DiskFull = unchecked((int)0x80070070);

    [LibraryImport(C, EntryPoint = "posix_spawn")]
    public static partial int Spawn(int* pid, byte* path, void* actions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetDefaultSignals(void* attributes, void* signals);

    [LibraryImport(C, EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSignalMask(void* attributes, void* signals);

    [LibraryImport(C, EntryPoint = "sigemptyset")]
    public static partial int EmptySignals(void* signals);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int ActionsInit(void* actions);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int ActionsDestroy(void* actions);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_addopen")]
    public static partial int ActionsAddOpen(void* actions, int descriptor, byte* path, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int ActionsAddDuplicate(void* actions, int from, int to);

    [LibraryImport(C, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    public static partial int ActionsAddCloseFrom(void* actions, int lowest);

    [LibraryImport(C, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport(C, EntryPoint = "wait4", SetLastError = true)]
    public static partial int Wait(int pid, int* status, int options, ResourceUsage* usage);

    [LibraryImport(C, EntryPoint = "getrusage")]
    public static partial int GetUsage(int who, ResourceUsage* usage);

    [LibraryImport(C, EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(string path, int mode);

    [LibraryImport(C, EntryPoint = "rmdir", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveDirectory(string path);

    [LibraryImport(C, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nint count);

    [LibraryImport(C, EntryPoint = "write")]
    public static partial nint Write(int descriptor, byte* buffer, nint count);

    [LibraryImport(C, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(C, EntryPoint = "lseek")]
    public static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport(C, EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport(C, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int PollCreate(int flags);

    [LibraryImport(C, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int PollControl(int poll, int operation, int descriptor, byte* entry);

    [LibraryImport(C, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int PollWait(int poll, byte* entries, int count, int timeout);

    [LibraryImport(C, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventCreate(uint initial, int flags);

    /// <summary>A descriptor that becomes readable when the process ends; -1 with errno otherwise.</summary>
    public static int OpenProcess(int pid) => (int)SystemCall(PidfdOpenCall, pid, 0);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    /// <summary>Reads a whole small file. Null: there is none.</summary>
    /// <exception cref="IOException">It could not be read, for want of descriptors perhaps: nothing follows from that.</exception>
    public static byte[]? ReadSmallFile(string path) => TryReadSmallFile(path, out var content) switch
    {
        0 => content,
        NoSuchFile or NotADirectory => null,
        var error => throw Failure(path, error),
    };

    /// <summary>The same for the files of a process. Null also when the process is gone, or none of our business.</summary>
    /// <exception cref="IOException">It could not be found out.</exception>
    public static byte[]? ReadProcessFile(string path) => TryReadSmallFile(path, out var content) switch
    {
        0 => content,
        NoSuchFile or NotADirectory or NoSuchProcess or NotPermitted or AccessDenied => null,
        var error => throw Failure(path, error),
    };

    /// <summary>Whether it failed for want of descriptors, memory or processes: that says nothing of what was asked.</summary>
    public static bool IsShortage(Exception exception) => exception is IOException && IsShortage(exception.HResult);

    public static bool IsShortage(int error) => error is TooManyFiles or TooManyFilesInSystem or NoMemory or TryAgain;

    /// <summary>Whether it failed because the disk, or the share of it that we may use, is full.</summary>
    public static bool IsFull(Exception exception) => exception is IOException { HResult: NoSpace or OverQuota or DiskFull };

    /// <summary>0, or the number of the error.</summary>
    private static int TryReadSmallFile(string path, out byte[]? content)
    {
        const int longest = 4 << 20;
        content = null;
        // A pipe that somebody has put in the place of a file must not keep us waiting for its other end.
        var descriptor = Open(path, ReadOnly | CloseOnExec | NonBlocking, 0);
        if (descriptor < 0)
            return Marshal.GetLastPInvokeError();
        var buffer = new byte[2048];
        var length = 0;
        var error = 0;
        while (length < longest)
        {
            nint count;
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(longest, length * 4));
            fixed (byte* start = buffer)
                count = Read(descriptor, start + length, buffer.Length - length);
            error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error == Interrupted)
                continue;
            if (count <= 0)
                break;
            length += (int)count;
        }
        _ = Close(descriptor);
        if (error == 0)
            content = buffer.AsSpan(0, length).ToArray();
        return error;
    }

    private static IOException Failure(string path, int error) =>
        new($"\"{path}\" cannot be read: {Marshal.GetPInvokeErrorMessage(error)}", error);

    /// <summary><c>struct rusage</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ResourceUsage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
        public long MaximumResidentKilobytes;
        private readonly Rest rest;

        public readonly double CpuSeconds => UserSeconds + SystemSeconds + ((UserMicroseconds + SystemMicroseconds) / 1e6);

        [InlineArray(13)]
        private struct Rest
        {
            private long first;
        }
    }
}
