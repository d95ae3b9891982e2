using System.Buffers.Text;
using System.Globalization;

namespace Odin.Execution.Processes;

/// <summary>One line of <c>/proc/PID/stat</c>.</summary>
/// <param name="Started">Ticks since the machine started: with the pid it names a process unmistakably.</param>
/// <param name="CpuTicks">Of the process and of its children that were waited for, user and system.</param>
internal readonly record struct ProcessRecord(
    int Pid, char State, int Parent, int Group, int Session, long CpuTicks, long ResidentPages, long Started)
{
    /// <summary>Ticks of a second in <c>/proc</c>: the same on every architecture that .NET runs on.</summary>
    public const double TicksPerSecond = 100;

    public bool IsZombie => State is 'Z' or 'X';
}

/// <summary>Reads the processes of the machine from <c>/proc</c>. Those that vanish meanwhile are left out.</summary>
internal static class ProcessTable
{
    public static List<ProcessRecord> ReadAll()
    {
        var records = new List<ProcessRecord>(256);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(directory.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Read(pid) is { } record)
                records.Add(record);
        }
        return records;
    }

    /// <summary>Null if there is no such process.</summary>
    /// <exception cref="IOException">It could not be found out.</exception>
    public static ProcessRecord? Read(int pid) =>
        Native.ReadProcessFile($"/proc/{pid}/stat") is { Length: > 0 } text ? Parse(pid, text) : null;

    /// <summary>
    /// Whether the process has the entry <c>NAME=VALUE</c> in the environment with which it was started. Unreadable
    /// (another user's, a kernel thread): no.
    /// </summary>
    /// <exception cref="IOException">It could not be found out.</exception>
    public static bool HasVariable(int pid, ReadOnlySpan<byte> entryAndNull)
    {
        var text = Native.ReadProcessFile($"/proc/{pid}/environ").AsSpan();
        return text.StartsWith(entryAndNull)
            || (text.IndexOf(entryAndNull) is > 0 and var at && text[at - 1] == 0);
    }

    internal static ProcessRecord? Parse(int pid, ReadOnlySpan<byte> text)
    {
        // The name is in parentheses and may hold anything, also spaces and parentheses.
        var rest = text[(text.LastIndexOf((byte)')') + 2)..];
        if (rest.IsEmpty)
            return null;
        var state = (char)rest[0];
        Span<long> fields = stackalloc long[22];
        var count = 0;
        foreach (var range in rest.Split((byte)' '))
        {
            if (count == fields.Length)
                break;
            _ = Utf8Parser.TryParse(rest[range], out fields[count++], out _);
        }
        // Counted from the state, which is field 3 of proc(5).
        return new ProcessRecord(
            pid, state, (int)fields[1], (int)fields[2], (int)fields[3], fields[11] + fields[12] + fields[13] + fields[14], fields[21], fields[19]);
    }
}
