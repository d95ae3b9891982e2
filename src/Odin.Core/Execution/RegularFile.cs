using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Odin.Execution.Processes;

namespace Odin.Execution;

/// <summary>What a path leads to.</summary>
internal enum FileKind
{
    /// <summary>Nothing, or a link to nothing.</summary>
    Missing,

    Regular,

    Directory,

    /// <summary>A pipe, a socket or a device: who reads it may wait for ever.</summary>
    Special,
}

/// <summary>Opens files that others have made, who may have made something else than a file.</summary>
internal static class RegularFile
{
    /// <summary>What the path leads to, links followed, and which directory it is if it is one.</summary>
    /// <exception cref="IOException">It could not be found out.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory on the way is closed to us.</exception>
    public static (FileKind Kind, FileIdentity Identity) Look(string path)
    {
        if (!OperatingSystem.IsLinux())
            return (File.Exists(path) ? FileKind.Regular : Directory.Exists(path) ? FileKind.Directory : FileKind.Missing, new FileIdentity(0, 0, path));
        return Native.Status(path, out var status) switch
        {
            0 => (KindOf(status.Mode), new FileIdentity(status.Device, status.Node, null)),
            Native.NoSuchFile or Native.NotADirectory or Native.TooManyLinks => (FileKind.Missing, default),
            var error => throw Failure(path, error),
        };
    }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="IOException">It is a directory or a special file, or cannot be read.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="UnauthorizedAccessException">It is closed to us.</exception>
    public static SafeFileHandle Open(string path)
    {
        // Before it is opened: that alone does something to many a device.
        if (Look(path).Kind is FileKind.Special)
            throw NotRegular(path);
        if (!OperatingSystem.IsLinux())
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // And it may have become a pipe since.
        var descriptor = Native.Open(path, Native.ReadOnly | Native.CloseOnExec | Native.NonBlocking, 0);
        if (descriptor < 0)
            throw Failure(path, Marshal.GetLastPInvokeError());
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Native.Status(descriptor, out var status) == 0 && KindOf(status.Mode) is FileKind.Regular)
            return handle;
        handle.Dispose();
        throw NotRegular(path);
    }

    /// <summary>The same as a stream without a buffer.</summary>
    public static FileStream OpenStream(string path) => new(Open(path), FileAccess.Read, bufferSize: 0);

    private static IOException NotRegular(string path) =>
        new($"'{path}' is no regular file but a directory, a pipe, a socket or a device, which is not read.");

    private static FileKind KindOf(int mode) => (mode & Native.TypeMask) switch
    {
        Native.TypeRegular => FileKind.Regular,
        Native.TypeDirectory => FileKind.Directory,
        _ => FileKind.Special,
    };

    private static Exception Failure(string path, int error) => error switch
    {
        Native.NoSuchFile => new FileNotFoundException($"There is no file '{path}'.", path),
        Native.NotADirectory => new DirectoryNotFoundException($"There is no file '{path}'."),
        Native.AccessDenied or Native.NotPermitted => new UnauthorizedAccessException($"Access to '{path}' is denied."),
        _ => new IOException($"'{path}' cannot be read: {Marshal.GetPInvokeErrorMessage(error)}", error),
    };
}

/// <summary>Tells two directories apart, whatever they are called.</summary>
/// <param name="Path">Where the system has no numbers for them.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Node, string? Path);
