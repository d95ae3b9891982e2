using System.Globalization;

namespace Odin.Nodes;

/// <summary>Processors, memory and disks of this machine at one moment. Null: the system does not say.</summary>
/// <param name="Cores">The processors of the machine, whatever part of them this process may use.</param>
public sealed record Machine(string Host, int Cores, LoadAverage? Load, MachineMemory? Memory, IReadOnlyList<MachineDisk> Disks);

/// <summary>How many processes ran or waited, on average over one, five and fifteen minutes.</summary>
public sealed record LoadAverage(double One, double Five, double Fifteen);

/// <summary>In bytes.</summary>
/// <param name="Available">What programs can still get, the caches included.</param>
public sealed record MachineMemory(long Total, long Available);

/// <summary>The file system at a path, in bytes.</summary>
/// <param name="Available">What an ordinary user can still write.</param>
public sealed record MachineDisk(string Path, long Total, long Available);

/// <summary>Reads <see cref="Machine"/>, on Linux from <c>/proc</c>: there a container too sees the whole machine.</summary>
/// <param name="proc">Where the kernel's figures are; <c>/proc</c>.</param>
public sealed class MachineReader(string host, IReadOnlyList<string> disks, string proc)
{
    public Machine Read() => new(host, Cores(), Load(), Memory(), [.. disks.Select(Disk).OfType<MachineDisk>()]);

    private int Cores() =>
        Lines("stat").Count(line => line.StartsWith("cpu", StringComparison.Ordinal) && line.Length > 3 && char.IsAsciiDigit(line[3])) is var count and > 0
            ? count
            : Environment.ProcessorCount;

    private LoadAverage? Load() =>
        Lines("loadavg").FirstOrDefault()?.Split(' ') is [var one, var five, var fifteen, ..]
            && Number(one) is { } a && Number(five) is { } b && Number(fifteen) is { } c ? new LoadAverage(a, b, c) : null;

    private MachineMemory? Memory()
    {
        long? total = null, available = null;
        foreach (var line in Lines("meminfo"))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var name, var value, ..] || Number(value) is not { } kibibytes)
                continue;
            if (name == "MemTotal:")
                total = (long)kibibytes * 1024;
            else if (name == "MemAvailable:")
                available = (long)kibibytes * 1024;
        }
        return total is { } all && available is { } rest ? new MachineMemory(all, rest) : null;
    }

    private static MachineDisk? Disk(string path)
    {
        try
        {
            var drive = new DriveInfo(path);
            return new MachineDisk(path, drive.TotalSize, drive.AvailableFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(proc, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
