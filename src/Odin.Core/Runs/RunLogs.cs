using System.Runtime.CompilerServices;
using System.Threading.Channels;
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
    /// Text in pieces. A task: its last attempt (an earlier one by the id of the attempt). A run: a snapshot has the blocks
    /// of spec 3.6, one a task; when following, every line begins with <c>[task]</c>. Null: no such run or task.
    /// </summary>
    public async Task<IAsyncEnumerable<string>?> FindAsync(string id, LogRequest request, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Run>(id, cancellationToken) is not null)
            return request.Follow ? FollowRunAsync(id, request, cancellationToken) : SnapshotAsync(id, request, cancellationToken);
        if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
            return TaskAsync(task.Id, RunMemory.KeyOf(task), request, cancellationToken);
        return await AttemptAsync(id, cancellationToken) is { } key ? TaskAsync(null, key, request, cancellationToken) : null;
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
        var mark = id.LastIndexOf("-r", StringComparison.Ordinal);
        if (mark <= 0 || !int.TryParse(id.AsSpan(mark + 2), out var attempt))
            return null;
        var task = await store.FindAsync<TaskRun>(id[..mark], cancellationToken);
        return task is not null && attempt >= 1 && attempt <= task.Status.Attempt
            ? new ExecutionKey(task.Spec.RunId, RunIds.AttemptId(task.Id, attempt))
            : null;
    }

    private async IAsyncEnumerable<string> TaskAsync(
        string? followed, ExecutionKey key, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var options = new LogReadOptions { Follow = request.Follow && followed is not null, TailLines = request.Lines };
        await foreach (var line in logs.ReadLinesAsync(key, options, token => EndedAsync(followed!, key, token), cancellationToken))
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
            await foreach (var text in TaskAsync(null, RunMemory.KeyOf(task), request, cancellationToken))
                yield return text;
        }
    }

    // A task may end in a retry: then its attempt is over, and so is the log that is being read.
    private async Task EndedAsync(string taskId, ExecutionKey key, CancellationToken cancellationToken)
    {
        await using var watcher = ResourceWatcher.Start<TaskRun>(store, cancellationToken);
        while (await store.FindAsync<TaskRun>(taskId, cancellationToken) is { } task && !IsOver(task, key)
            && await watcher.WaitAsync(change => change.Id == taskId))
        {
        }
    }

    private static bool IsOver(TaskRun task, ExecutionKey key) =>
        task.Status.IsEnded || task.Status is { Phase: TaskRunPhase.Waiting, Attempt: > 0 } || RunMemory.KeyOf(task) != key;

    private async IAsyncEnumerable<string> FollowRunAsync(
        string runId, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = Channel.CreateBounded<string>(1000);
        var feeding = FeedAsync(runId, request, lines.Writer, stop.Token);
        try
        {
            await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken))
                yield return line;
        }
        finally
        {
            await stop.CancelAsync();
            await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FeedAsync(string runId, LogRequest request, ChannelWriter<string> lines, CancellationToken cancellationToken)
    {
        var readers = new Dictionary<string, Task>();
        void Read(TaskRun task)
        {
            var key = RunMemory.KeyOf(task);
            if (task.Status.Attempt > 0 && !readers.ContainsKey(key.Id))
                readers[key.Id] = CopyAsync(task, key, request, lines, cancellationToken);
        }

        try
        {
            await using var watcher = ResourceWatcher.Start<TaskRun>(store, cancellationToken);
            var ended = store.WaitForEndAsync(runId, cancellationToken);
            ResourceChange? change = ResourceChange.Resync;
            while (change is not null && !ended.IsCompleted)
            {
                if (change.Kind is null)
                    await ReadAllAsync();
                else if (change.Parent == runId && await store.FindAsync<TaskRun>(change.Id, cancellationToken) is { } task)
                    Read(task);
                var next = watcher.ReadAsync();
                change = await Task.WhenAny(next, ended) == next ? await next : null;
            }
            await ReadAllAsync();
            await Task.WhenAll(readers.Values);
        }
        finally
        {
            lines.TryComplete();
        }

        async Task ReadAllAsync()
        {
            await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = runId }, cancellationToken))
                Read(task);
        }
    }

    private async Task CopyAsync(TaskRun task, ExecutionKey key, LogRequest request, ChannelWriter<string> lines, CancellationToken cancellationToken)
    {
        await foreach (var line in TaskAsync(task.Id, key, request, cancellationToken))
            await lines.WriteAsync($"[{task.Spec.Task.Name}] {line}", cancellationToken);
    }
}
