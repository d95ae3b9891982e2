using System.Runtime.CompilerServices;
using Odin.Execution;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Which part of a log is wanted.</summary>
/// <param name="Follow">Go on until the task (or the run) has ended.</param>
/// <param name="Lines">Only so many of the last lines of each task, or of each of its pods; null: all.</param>
/// <param name="Container">Which container of a pod that is not ours; null: its only one.</param>
public sealed record LogRequest(bool Follow = false, int? Lines = null, string? Container = null);

/// <summary>
/// Reads the logs of runs and tasks from the log store, so that they are complete also after the task is gone; and those of
/// what is not ours from where it lives.
/// </summary>
public sealed class RunLogs(IResourceStore store, LogStore logs, LiveLogs live)
{
    // As many dashes as an operator puts into the name of a pod, and one more.
    private const int MostCuts = 4;

    /// <summary>
    /// Text in pieces. A task: its last attempt (an earlier one by the id of the attempt), and when following also those that
    /// come after it, each with a line before it that says so. A task of several pods: a block for each of them, or when
    /// following all of their lines, those of the main pod as they are and the others after the pod's name. A run: a snapshot
    /// has the blocks of spec 3.6, one a task or pod; when following, every line begins with <c>[task]</c>. A pod of a task:
    /// its log alone. A service, a deployment or a pod on a cluster: what it says there. Null: there is no such thing.
    /// </summary>
    /// <exception cref="ExecutorUnavailableException">It is none of ours, and the cluster cannot be asked.</exception>
    /// <exception cref="ExecutorRefusedException">The same, and the cluster says no.</exception>
    public async Task<IAsyncEnumerable<string>?> FindAsync(string id, LogRequest request, CancellationToken cancellationToken)
    {
        if (await store.FindAsync<Run>(id, cancellationToken) is not null)
            return request.Follow ? new RunLogFollower(store, logs, id, request).ReadAsync(cancellationToken) : SnapshotAsync(id, request, cancellationToken);
        if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
            return request.Follow ? FollowTaskAsync(task, request, cancellationToken) : SnapshotAsync(Last(task), request, cancellationToken);
        if (await AttemptAsync(id, cancellationToken) is { } attempt)
            return SnapshotAsync(attempt, request, cancellationToken);
        return await FindPodAsync(id, cancellationToken) is { } pod
            ? ReadPodAsync(pod, request, cancellationToken)
            : await live.FindAsync(id, request, asBlocks: false, cancellationToken);
    }

    /// <summary>The same, always without following, in the inherited format for a single task or pod too.</summary>
    /// <inheritdoc cref="FindAsync"/>
    public async Task<IAsyncEnumerable<string>?> FindSnapshotAsync(string id, LogRequest request, CancellationToken cancellationToken)
    {
        request = request with { Follow = false };
        if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
            return BlocksAsync(BlocksOf([Last(task)]), request, cancellationToken);
        if (await store.FindAsync<Run>(id, cancellationToken) is not null || await AttemptAsync(id, cancellationToken) is not null)
            return await FindAsync(id, request, cancellationToken);
        return await FindPodAsync(id, cancellationToken) is { } pod
            ? BlocksAsync([.. pod.Logs.Select(log => (id, log))], request, cancellationToken)
            : await live.FindAsync(id, request, asBlocks: true, cancellationToken);
    }

    private AttemptLog Last(TaskRun task) => new(logs, task, task.Status.Attempt);

    private async Task<AttemptLog?> AttemptAsync(string id, CancellationToken cancellationToken)
    {
        if (RunIds.ParseAttempt(id) is not var (taskId, attempt))
            return null;
        var task = await store.FindAsync<TaskRun>(taskId, cancellationToken);
        return task is not null && attempt >= 1 && attempt <= task.Status.Attempt ? new AttemptLog(logs, task, attempt) : null;
    }

    // The name of a pod is the id of the attempt that it belongs to, a role, and a number or some letters.
    private async Task<PodLogs?> FindPodAsync(string name, CancellationToken cancellationToken)
    {
        var owner = name;
        for (var cuts = 0; cuts < MostCuts && owner.LastIndexOf('-') is > 0 and var dash; cuts++)
        {
            owner = owner[..dash];
            var task = await store.FindAsync<TaskRun>(owner, cancellationToken);
            var attempt = task is not null ? new AttemptLog(logs, task, 1) : await AttemptAsync(owner, cancellationToken);
            if (attempt?.Logs().Where(l => l.Part?.Name == name).ToList() is { Count: > 0 } found)
                return new PodLogs(attempt, found);
        }
        return null;
    }

    // Of several that had the name, those before the last have ended.
    private async IAsyncEnumerable<string> ReadPodAsync(
        PodLogs pod, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var log in pod.Logs)
        {
            var options = new LogReadOptions { Follow = request.Follow && log == pod.Logs[^1], TailLines = request.Lines };
            await foreach (var line in logs.ReadLinesAsync(log, options, token => OverAsync(pod.Attempt.TaskId, pod.Attempt.Number, token), cancellationToken))
                yield return line + "\n";
        }
    }

    private async IAsyncEnumerable<string> SnapshotAsync(
        AttemptLog attempt, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var text = attempt.Logs() is [{ Part: null } only] ? SnapshotAsync(only, request, cancellationToken) : BlocksAsync(BlocksOf([attempt]), request, cancellationToken);
        await foreach (var piece in text)
            yield return piece;
    }

    private async IAsyncEnumerable<string> SnapshotAsync(
        LogKey key, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var options = new LogReadOptions { TailLines = request.Lines };
        await foreach (var line in logs.ReadLinesAsync(key, options, static _ => Task.CompletedTask, cancellationToken))
            yield return line + "\n";
    }

    private async IAsyncEnumerable<string> SnapshotAsync(
        string runId, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var attempts = new List<AttemptLog>();
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = runId }, cancellationToken))
        {
            if (task.Status.Attempt > 0)
                attempts.Add(Last(task));
        }
        await foreach (var text in BlocksAsync(BlocksOf(attempts), request, cancellationToken))
            yield return text;
    }

    private static List<(string Name, LogKey Log)> BlocksOf(IEnumerable<AttemptLog> attempts) =>
        [.. attempts.SelectMany(a => a.Logs().Select(log => (log.Part?.Name ?? a.TaskId, log)))];

    private async IAsyncEnumerable<string> BlocksAsync(
        List<(string Name, LogKey Log)> blocks, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (blocks.Count > 1)
            yield return PodList.Heading([.. blocks.Select(b => b.Name)]);
        foreach (var (name, log) in blocks)
        {
            yield return PodList.BlockHeading(name);
            await foreach (var text in SnapshotAsync(log, request, cancellationToken))
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
            var log = new AttemptLog(logs, current, number);
            var options = new LogReadOptions { Follow = true, TailLines = first ? request.Lines : null };
            await foreach (var line in log.ReadLinesAsync(options, token => OverAsync(task.Id, number, token), cancellationToken))
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
        TaskRun? task = null;
        await store.WaitUntilAsync<TaskRun>(taskId, found => (task = found) is null || isThere(found!) || isVain(found!), cancellationToken);
        return task is not null && isThere(task) ? task : null;
    }

    /// <summary>The logs of the pods of an attempt that had a name one after the other.</summary>
    private sealed record PodLogs(AttemptLog Attempt, List<LogKey> Logs);
}
