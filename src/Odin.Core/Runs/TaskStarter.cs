using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Odin.Execution.Processes;

namespace Odin.Runs;

/// <summary>The outcome of work on a task that was done in the background.</summary>
internal interface ITaskAnswer
{
    /// <summary>The status to give to the task; null leaves it as it is.</summary>
    TaskRunStatus? Status { get; }
}

/// <summary>Prepares tasks for their start: references, cache, the record that chores read.</summary>
internal sealed partial class TaskStarter(TaskCache cache, TimeProvider time)
{
    /// <summary>The answer of the cache: the facts for later, and the status if the task need not run.</summary>
    public sealed record CacheStep(CacheFacts Facts, TaskRunStatus? Status) : ITaskAnswer;

    /// <summary>References looked up in the records of the tasks of this run.</summary>
    public static (ResolvedTask? Task, string? Error) Resolve(RunMemory memory, TaskRun task) => TaskResolver.Resolve(
        memory.Run, task, path => TaskRecord.Lookup(path, name => memory.ByName.TryGetValue(name, out var i) ? memory.Tasks[i] : null));

    /// <summary>Whether the task can be left out. Trouble with files is no reason to fail: the task then runs.</summary>
    public async Task<CacheStep> AskCacheAsync(RunMemory memory, TaskRun task, ResolvedTask resolved, CancellationToken cancellationToken)
    {
        var run = memory.Run;
        try
        {
            var answer = await cache.TakeAsync(run, task, resolved, memory.Lease, cancellationToken);
            var now = time.GetUtcNow();
            var status = task.Status with { CacheNote = answer.Because, CacheKey = answer.Facts.Key };
            if (answer.Product is not { } product)
                return new CacheStep(answer.Facts, status);
            var outputs = WorkspaceReuse.Relocate(product.Record, product.RunPath, run.Spec.RunPath) ?? [];
            foreach (var (name, value) in ResolvedTask.DeclaredOutputs(task))
                outputs[name] = value?.DeepClone();
            return new CacheStep(answer.Facts, status with
            {
                Phase = TaskRunPhase.Cached,
                Reason = TaskReasons.Cached,
                Message = answer.Because,
                ResourceId = "Cached",
                Args = resolved.Args,
                Inputs = task.Spec.Task.Inputs is null ? null : resolved.Inputs,
                Outputs = outputs,
                Submitted = now,
                Finished = now,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Unusable(task, e.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Unusable(task, "the run was stopped.");
        }
    }

    private static CacheStep Unusable(TaskRun task, string why) =>
        new(new CacheFacts("", "", "", ""), task.Status with { CacheNote = Unusable(why) });

    /// <summary>Why a task runs though the cache may know it.</summary>
    public static string Unusable(string why) => $"The cache could not be used: {why}";

    /// <summary>
    /// Writes what the tasks before this one left, for tasks that name the program <c>odin</c> in their command or arguments,
    /// by itself or in a script. Others would pay for what they do not read, the more the larger the run.
    /// </summary>
    /// <returns>Why it could not be done, now or later; null: it is done.</returns>
    /// <exception cref="IOException">It could not be done for want of something that may come back: room, descriptors.</exception>
    public static async Task<string?> WriteRunRecordAsync(RunMemory memory, TaskRun task, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(memory, task, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !Native.IsShortage(e) && !Native.IsFull(e))
        {
            // An earlier task did that: the directory is theirs as well.
            return $"The results of the tasks before it could not be written for it, to '.odin' in '{memory.Run.Spec.RunPath}': {e.Message}";
        }
    }

    private static async Task WriteAsync(RunMemory memory, TaskRun task, CancellationToken cancellationToken)
    {
        if (!task.Spec.Task.Command.Concat(task.Status.Args ?? task.Spec.Task.Args).Any(text => OdinProgramName().IsMatch(text)))
            return;
        var record = new JsonObject { ["parent"] = RunRecord.Of(memory.Run, memory.Tasks) };
        foreach (var earlier in memory.Tasks.Where(t => t.Status.IsSuccess))
            record[earlier.Spec.Task.Name] = TaskRecord.Of(earlier);
        var file = new TaskRecordFiles(memory.Run.Spec.RunPath, RunMemory.KeyOf(task).Id).RunRecord;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        // Under a name of its own first: an earlier task could have put a pipe or a link in the place of the file.
        var partial = $"{file}.{Guid.NewGuid():n}";
        try
        {
            await File.WriteAllTextAsync(partial, record.ToJsonString(), cancellationToken);
            File.Move(partial, file, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    // odin, odin-chores, /opt/odin/odin, but not /opt/odin/data: a name, not a part of a path.
    [GeneratedRegex("""(?:^|[\s;&|(`"'/])odin(?:-[a-z]|[\s;&|)`"']|$)""")]
    private static partial Regex OdinProgramName();
}
