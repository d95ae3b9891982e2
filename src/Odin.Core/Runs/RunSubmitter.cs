using Odin.Pipelines;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Takes wishes to run a job: fixes the commit, checks everything at once, stores the run, answers.</summary>
public sealed class RunSubmitter(
    IJobSource jobs, RunDrafter drafter, RunPlanner planner, IResourceStore store, RunOptions options, TimeProvider time)
{
    private readonly RunReuse reuse = new(store);

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
            ? await SubmitFromAsync(draft, from, cancellationToken)
            : await StoreAsync(draft, cancellationToken));
    }

    private async Task<SubmitResult> SubmitFromAsync(RunDraft draft, string from, CancellationToken cancellationToken) =>
        await reuse.FromAsync(draft, from, cancellationToken) switch
        {
            { Draft: { } reusing, Earlier: { } earlier } => await StoreReusingAsync(reusing, earlier, cancellationToken),
            { Differs: { } differs } => new SubmitResult.Conflict(differs),
            var other => new SubmitResult.NotFound(other.Missing!),
        };

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
            ? await StoreReusingAsync(await reuse.TakeOverAsync(draft, earlier, from, cancellationToken), earlier, cancellationToken)
            : new SubmitResult.NotFound($"Run '{runId}' has no task '{from}'; it has: {RunReuse.Names(draft)}."));
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
            return await PlanAsync(draft, request.From, cancellationToken);
        }
        finally
        {
            RenderedJobs.Delete(options, draft.Run.Spec.WorkPath);
        }
    }

    private async Task<PlanResult> PlanAsync(RunDraft draft, string? from, CancellationToken cancellationToken)
    {
        if (from is null)
            return new PlanResult.Planned(await planner.PlanAsync(draft, null, cancellationToken));
        return await reuse.FromAsync(draft, from, cancellationToken) switch
        {
            { Draft: { } reusing, Earlier: var earlier } => new PlanResult.Planned(await planner.PlanAsync(reusing, earlier, cancellationToken)),
            { Differs: { } differs } => new PlanResult.Conflict(differs),
            var other => new PlanResult.NotFound(other.Missing!),
        };
    }

    // What no run was made of needs no files. After an exception it is not known whether there is one: see RunRetention.
    private SubmitResult Kept(RunDraft draft, SubmitResult result)
    {
        if (result is not SubmitResult.Submitted submitted || submitted.Run.Id != draft.Run.Id)
            RenderedJobs.Delete(options, draft.Run.Spec.WorkPath);
        return result;
    }

    private async Task<SubmitResult> StoreReusingAsync(RunDraft reusing, Run earlier, CancellationToken cancellationToken) =>
        WorkspaceReuse.FindMissing(reusing.Run, earlier, reusing.Tasks) is { } missing
            ? new SubmitResult.Conflict($"{missing} Run the task that makes it again (--from TASK), or all of it: odin run {reusing.Run.Spec.Job}")
            : await StoreAsync(reusing, cancellationToken);

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

    private static string MissingJob(RunRequest request) => request.Commit is null
        ? $"There is no job '{request.Job}'. 'odin jobs' lists those that there are."
        : $"There is no job '{request.Job}' at '{request.Commit}'.";
}
