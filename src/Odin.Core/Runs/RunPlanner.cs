using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>Works out what a run would do, without doing it.</summary>
public sealed class RunPlanner(TaskCache cache)
{
    /// <summary>Tasks in topological order, with final arguments as far as they can be known.</summary>
    /// <param name="earlier">The run that tasks of the draft are taken over from; null: none is.</param>
    public async Task<RunPlan> PlanAsync(RunDraft draft, Run? earlier, CancellationToken cancellationToken)
    {
        var graph = TaskGraph.Create([.. draft.Tasks.Select(t => t.Spec.Task)]);
        var known = new Dictionary<string, TaskRun>();
        var planned = new List<PlannedTask>();
        var elsewhere = new Dictionary<string, string>();
        foreach (var index in graph.TopologicalOrder)
        {
            var task = draft.Tasks[index];
            var (resolved, _) = TaskResolver.Resolve(draft.Run, task, path => TaskRecord.Lookup(path, known.GetValueOrDefault));
            if (task.Spec.ReusedFrom is not null)
            {
                known[task.Spec.Task.Name] = task;
                AddPlaces(task, draft.Run, earlier!, elsewhere);
                planned.Add(Planned(task, resolved, "Reused", task.Status.Message!));
                continue;
            }
            var (decision, because) = ("Run", "It declares no outputs, so there is nothing to take from the cache.");
            if (task.Spec.Task.Outputs is not null && resolved is null)
                (decision, because) = ("Unknown", "It refers to values of tasks that would run.");
            else if (task.Spec.Task.Outputs is not null)
            {
                var upstream = Upstream(draft, graph, index, known);
                var (answer, trouble) = upstream is null ? await AskCacheAsync(draft.Run, task, resolved!, elsewhere, cancellationToken) : (null, null);
                (decision, because) = (answer, trouble) switch
                {
                    ({ } said, _) => (said.IsHit ? "Cached" : "Run", said.Because),
                    (_, { } why) => ("Run", why),
                    _ => ("Unknown", $"Its inputs may come from '{upstream}', which would run."),
                };
                if (answer?.Product is { } product)
                {
                    known[task.Spec.Task.Name] = AsCached(draft.Run, task, product);
                    foreach (var (name, output) in task.Spec.Task.Outputs)
                    {
                        foreach (var (here, there) in output.Paths.Select(resolved!.Absolute).Zip(product.Paths[name]))
                            elsewhere[here] = there;
                    }
                }
            }
            planned.Add(Planned(task, resolved, decision, because));
        }
        return new RunPlan(draft.Run.Spec.Job, draft.Run.Spec.Commit, planned, draft.Warnings);
    }

    // The run itself takes such trouble in the same way.
    private async Task<(CacheAnswer? Answer, string? Trouble)> AskCacheAsync(
        Run run, TaskRun task, ResolvedTask resolved, Dictionary<string, string> elsewhere, CancellationToken cancellationToken)
    {
        try
        {
            return (await cache.PeekAsync(run, task, resolved, path => Locate(path, elsewhere), cancellationToken), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, TaskStarter.Unusable(e.Message));
        }
    }

    private static PlannedTask Planned(TaskRun task, ResolvedTask? resolved, string decision, string because) => new(
        task.Spec.Task.Name, task.Spec.Task.DependsOn, task.Spec.Task.Command,
        resolved?.Args ?? [.. task.Spec.Task.Args.Select(References.Unescape)], decision, because);

    // Where the files are that the run would copy: the directory of the task and its outputs.
    private static void AddPlaces(TaskRun task, Run run, Run earlier, Dictionary<string, string> elsewhere)
    {
        var outputs = (task.Spec.Task.Outputs ?? new Dictionary<string, OutputPaths>()).Values.SelectMany(output => output.Paths);
        foreach (var path in outputs.Append(task.Spec.TaskPath).Where(path => path.StartsWith(run.Spec.RunPath + "/", StringComparison.Ordinal)))
            elsewhere[path] = earlier.Spec.RunPath + path[run.Spec.RunPath.Length..];
    }

    private static string Locate(string path, Dictionary<string, string> elsewhere)
    {
        for (var parent = path; parent.Length > 1; parent = Path.GetDirectoryName(parent) ?? "")
        {
            if (elsewhere.TryGetValue(parent, out var there))
                return there + path[parent.Length..];
        }
        return path;
    }

    // As the run would show it; the files stay where the producing run has them, for nothing is copied in a dry run.
    private static TaskRun AsCached(Run run, TaskRun task, CacheProduct product) => task with
    {
        Status = task.Status with
        {
            Phase = TaskRunPhase.Cached,
            Outputs = WorkspaceReuse.Relocate(product.Record, product.RunPath, run.Spec.RunPath),
        },
    };

    private static string? Upstream(RunDraft draft, TaskGraph graph, int index, Dictionary<string, TaskRun> known)
    {
        foreach (var dependency in graph.Dependencies(index))
        {
            var name = draft.Tasks[dependency].Spec.Task.Name;
            if (!known.ContainsKey(name))
                return name;
        }
        return null;
    }
}
