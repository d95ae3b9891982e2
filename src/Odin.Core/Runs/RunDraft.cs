using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Resources;

namespace Odin.Runs;

/// <summary>A run that was checked and put together, and not stored yet.</summary>
public sealed record RunDraft(Run Run, IReadOnlyList<TaskRun> Tasks, IReadOnlyList<Diagnostic> Warnings)
{
    /// <summary>The tasks before any substitution.</summary>
    public IReadOnlyList<PipelineTask> Written { get; init; } = [];

    /// <summary>Whether the job was made by templates, which may have used any value anywhere.</summary>
    public bool IsRendered { get; init; }
}

/// <summary>Puts runs together: one way for submitting, planning, and running without a server.</summary>
public sealed class RunDrafter(JobLoader loader, RunOptions options, ExecutorSet executors)
{
    /// <summary>The draft, or everything that is wrong.</summary>
    public async Task<(RunDraft? Draft, IReadOnlyList<Diagnostic> Errors)> DraftAsync(
        JobCheckout checkout, RunRequest request, CancellationToken cancellationToken)
    {
        var job = await loader.LoadAsync(checkout, request.Parameters, cancellationToken);
        if (job.Pipeline is not { } pipeline)
            return (null, job.Diagnostics);
        try
        {
            var draft = await DraftAsync(checkout, request, job, pipeline, cancellationToken);
            if (draft.Warnings.All(d => d.Severity != DiagnosticSeverity.Error))
                return (draft, []);
            RenderedJobs.Delete(options, job.WorkPath);
            return (null, draft.Warnings);
        }
        catch
        {
            RenderedJobs.Delete(options, job.WorkPath);
            throw;
        }
    }

    private async Task<RunDraft> DraftAsync(
        JobCheckout checkout, RunRequest request, LoadedJob job, Pipeline pipeline, CancellationToken cancellationToken)
    {
        var runId = RunIds.NewRunId(pipeline.Name);
        var paths = new RunPaths(checkout.RootPath, job.WorkPath, options.WorkspaceDirectory, Path.Combine(options.WorkspaceDirectory, runId));
        var variables = new RunVariables(runId, paths, pipeline.Tasks, job.Parameters);
        var tasks = pipeline.Tasks.Select((task, index) => new TaskRun(
            new ResourceMetadata { Id = RunIds.TaskId(runId, task.Name) },
            new TaskRunSpec { RunId = runId, Index = index, Task = variables.Substitute(task), TaskPath = Path.Combine(paths.RunPath, task.Name) },
            new TaskRunStatus())).ToList();
        var run = new Run(
            new ResourceMetadata { Id = runId },
            new RunSpec
            {
                Job = checkout.Job,
                Commit = checkout.Commit,
                PipelineName = pipeline.Name,
                WorkPath = paths.WorkPath,
                RootPath = paths.RootPath,
                RunPath = paths.RunPath,
                OnFailure = pipeline.OnFailure,
                SourceHash = await JobLoader.SourceHashAsync(job.WorkPath, cancellationToken),
                Parameters = (JsonObject?)request.Parameters?.DeepClone(),
                Values = job.Values,
                SubmittedBy = request.SubmittedBy,
                IdempotencyKey = request.IdempotencyKey,
                NoCache = request.NoCache,
                Notices = [.. Notices(pipeline)],
            },
            new RunStatus());
        List<Diagnostic> diagnostics = [.. job.Diagnostics, .. UnseenFiles.Check(run.Spec, tasks, executors)];
        return new RunDraft(run, tasks, diagnostics) { Written = pipeline.Tasks, IsRendered = job.WorkPath != checkout.WorkPath };
    }

    private IEnumerable<string> Notices(Pipeline pipeline)
    {
        if (pipeline.Tasks.Any(t => (t.Executor ?? options.DefaultExecutor) == "process"))
            yield return "Tasks run as processes of this machine: 'image' and the other container settings are ignored.";
    }
}
