using Odin.Pipelines;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>A draft that takes tasks over from an earlier run, or a sentence on why there is none.</summary>
/// <param name="Missing">There is nothing to take over from.</param>
/// <param name="Differs">The earlier run was given other values.</param>
internal readonly record struct ReuseResult(RunDraft? Draft, Run? Earlier, string? Missing, string? Differs);

/// <summary>Lets a new run take over what an earlier one has done. The files are copied later, by the reconciler.</summary>
internal sealed class RunReuse(IResourceStore store)
{
    /// <summary>Takes over from the newest ended run of the job, unless what is taken over was made with other values.</summary>
    public async Task<ReuseResult> FromAsync(RunDraft draft, string from, CancellationToken cancellationToken)
    {
        var job = draft.Run.Spec.Job;
        if (draft.Tasks.All(t => t.Spec.Task.Name != from))
            return new(null, null, $"Job '{job}' has no task '{from}'; it has: {Names(draft)}.", null);
        if (await LatestRunAsync(job, cancellationToken) is not { } latest)
            return new(null, null, $"Job '{job}' has no earlier run to start from '{from}' of. Run it without --from first.", null);
        var reusing = await TakeOverAsync(draft, latest, from, cancellationToken);
        return ReuseCheck.Difference(reusing, latest) is { } difference
            ? new(null, null, null, difference)
            : new(reusing, latest, null, null);
    }

    /// <summary>Whatever succeeded in the earlier run and does not come after 'from' is taken over.</summary>
    public async Task<RunDraft> TakeOverAsync(RunDraft draft, Run earlier, string? from, CancellationToken cancellationToken)
    {
        var done = new Dictionary<string, TaskRun>();
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = earlier.Id }, cancellationToken))
        {
            if (task.Status.IsSuccess)
                done[task.Spec.Task.Name] = task;
        }
        var again = TasksFrom(draft, done, from);
        var tasks = draft.Tasks.Select(t => again.Contains(t.Spec.Task.Name) ? t : TakeOver(draft.Run, t, done[t.Spec.Task.Name], earlier));
        return draft with
        {
            Run = draft.Run with { Spec = draft.Run.Spec with { RerunOf = earlier.Id } },
            Tasks = [.. tasks],
        };
    }

    /// <summary>The names of all tasks, for messages.</summary>
    public static string Names(RunDraft draft) => string.Join(", ", draft.Tasks.Select(t => t.Spec.Task.Name));

    private async Task<Run?> LatestRunAsync(string job, CancellationToken cancellationToken)
    {
        var query = new ResourceQuery
        {
            Parent = job,
            Phases = [nameof(RunPhase.Succeeded), nameof(RunPhase.Failed), nameof(RunPhase.Cancelled)],
            Descending = true,
            Limit = 1,
        };
        return (await store.ListAsync<Run>(query, cancellationToken)).Items is [var latest, ..] ? latest : null;
    }

    private static HashSet<string> TasksFrom(RunDraft draft, Dictionary<string, TaskRun> done, string? from)
    {
        var again = new HashSet<string>();
        var graph = TaskGraph.Create(draft.Tasks.Select(t => t.Spec.Task).ToList());
        foreach (var index in graph.TopologicalOrder)
        {
            var name = draft.Tasks[index].Spec.Task.Name;
            var downstream = false;
            foreach (var dependency in graph.Dependencies(index))
                downstream |= again.Contains(draft.Tasks[dependency].Spec.Task.Name);
            if (downstream || name == from || !done.ContainsKey(name))
                again.Add(name);
        }
        return again;
    }

    private static TaskRun TakeOver(Run run, TaskRun fresh, TaskRun done, Run earlier) => fresh with
    {
        Spec = fresh.Spec with { ReusedFrom = done.Id },
        Status = done.Status with
        {
            Phase = TaskRunPhase.Succeeded,
            Reason = TaskReasons.Reused,
            Message = $"Taken over from run '{earlier.Id}'.",
            Attempt = 0,
            Outputs = WorkspaceReuse.Relocate(done.Status.Outputs, earlier.Spec.RunPath, run.Spec.RunPath),
            Events = [.. done.Status.Events.Where(e => e.Reason == TaskReasons.OutputsNotCached)],
        },
    };
}
