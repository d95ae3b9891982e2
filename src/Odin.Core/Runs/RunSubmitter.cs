using Odin.Pipelines;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Takes wishes to run a job: fixes the commit, checks everything at once, stores the run, answers.</summary>
public sealed class RunSubmitter(
    IJobSource jobs, RunDrafter drafter, RunPlanner planner, IResourceStore store, RunOptions options, TimeProvider time)
{
    public async Task<SubmitResult> SubmitAsync(RunRequest request, CancellationToken cancellationToken)
    {
        if (request.IdempotencyKey is { } key && await FindByKeyAsync(key, cancellationToken) is { } earlier)
            return new SubmitResult.Submitted(earlier, []);
        if (await jobs.CheckOutAsync(request.Job, request.Commit, cancellationToken) is not { } checkout)
            return new SubmitResult.NotFound(MissingJob(request));
        var (draft, errors) = await drafter.DraftAsync(checkout, request, cancellationToken);
        if (draft is null)
            return new SubmitResult.Refused(errors);
        return Kept(draft, request.From is { } from
            ? await SubmitFromAsync(draft, request, from, cancellationToken)
            : await StoreAsync(draft, cancellationToken));
    }

    private async Task<SubmitResult> SubmitFromAsync(RunDraft draft, RunRequest request, string from, CancellationToken cancellationToken)
    {
        if (draft.Tasks.All(t => t.Spec.Task.Name != from))
            return new SubmitResult.NotFound($"Job '{request.Job}' has no task '{from}'; it has: {Names(draft)}.");
        return await LatestRunAsync(request.Job, cancellationToken) is { } latest
            ? await StoreReusingAsync(draft, latest, from, cancellationToken)
            : new SubmitResult.NotFound($"Job '{request.Job}' has no earlier run to start from '{from}' of. Run it without --from first.");
    }

    public async Task<SubmitResult> RerunAsync(string runId, string? from, string? submittedBy, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Run>(runId, cancellationToken) is not { } earlier)
            return new SubmitResult.NotFound($"There is no run '{runId}'.");
        if (!earlier.Status.IsEnded)
            return new SubmitResult.Conflict($"Run '{runId}' has not ended. Cancel it first: odin cancel {runId}");
        var request = new RunRequest
        {
            Job = earlier.Spec.Job,
            Commit = earlier.Spec.Commit,
            Parameters = earlier.Spec.Parameters,
            SubmittedBy = submittedBy,
            NoCache = earlier.Spec.NoCache,
        };
        if (await jobs.CheckOutAsync(request.Job, request.Commit, cancellationToken) is not { } checkout)
            return new SubmitResult.NotFound($"The commit {request.Commit} of run '{runId}' is no longer in the repository.");
        var (draft, errors) = await drafter.DraftAsync(checkout, request, cancellationToken);
        if (draft is null)
            return new SubmitResult.Refused(errors);
        return Kept(draft, from is null || draft.Tasks.Any(t => t.Spec.Task.Name == from)
            ? await StoreReusingAsync(draft, earlier, from, cancellationToken)
            : new SubmitResult.NotFound($"Run '{runId}' has no task '{from}'; it has: {Names(draft)}."));
    }

    public async Task<PlanResult> PlanAsync(RunRequest request, CancellationToken cancellationToken)
    {
        if (await jobs.CheckOutAsync(request.Job, request.Commit, cancellationToken) is not { } checkout)
            return new PlanResult.NotFound(MissingJob(request));
        var (draft, errors) = await drafter.DraftAsync(checkout, request, cancellationToken);
        if (draft is null)
            return new PlanResult.Refused(errors);
        try
        {
            return new PlanResult.Planned(await planner.PlanAsync(draft, cancellationToken));
        }
        finally
        {
            RenderedJobs.Delete(options, draft.Run.Spec.WorkPath);
        }
    }

    // What no run was made of needs no files. After an exception it is not known whether there is one: see RunRetention.
    private SubmitResult Kept(RunDraft draft, SubmitResult result)
    {
        if (result is not SubmitResult.Submitted submitted || submitted.Run.Id != draft.Run.Id)
            RenderedJobs.Delete(options, draft.Run.Spec.WorkPath);
        return result;
    }

    private async Task<SubmitResult> StoreReusingAsync(RunDraft draft, Run earlier, string? from, CancellationToken cancellationToken)
    {
        var reusing = await ReuseAsync(draft, earlier, from, cancellationToken);
        return WorkspaceReuse.FindMissing(reusing.Run, earlier, reusing.Tasks) is { } missing
            ? new SubmitResult.Conflict($"{missing} Run the task that makes it again (--from TASK), or all of it: odin run {draft.Run.Spec.Job}")
            : await StoreAsync(reusing, cancellationToken);
    }

    private async Task<SubmitResult> StoreAsync(RunDraft draft, CancellationToken cancellationToken)
    {
        var batch = new ResourceBatch(time);
        var run = batch.Create(draft.Run);
        foreach (var task in draft.Tasks)
            batch.Create(task);
        if (draft.Run.Spec.IdempotencyKey is { } key)
            batch.Create(new SubmitKey(new ResourceMetadata { Id = key }, run.Id));
        try
        {
            Directory.CreateDirectory(options.WorkspaceDirectory);
            await store.ApplyAsync(batch, cancellationToken);
        }
        catch (ResourceAlreadyExistsException e) when (e.Kind == SubmitKey.Kind)
        {
            // The same request, twice at the same time: the other one made the run.
            if (await FindByKeyAsync(e.Id, cancellationToken) is { } earlier)
                return new SubmitResult.Submitted(earlier, []);
            throw;
        }
        return new SubmitResult.Submitted(run, draft.Warnings);
    }

    private async Task<Run?> FindByKeyAsync(string key, CancellationToken cancellationToken) =>
        await store.FindAsync<SubmitKey>(key, cancellationToken) is { } known
            ? await store.FindAsync<Run>(known.RunId, cancellationToken)
            : null;

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

    // Whatever succeeded in the earlier run and does not come after 'from' is taken over; its files are copied by the reconciler.
    private async Task<RunDraft> ReuseAsync(RunDraft draft, Run earlier, string? from, CancellationToken cancellationToken)
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

    private static string MissingJob(RunRequest request) => request.Commit is null
        ? $"There is no job '{request.Job}'. 'odin jobs' lists those that there are."
        : $"There is no job '{request.Job}' at '{request.Commit}'.";

    private static string Names(RunDraft draft) => string.Join(", ", draft.Tasks.Select(t => t.Spec.Task.Name));
}
