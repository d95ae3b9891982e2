namespace Odin.Pipelines;

/// <summary>Finds one short cycle in each strongly connected group of nodes. Without recursion: a chain may be long.</summary>
internal static class CycleSearch
{
    /// <summary>Each cycle begins and ends with its lowest node. Ordered by that node.</summary>
    public static IReadOnlyList<IReadOnlyList<int>> Find(Adjacency edges)
    {
        var groups = Groups(edges);
        var lowest = new Dictionary<int, int>();
        for (var node = edges.Count - 1; node >= 0; node--)
            lowest[groups[node]] = node;
        return [.. lowest.Values.Order().Select(node => Shortest(node, edges, groups)).OfType<IReadOnlyList<int>>()];
    }

    /// <summary>Breadth first from the node back to itself, inside its group.</summary>
    private static List<int>? Shortest(int start, Adjacency edges, int[] groups)
    {
        var cameFrom = new Dictionary<int, int>();
        var open = new Queue<int>([start]);
        while (open.TryDequeue(out var node))
        {
            foreach (var next in edges[node])
            {
                if (next == start)
                    return Path(start, node, cameFrom);
                if (groups[next] == groups[start] && cameFrom.TryAdd(next, node))
                    open.Enqueue(next);
            }
        }
        return null;
    }

    private static List<int> Path(int start, int last, Dictionary<int, int> cameFrom)
    {
        var path = new List<int> { start };
        for (var node = last; node != start; node = cameFrom[node])
            path.Add(node);
        path.Add(start);
        path.Reverse();
        return path;
    }

    /// <summary>Tarjan's algorithm: the number of each node's strongly connected group.</summary>
    private static int[] Groups(Adjacency edges)
    {
        var state = new Search(edges.Count);
        for (var node = 0; node < edges.Count; node++)
        {
            if (state.Index[node] < 0)
                state.Visit(node, edges);
        }
        return state.Group;
    }

    private sealed class Search
    {
        private readonly int[] low;
        private readonly Stack<int> path = new();
        private readonly Stack<(int Node, int Edge)> work = new();
        private int visited;
        private int groups;

        public Search(int count)
        {
            Index = new int[count];
            Group = new int[count];
            low = new int[count];
            Array.Fill(Index, -1);
            Array.Fill(Group, -1);
        }

        public int[] Index { get; }

        public int[] Group { get; }

        public void Visit(int root, Adjacency edges)
        {
            Enter(root);
            while (work.TryPop(out var top))
            {
                var (node, edge) = top;
                if (edge < edges[node].Length)
                {
                    work.Push((node, edge + 1));
                    var next = edges[node][edge];
                    if (Index[next] < 0)
                        Enter(next);
                    else if (Group[next] < 0)
                        low[node] = Math.Min(low[node], Index[next]);
                    continue;
                }
                Leave(node);
            }
        }

        private void Enter(int node)
        {
            Index[node] = low[node] = visited++;
            path.Push(node);
            work.Push((node, 0));
        }

        private void Leave(int node)
        {
            if (work.TryPeek(out var parent))
                low[parent.Node] = Math.Min(low[parent.Node], low[node]);
            if (low[node] != Index[node])
                return;
            int member;
            do
            {
                member = path.Pop();
                Group[member] = groups;
            }
            while (member != node);
            groups++;
        }
    }
}
