using System.Text;

namespace Odin.Pipelines;

/// <summary>
/// Which task needs which. Tasks are known by their position in the file, from 0; edges lie in flat arrays, so that ten
/// thousand tasks with a hundred thousand edges are a matter of milliseconds. Immutable.
/// </summary>
public sealed class TaskGraph
{
    private readonly Adjacency dependencies;
    private readonly Adjacency dependents;
    private readonly int[] order;
    private readonly int[] depths;

    /// <param name="names">Each once.</param>
    /// <param name="dependencies">For each task the positions of those it needs; an edge that is given twice counts once.</param>
    public TaskGraph(IReadOnlyList<string> names, IReadOnlyList<IReadOnlyList<int>> dependencies)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(dependencies.Count, names.Count);
        Names = names;
        this.dependencies = Adjacency.Create(dependencies);
        dependents = this.dependencies.Reverse();
        (order, depths) = Sort();
    }

    /// <summary>Of the tasks, in the order of the file.</summary>
    public IReadOnlyList<string> Names { get; }

    public int Count => Names.Count;

    /// <summary>True when some tasks need each other in a circle; then only they and what needs them lack a place in the order.</summary>
    public bool HasCycle => order.Length < Count;

    /// <summary>The graph of an error-free pipeline, or of any tasks whose dependencies are all among them.</summary>
    /// <exception cref="ArgumentException">A dependency is not among the tasks.</exception>
    public static TaskGraph Create(IReadOnlyList<PipelineTask> tasks)
    {
        var positions = new Dictionary<string, int>(tasks.Count, StringComparer.Ordinal);
        for (var i = 0; i < tasks.Count; i++)
            positions.Add(tasks[i].Name, i);
        var edges = new int[tasks.Count][];
        for (var i = 0; i < tasks.Count; i++)
        {
            var needed = tasks[i].DependsOn;
            edges[i] = new int[needed.Count];
            for (var j = 0; j < needed.Count; j++)
            {
                edges[i][j] = positions.TryGetValue(needed[j], out var position)
                    ? position
                    : throw new ArgumentException($"Task \"{tasks[i].Name}\" needs \"{needed[j]}\", which is not a task.", nameof(tasks));
            }
        }
        return new TaskGraph([.. tasks.Select(task => task.Name)], edges);
    }

    /// <summary>What the task needs, ascending.</summary>
    public ReadOnlySpan<int> Dependencies(int task) => dependencies[task];

    /// <summary>What needs the task, ascending.</summary>
    public ReadOnlySpan<int> Dependents(int task) => dependents[task];

    /// <summary>An order in which every task comes after what it needs; of those possible next, the first of the file.</summary>
    /// <exception cref="InvalidOperationException">There is a cycle.</exception>
    public IReadOnlyList<int> TopologicalOrder => HasCycle ? throw new InvalidOperationException("Graph has a cycle") : order;

    /// <summary>Tasks by the length of the longest chain before them; each wave in the order of the file.</summary>
    /// <exception cref="InvalidOperationException">There is a cycle.</exception>
    public IReadOnlyList<IReadOnlyList<int>> Waves()
    {
        var waves = new List<List<int>>();
        foreach (var task in TopologicalOrder)
        {
            while (waves.Count <= depths[task])
                waves.Add([]);
            waves[depths[task]].Add(task);
        }
        foreach (var wave in waves)
            wave.Sort();
        return waves;
    }

    /// <summary>Everything that needs the task, directly or not, ascending, without the task itself.</summary>
    public IReadOnlyList<int> Descendants(int task) => Reach(task, dependents);

    /// <summary>Everything that the task needs, directly or not, ascending, without the task itself.</summary>
    public IReadOnlyList<int> Ancestors(int task) => Reach(task, dependencies);

    /// <summary>
    /// One cycle of each group of tasks that need each other, as names: the first is repeated as the last, and each needs the next.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> FindCycles() => HasCycle ? CycleSearch.Find(dependencies) : [];

    /// <summary>The graph in the language of Graphviz.</summary>
    public string ToDot()
    {
        var text = new StringBuilder("digraph {\n");
        for (var i = 0; i < Count; i++)
        {
            var name = Names[i].Replace('-', '_');
            if (Dependents(i).IsEmpty)
                text.Append("  ").Append(name).Append(";\n");
            foreach (var dependent in Dependents(i))
                text.Append("  ").Append(name).Append(" -> ").Append(Names[dependent].Replace('-', '_')).Append(";\n");
        }
        return text.Append("}\n").ToString();
    }

    private (int[] Order, int[] Depths) Sort()
    {
        var missing = new int[Count];
        var ready = new PriorityQueue<int, int>();
        for (var i = 0; i < Count; i++)
        {
            missing[i] = dependencies[i].Length;
            if (missing[i] == 0)
                ready.Enqueue(i, i);
        }
        var sorted = new List<int>(Count);
        var depth = new int[Count];
        while (ready.TryDequeue(out var task, out _))
        {
            sorted.Add(task);
            foreach (var dependent in dependents[task])
            {
                depth[dependent] = Math.Max(depth[dependent], depth[task] + 1);
                if (--missing[dependent] == 0)
                    ready.Enqueue(dependent, dependent);
            }
        }
        return ([.. sorted], depth);
    }

    private List<int> Reach(int task, Adjacency edges)
    {
        var seen = new bool[Count];
        var open = new Stack<int>([task]);
        var reached = new List<int>();
        while (open.TryPop(out var next))
        {
            foreach (var neighbour in edges[next])
            {
                if (seen[neighbour])
                    continue;
                seen[neighbour] = true;
                reached.Add(neighbour);
                open.Push(neighbour);
            }
        }
        reached.Sort();
        return reached;
    }
}

/// <summary>The edges of all nodes in one array, with the place where each node's begin.</summary>
internal sealed class Adjacency
{
    private readonly int[] starts;
    private readonly int[] targets;

    private Adjacency(int[] starts, int[] targets)
    {
        this.starts = starts;
        this.targets = targets;
    }

    public int Count => starts.Length - 1;

    public ReadOnlySpan<int> this[int node] => targets.AsSpan(starts[node], starts[node + 1] - starts[node]);

    public static Adjacency Create(IReadOnlyList<IReadOnlyList<int>> edges)
    {
        var starts = new int[edges.Count + 1];
        var targets = new List<int>();
        var last = new int[edges.Count];
        Array.Fill(last, -1);
        for (var node = 0; node < edges.Count; node++)
        {
            starts[node] = targets.Count;
            foreach (var target in edges[node])
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)target, (uint)edges.Count, nameof(edges));
                if (last[target] == node)
                    continue;
                last[target] = node;
                targets.Add(target);
            }
        }
        starts[^1] = targets.Count;
        var array = targets.ToArray();
        for (var node = 0; node < edges.Count; node++)
            array.AsSpan(starts[node], starts[node + 1] - starts[node]).Sort();
        return new Adjacency(starts, array);
    }

    public Adjacency Reverse()
    {
        var reversedStarts = new int[starts.Length];
        foreach (var target in targets)
            reversedStarts[target + 1]++;
        for (var i = 1; i < reversedStarts.Length; i++)
            reversedStarts[i] += reversedStarts[i - 1];
        var reversed = new int[targets.Length];
        var next = (int[])reversedStarts.Clone();
        for (var node = 0; node < Count; node++)
        {
            foreach (var target in this[node])
                reversed[next[target]++] = node;
        }
        return new Adjacency(reversedStarts, reversed);
    }
}
