using System.Runtime.CompilerServices;
using Odin.Execution;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Which part of a log is wanted.</summary>
/// <param name="Follow">Go on until the task (or the run) has ended.</param>
/// <param name="Lines">Only so many of the last lines of each task; null: all.</param>
public sealed record LogRequest(bool Follow = false, int? Lines = null);

/// <summary>Reads the logs of runs and tasks from the log store, so that they are complete also after the task is gone.</summary>
public sealed class RunLogs(IResourceStore store, LogStore logs)
{
    private const string Rule = "================", ThinRule = "----------------";

    /// <summary>
    /// Text in pieces. A task: its last attempt (an earlier one by the id of the attempt), and when following also those that
    /// come after it, each with a line before it that says so. A run: a snapshot has the blocks of spec 3.6, one a task; when
    /// following, every line begins with <c>[task]</c>. Null: no such run or task.
    /// </summary>
    public async Task<IAsyncEnumerable<string>?> FindAsync(string id, LogRequest request, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Run>(id, cancellationToken) is not null)
            return request.Follow ? new RunLogFollower(store, logs, id, request).ReadAsync(cancellationToken) : SnapshotAsync(id, request, cancellationToken);
        if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
            return request.Follow ? FollowTaskAsync(task, request, cancellationToken) : SnapshotAsync(RunMemory.KeyOf(task), request, cancellationToken);
        return await AttemptAsync(id, cancellationToken) is { } key ? SnapshotAsync(key, request, cancellationToken) : null;
    }

    /// <summary>The same, always without following, in the inherited format for a single task too.</summary>
    public async Task<IAsyncEnumerable<string>?> FindSnapshotAsync(string id, int? lines, CancellationToken cancellationToken)
    {
        var request = new LogRequest(Lines: lines);
        if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
            return BlocksAsync([task], request, cancellationToken);
        return await FindAsync(id, request, cancellationToken);
    }

    private async Task<ExecutionKey?> AttemptAsync(string id, CancellationToken cancellationToken)
    {
        if (RunIds.ParseAttempt(id) is not var (taskId, attempt))
            return null;
        var task = await store.FindAsync<TaskRun>(taskId, cancellationToken);
        return task is not null && attempt >= 1 && attempt <= task.Status.Attempt
            ? new ExecutionKey(task.Spec.RunId, RunIds.AttemptId(task.Id, attempt))
            : null;
    }

    private async IAsyncEnumerable<string> SnapshotAsync(
        ExecutionKey key, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var options = new LogReadOptions { TailLines = request.Lines };
        await foreach (var line in logs.ReadLinesAsync(key, options, static _ => Task.CompletedTask, cancellationToken))
            yield return line + "\n";
    }

    private async IAsyncEnumerable<string> SnapshotAsync(
        string runId, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var tasks = new List<TaskRun>();
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = runId }, cancellationToken))
        {
            if (task.Status.Attempt > 0)
                tasks.Add(task);
        }
        await foreach (var text in BlocksAsync(tasks, request, cancellationToken))
            yield return text;
    }

    private async IAsyncEnumerable<string> BlocksAsync(
        List<TaskRun> tasks, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (tasks.Count > 1)
            yield return $"Found {tasks.Count} pods,\n{string.Join('\n', tasks.Select(t => t.Id))}\nusing pod/{tasks[0].Id}\n";
        foreach (var task in tasks)
        {
            yield return $"{Rule}\n{task.Id}\n{ThinRule}\n";
            await foreach (var text in SnapshotAsync(RunMemory.KeyOf(task), request, cancellationToken))
                yield return text;
        }
    }

    // One attempt after the other, as long as there are retries.
    private async IAsyncEnumerable<string> FollowTaskAsync(
        TaskRun task, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var first = true;
        var number = task.Status.Attempt;
        while (await AttemptAfterAsync(task.Id, number - 1, cancellationToken) is { } current)
        {
            if (!first)
                yield return RunLogFollower.Heading(current, number);
            else
                number = current.Status.Attempt;
            var key = new ExecutionKey(task.Spec.RunId, RunIds.AttemptId(task.Id, number));
            var options = new LogReadOptions { Follow = true, TailLines = first ? request.Lines : null };
            await foreach (var line in logs.ReadLinesAsync(key, options, token => OverAsync(task.Id, number, token), cancellationToken))
                yield return line + "\n";
            first = false;
            number++;
        }
    }

    // The task once it has got beyond the attempt; null if it ends before that.
    private Task<TaskRun?> AttemptAfterAsync(string taskId, int attempt, CancellationToken cancellationToken) =>
        WaitAsync(taskId, task => task.Status.Attempt > Math.Max(0, attempt), task => task.Status.IsEnded, cancellationToken);

    private Task<TaskRun?> OverAsync(string taskId, int attempt, CancellationToken cancellationToken) =>
        WaitAsync(taskId, task => RunLogFollower.IsOver(task, attempt), static _ => false, cancellationToken);

    // Null: it was given up, the task was deleted, or the store was closed.
    private async Task<TaskRun?> WaitAsync(string taskId, Func<TaskRun, bool> isThere, Func<TaskRun, bool> isVain, CancellationToken cancellationToken)
    {
        await using var watcher = ResourceWatcher.Start<TaskRun>(store, cancellationToken);
        while (await store.FindAsync<TaskRun>(taskId, cancellationToken) is { } task)
        {
            if (isThere(task))
                return task;
            if (isVain(task) || !await watcher.WaitAsync(change => change.Id == taskId))
                return null;
        }
        return null;
    }
}
