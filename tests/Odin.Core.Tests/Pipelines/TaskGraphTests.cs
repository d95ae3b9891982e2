using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

public sealed class TaskGraphTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 30)];

    [Fact]
    public void TopologicalOrder_ForkJoin_IsInFileOrder()
    {
        // 1 → 3, 1 → 2, 3 → 4, 2 → 4, 4 → 5; node 0 stands alone.
        var graph = Graph([], [], [1], [1], [2, 3], [4]);

        Assert.Equal([0, 1, 2, 3, 4, 5], graph.TopologicalOrder);
    }

    [Fact]
    public void Waves_Diamond_GroupByTheLongestChain()
    {
        // a; b, c after a; d after b, c; e free.
        var graph = Graph([], [0], [0], [1, 2], []);

        Assert.Equal([[0, 4], [1, 2], [3]], graph.Waves());
    }

    [Fact]
    public void Descendants_OfTheSpecExample_AreExact()
    {
        // {0: {1, 2}, 1: {4}, 3: {5}}
        var graph = Graph([], [0], [0], [], [1], [3]);

        Assert.Equal([1, 2, 4], graph.Descendants(0));
        Assert.Equal([5], graph.Descendants(3));
        Assert.Equal([0, 1], graph.Ancestors(4));
    }

    [Fact]
    public void ToDot_WritesEdgesAndSinks()
    {
        var graph = new TaskGraph(["get-data", "train", "alone"], [[], [0], []]);

        Assert.Equal("digraph {\n  get_data -> train;\n  train;\n  alone;\n}\n", graph.ToDot());
    }

    [Fact]
    public void FindCycles_TwoGroups_GivesOneShortCycleOfEach()
    {
        var graph = Graph([1], [2, 0], [0], [4], [3], [5], [0]);

        Assert.True(graph.HasCycle);
        Assert.Equal([[0, 1, 0], [3, 4, 3], [5, 5]], graph.FindCycles());
        Assert.Throws<InvalidOperationException>(() => graph.TopologicalOrder);
    }

    [Fact]
    public void FindCycles_VeryLongCycle_NeedsNoRecursion()
    {
        const int count = 100_000;
        var graph = new TaskGraph(Names(count), [.. Enumerable.Range(0, count).Select(i => new[] { (i + 1) % count })]);

        Assert.Equal(count + 1, Assert.Single(graph.FindCycles()).Count);
    }

    [Fact]
    public void Create_DependencyOutsideTheTasks_Throws()
    {
        var task = new PipelineTask { Name = "a", Image = "i", Command = ["c"], DependsOn = ["b"] };

        Assert.Throws<ArgumentException>(() => TaskGraph.Create([task]));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Edges_OfARandomGraph_AreTheSameBothWays(int seed)
    {
        var (graph, edges) = RandomGraph(seed);

        var backward = Enumerable.Range(0, graph.Count).SelectMany(i => graph.Dependents(i).ToArray().Select(j => (j, i))).ToHashSet();
        var forward = Enumerable.Range(0, graph.Count).SelectMany(i => graph.Dependencies(i).ToArray().Select(j => (i, j))).ToHashSet();
        Assert.Equal(edges, forward);
        Assert.Equal(edges, backward);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void OrderAndWaves_OfARandomGraph_AreValid(int seed)
    {
        var (graph, edges) = RandomGraph(seed);

        foreach (var order in new[] { graph.TopologicalOrder, graph.Waves().SelectMany(wave => wave).ToList() })
        {
            Assert.Equal(Enumerable.Range(0, graph.Count), order.Order());
            var position = order.Select((node, index) => (node, index)).ToDictionary(pair => pair.node, pair => pair.index);
            Assert.All(edges, edge => Assert.True(position[edge.To] < position[edge.From]));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Descendants_OfAChild_AreAmongThoseOfItsParent(int seed)
    {
        var (graph, edges) = RandomGraph(seed);

        foreach (var (child, parent) in edges)
        {
            var below = graph.Descendants(parent);
            Assert.Contains(child, below);
            Assert.Empty(graph.Descendants(child).Except(below));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void FindCycles_OfARandomGraphWithABackEdge_FindsARealCycle(int seed)
    {
        var (graph, edges) = RandomGraph(seed);
        var (from, to) = edges.First();
        var lists = Enumerable.Range(0, graph.Count).Select(i => graph.Dependencies(i).ToArray().Concat(i == to ? [from] : []).ToArray()).ToList();

        var cyclic = new TaskGraph(graph.Names, lists);

        var cycle = Assert.Single(cyclic.FindCycles());
        Assert.Equal(cycle[0], cycle[^1]);
        Assert.All(cycle.Zip(cycle.Skip(1)), step => Assert.Contains(step.Second, cyclic.Dependencies(step.First).ToArray()));
    }

    [Fact]
    public void Constructor_TenThousandTasksAndAHundredThousandEdges_Sorts()
    {
        var random = new Random(7);
        var graph = new TaskGraph(Names(10_000), [.. Enumerable.Range(0, 10_000).Select(i => Enumerable.Range(0, i == 0 ? 0 : 10).Select(_ => random.Next(i)).ToArray())]);

        Assert.Equal(10_000, graph.TopologicalOrder.Count);
    }

    private static TaskGraph Graph(params int[][] dependencies) => new(Names(dependencies.Length), dependencies);

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => $"t{i}")];

    /// <summary>50 to 200 nodes in no particular order, some of them isolated.</summary>
    private static (TaskGraph Graph, HashSet<(int From, int To)> Edges) RandomGraph(int seed)
    {
        var random = new Random(seed);
        var count = random.Next(50, 201);
        var shuffled = Enumerable.Range(0, count).ToArray();
        random.Shuffle(shuffled);
        var edges = new HashSet<(int, int)>();
        for (var i = 1; i < count; i++)
        {
            for (var edge = random.Next(4); edge > 0; edge--)
                edges.Add((shuffled[i], shuffled[random.Next(i)]));
        }
        var lists = Enumerable.Range(0, count).Select(i => edges.Where(edge => edge.Item1 == i).Select(edge => edge.Item2).ToArray()).ToList();
        return (new TaskGraph(Names(count), lists), edges);
    }
}
