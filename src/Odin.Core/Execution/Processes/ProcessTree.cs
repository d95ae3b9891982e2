using System.Text;

namespace Odin.Execution.Processes;

/// <summary>Everything that one execution has started, found in three ways because programs escape from any one.</summary>
internal static class ProcessTree
{
    /// <summary>Every process of an execution has it in its environment, unless it took pains to be rid of it.</summary>
    public const string Marker = "ODIN_EXECUTION_DIRECTORY";

    /// <summary>
    /// The session and the descendants of the shim, without the shim itself, and whatever carries the marker. Pass 0
    /// as the shim when it is dead: its number may belong to somebody else by now.
    /// </summary>
    public static List<ProcessRecord> Find(ExecutionDirectory directory, int shim)
    {
        var marker = Encoding.UTF8.GetBytes($"{Marker}={directory.Path}\0");
        var all = ProcessTable.ReadAll();
        var family = shim > 0 ? Descendants(all, shim) : [];
        return [.. all.Where(p => p.Pid != shim && p.Pid != Environment.ProcessId && !p.IsZombie
            && (family.Contains(p.Pid) || ProcessTable.HasVariable(p.Pid, marker)))];
    }

    /// <summary>Figures of the executions whose shims are given: processor ticks and resident pages.</summary>
    public static Dictionary<int, (long Ticks, long Pages)> Measure(IReadOnlyCollection<int> shims)
    {
        var all = ProcessTable.ReadAll();
        var owners = all.ToDictionary(p => p.Pid);
        var sums = shims.ToDictionary(s => s, _ => (Ticks: 0L, Pages: 0L));
        foreach (var process in all)
        {
            if (OwnerOf(process, owners, sums) is { } shim)
                sums[shim] = (sums[shim].Ticks + process.CpuTicks, sums[shim].Pages + process.ResidentPages);
        }
        return sums;
    }

    public static void Signal(IEnumerable<ProcessRecord> processes, int signal)
    {
        foreach (var process in processes)
            _ = Native.Kill(process.Pid, signal);
    }

    private static HashSet<int> Descendants(List<ProcessRecord> all, int shim)
    {
        var children = all.ToLookup(p => p.Parent, p => p.Pid);
        HashSet<int> family = [.. all.Where(p => p.Session == shim).Select(p => p.Pid), shim];
        var open = new Queue<int>(family);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent])
            {
                if (family.Add(child))
                    open.Enqueue(child);
            }
        }
        return family;
    }

    private static int? OwnerOf(ProcessRecord process, Dictionary<int, ProcessRecord> all, Dictionary<int, (long, long)> shims)
    {
        // Bounded: the table is not read in one instant, and parents may seem to go in a circle.
        for (var step = 0; step < 64; step++)
        {
            if (shims.ContainsKey(process.Session))
                return process.Session;
            if (!all.TryGetValue(process.Parent, out process))
                return null;
        }
        return null;
    }
}
