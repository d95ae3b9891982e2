using System.Globalization;

namespace Odin.Bench;

/// <summary>What benches ask of the machine that they run on.</summary>
internal static class Machine
{
    /// <summary>Of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A figure of a process's memory, as the kernel has it: <c>VmRSS</c>, <c>VmHWM</c>.</summary>
    /// <param name="process">Its number, or <c>self</c>.</param>
    public static double Megabytes(string process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static string FindRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Odin.slnx")))
            root = root.Parent ?? throw new InvalidOperationException("The bench does not lie in the repository.");
        return root.FullName;
    }
}
