using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>Turns the end of an attempt into the status of its task: collects what it wrote, feeds the cache.</summary>
internal sealed class TaskFinisher(TaskCache cache, ExecutorSet executors, TimeProvider time)
{
    /// <summary>The status after the end.</summary>
    public sealed record FinishStep(TaskRunStatus? Status) : ITaskAnswer;

    /// <summary>Whether the end takes more than a glance: outputs are hashed.</summary>
    public static bool NeedsBackground(TaskRun task, ExecutionStatus status) =>
        status.Phase == ExecutionPhase.Succeeded && task.Spec.Task.Outputs is not null;

    /// <summary>The end of a task without declared outputs, or of a failed one.</summary>
    public TaskRunStatus Finish(Run run, TaskRun task, ExecutionStatus status)
    {
        var now = time.GetUtcNow();
        if (status.Phase != ExecutionPhase.Succeeded)
            return TaskTransitions.Failed(task, MayMissFiles(status) ? status with { Message = status.Message + FilesHint(run, task) } : status, now);
        var ended = TaskTransitions.Ended(task.Status, status, now) with { Phase = TaskRunPhase.Succeeded };
        try
        {
            var written = new TaskRecordFiles(run.Spec.RunPath, status.Key.Id).Read(status.Outputs);
            return written is { Outputs: null, Record: null } ? ended : Merge(task, ended, written);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return TaskTransitions.Refused(ended, TaskReasons.BadOutputs, e.Message, now);
        }
    }

    /// <summary>The same, and the result goes into the cache if all declared outputs are there.</summary>
    /// <param name="resolved">The task as it was started.</param>
    /// <param name="facts">What the cache said before the start; null after a restart.</param>
    public async Task<FinishStep> FinishAsync(
        RunMemory memory, TaskRun task, ResolvedTask resolved, ExecutionStatus status, CacheFacts? facts, CancellationToken cancellationToken)
    {
        var run = memory.Run;
        var ended = Finish(run, task, status);
        if (!ended.IsSuccess)
            return new FinishStep(ended);
        try
        {
            var missing = task.Spec.Task.Outputs!.SelectMany(o => o.Value.Paths).Where(p => !Path.Exists(resolved.Absolute(p))).ToList();
            if (missing.Count > 0)
                return new FinishStep(Uncached(ended, $"it did not make {string.Join(", ", missing.Select(m => $"'{m}'"))}{FilesHint(run, task)}."));
            // After a restart the facts are gone; what is hashed now counts only if it is still what the task was started with.
            facts ??= await TaskCache.FactsAsync(run, task, resolved, cancellationToken);
            if (facts.Key == task.Status.CacheKey)
                await cache.KeepAsync(run, task, resolved, facts, ended.Outputs ?? [], memory.Lease.Token, cancellationToken);
            return new FinishStep(ended);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new FinishStep(Uncached(ended, e.Message));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new FinishStep(Uncached(ended, "the run was stopped while the outputs were read."));
        }
    }

    // A program that finds no file says so in its log, and ends like this.
    private static bool MayMissFiles(ExecutionStatus status) =>
        status.Reason is ExecutionReasons.NonZeroExit or ExecutionReasons.CommandNotFound or ExecutionReasons.CommandNotExecutable;

    private string FilesHint(Run run, TaskRun task) => executors.Has(task) ? UnseenFiles.Hint(run.Spec, task.Spec, executors.For(task)) : "";

    private TaskRunStatus Uncached(TaskRunStatus ended, string why) =>
        TaskTransitions.Event(ended, "Warning", TaskReasons.OutputsNotCached, "odin", $"The result was not kept in the cache: {why}", time.GetUtcNow());

    private static TaskRunStatus Merge(TaskRun task, TaskRunStatus ended, TaskRecordValues written)
    {
        var outputs = ended.Outputs?.DeepClone() as JsonObject ?? ResolvedTask.DeclaredOutputs(task);
        foreach (var (key, value) in written.Outputs ?? [])
            outputs[key] = value?.DeepClone();
        return ended with { Outputs = outputs, Record = written.Record ?? ended.Record };
    }
}
