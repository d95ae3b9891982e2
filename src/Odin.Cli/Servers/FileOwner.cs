using System.Runtime.InteropServices;

namespace Odin.Cli.Servers;

/// <summary>Whose a file is, which .NET does not tell.</summary>
internal static partial class FileOwner
{
    private const int CurrentDirectory = -100;
    private const uint UserWanted = 0x8;

    /// <summary>The user's number; null: there is no such file, or it is not known here.</summary>
    public static uint? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            return Status(CurrentDirectory, path, 0, UserWanted, out var status) == 0 ? status.User : null;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library from before 2018.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int directory, string path, int flags, uint mask, out FileStatus status);

    // The part of struct statx that matters here; the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(20)]
        public uint User;
    }
}
