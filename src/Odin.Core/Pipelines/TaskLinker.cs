namespace Odin.Pipelines;

/// <summary>Joins the tasks of a file: unique names, dependencies and references that exist, no cycle.</summary>
internal static class TaskLinker
{
    private const int LongestShownCycle = 100;

    /// <summary>The drafts' tasks with all their dependencies. What is wrong goes into the bag.</summary>
    public static IReadOnlyList<PipelineTask> Link(IReadOnlyList<TaskDraft> drafts, TextChecks texts, DiagnosticBag bag)
    {
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < drafts.Count; i++)
        {
            if (drafts[i].Name is { } name && !positions.TryAdd(name, i))
            {
                bag.Error(drafts[i].NamePosition, DiagnosticCodes.DuplicateTask,
                    $"Task names must be unique, but {DiagnosticBag.Quote(name)} is already the name of the task in line {drafts[positions[name]].NamePosition.Line}; rename one of them.");
            }
        }
        var edges = new List<IReadOnlyList<TaskDependency>>(drafts.Count);
        foreach (var draft in drafts)
        {
            texts.CheckVariables(draft);
            edges.Add(FindEdges(draft, positions, texts, bag));
        }
        ReportCycles(drafts, positions, edges, bag);
        OutputChecks.WarnAboutRelativeOutputs(drafts, positions, bag);
        return [.. drafts.Zip(edges).Where(pair => pair.First.Task is not null)
            .Select(pair => pair.First.Task! with { DependsOn = [.. pair.Second.Select(edge => edge.Name)] })];
    }

    private static List<TaskDependency> FindEdges(TaskDraft draft, Dictionary<string, int> positions, TextChecks texts, DiagnosticBag bag)
    {
        var edges = new List<TaskDependency>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var dependency in draft.Depends)
        {
            if (!positions.ContainsKey(dependency.Name))
            {
                bag.Error(dependency.Position, DiagnosticCodes.UnknownDependency,
                    $"Task {DiagnosticBag.Quote(draft.Name ?? "")} depends on {DiagnosticBag.Quote(dependency.Name)}, but no task has this name{bag.Suggest(dependency.Name, positions.Keys)}; correct or remove it.");
            }
            else if (seen.Add(dependency.Name))
            {
                edges.Add(dependency);
            }
        }
        foreach (var (reference, key) in texts.FindReferences(draft))
        {
            if (!positions.ContainsKey(reference.Name))
            {
                ReportUnknownReference(reference, key, positions, bag);
                continue;
            }
            if (!TextChecks.ResolvedKeys.Contains(key))
            {
                bag.Warning(reference.Position, DiagnosticCodes.NotSubstituted,
                    $"The reference to {DiagnosticBag.Quote(reference.Name)} in \"{key}\" makes the task wait for it but stays as it is: references are replaced only in {string.Join(", ", TextChecks.ResolvedKeys)}.");
            }
            if (seen.Add(reference.Name))
                edges.Add(reference);
        }
        return edges;
    }

    /// <summary>In a command, which is never resolved, a text such as <c>^foo</c> is most likely a pattern.</summary>
    private static void ReportUnknownReference(TaskDependency reference, string key, Dictionary<string, int> positions, DiagnosticBag bag)
    {
        if (key == "command")
            return;
        bag.Error(reference.Position, DiagnosticCodes.UnknownReference,
            $"The reference \"^{DiagnosticBag.Shorten(reference.Name)}\" in \"{DiagnosticBag.Shorten(key)}\" names no task{bag.Suggest(reference.Name, positions.Keys)}; correct it, or write \"^^\" for a text that begins with \"^\".");
    }

    private static void ReportCycles(
        IReadOnlyList<TaskDraft> drafts, Dictionary<string, int> positions, List<IReadOnlyList<TaskDependency>> edges, DiagnosticBag bag)
    {
        var graph = new TaskGraph(
            [.. drafts.Select(draft => draft.Name ?? "")],
            [.. edges.Select(list => list.Select(edge => positions[edge.Name]).ToArray())]);
        foreach (var cycle in graph.FindCycles())
        {
            var first = edges[cycle[0]].First(edge => positions[edge.Name] == cycle[1]);
            var names = cycle.Select(task => graph.Names[task]).ToList();
            if (names.Count > LongestShownCycle)
                names = [.. names.Take(LongestShownCycle - 2), $"({names.Count - LongestShownCycle + 1} more)", names[^1]];
            var path = string.Join(" -> ", names);
            bag.Error(first.Position, DiagnosticCodes.DependencyCycle,
                $"Graph has a cycle: {path} (each needs the next); remove one of these dependencies.");
        }
    }
}
