using Microsoft.Win32.SafeHandles;
using Odin.Execution.Processes;

namespace Odin.Execution;

/// <summary>The part of a log that was left out. The file system knows it: it is the hole in the file.</summary>
internal readonly record struct LogGap(long Start, long End)
{
    public long Length => End - Start;

    /// <summary>Empty if there is none before <paramref name="length"/>.</summary>
    public static LogGap Find(SafeFileHandle file, long length)
    {
        if (!OperatingSystem.IsLinux() || length == 0)
            return default;
        var start = Native.Seek(file, 0, Native.SeekHole);
        // Every file has a hole behind its end.
        if (start < 0 || start >= length)
            return default;
        var end = Native.Seek(file, start, Native.SeekData);
        return new LogGap(start, end < 0 ? length : end);
    }
}
