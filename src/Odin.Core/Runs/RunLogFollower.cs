using System.Globalization;
using System.Runtime.CompilerServices;
using Odin.Execution;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>
/// Follows the logs of all tasks of one run, for one reader. However many tasks there are, at most
/// <see cref="MostEnded"/> logs of attempts that have ended are open, in the order in which they are met, and at most
/// <see cref="MostLive"/> of attempts that run. A task beyond that is read from its beginning when one of those ends, or
/// when it has ended itself; of no task anything is lost.
/// </summary>
internal sealed class RunLogFollower(IResourceStore store, LogStore logs, string runId, LogRequest request)
{
    public const int MostEnded = 16, MostLive = 64;

    /// <summary>How much is read ahead for a reader who stands still, beside one line of each log that is open.</summary>
    public const int MostBytes = 1024 * 1024;

    private readonly LineBuffer lines = new(MostBytes);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Attempt> latest = new(StringComparer.Ordinal);
    private readonly Queue<Attempt> ended = [];
    private readonly LinkedList<Attempt> live = [];
    private readonly TaskCompletionSource allRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<Task> reading = [];
    private int endedOpen, liveOpen;
    private bool isLast;

    /// <summary>Bytes that were read and not yet taken.</summary>
    public long Held => lines.Held;

    /// <summary>The line between two attempts of a task.</summary>
    public static string Heading(TaskRun task, int attempt) => string.Create(
        CultureInfo.InvariantCulture, $"[odin] attempt {attempt} of {task.Spec.Task.Retries.Limit + 1}\n");

    /// <summary>Whether an attempt will write no more.</summary>
    public static bool IsOver(TaskRun task, int attempt) =>
        task.Status.IsEnded || task.Status.Phase is TaskRunPhase.Waiting || task.Status.Attempt != attempt;

    /// <summary>Lines, each with <c>[task]</c> before it, until the run has ended. Enumerate it once.</summary>
    public async IAsyncEnumerable<string> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var feeding = FeedAsync(stop.Token);
        try
        {
            await foreach (var line in lines.ReadAllAsync(cancellationToken))
                yield return line;
        }
        finally
        {
            await stop.CancelAsync();
            await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FeedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var watcher = ResourceWatcher.Start<TaskRun>(store, cancellationToken);
            var runEnd = store.WaitForEndAsync(runId, cancellationToken);
            ResourceChange? change = ResourceChange.Resync;
            while (change is not null && !runEnd.IsCompleted)
            {
                if (change.Kind is null)
                    await TakeAllAsync(cancellationToken);
                else if (change.Parent == runId && await store.FindAsync<TaskRun>(change.Id, cancellationToken) is { } task)
                    Take(task, cancellationToken);
                var next = watcher.ReadAsync();
                change = await Task.WhenAny(next, runEnd) == next ? await next : null;
            }
            await TakeAllAsync(cancellationToken);
            lock (gate)
            {
                isLast = true;
                // The store was closed, or the run was deleted: nobody will say that the rest has ended.
                foreach (var attempt in latest.Values)
                    End(attempt);
                Open(cancellationToken);
            }
            await allRead.Task.WaitAsync(cancellationToken);
            lines.Complete(null);
        }
        catch (Exception e)
        {
            lines.Complete(e);
        }
        finally
        {
            await CloseAsync();
        }
    }

    // Readers use the token of the enumeration, which is cancelled before this is left early.
    private async Task CloseAsync()
    {
        Task[] left;
        lock (gate)
        {
            ended.Clear();
            live.Clear();
            left = [.. reading];
        }
        await Task.WhenAll(left);
    }

    private async Task TakeAllAsync(CancellationToken cancellationToken)
    {
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = runId }, cancellationToken))
            Take(task, cancellationToken);
    }

    private void Take(TaskRun task, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var known = latest.GetValueOrDefault(task.Id);
            if (known is not null && IsOver(task, known.Number))
                End(known);
            // One that waits for a slot has written nothing.
            var last = task.Status.Phase is TaskRunPhase.Queued ? task.Status.Attempt - 1 : task.Status.Attempt;
            for (var number = known?.Number + 1 ?? Math.Max(1, last); number <= last; number++)
            {
                known = new Attempt(task, number, known);
                latest[task.Id] = known;
                known.Place = live.AddLast(known);
                if (IsOver(task, number))
                    End(known);
            }
            Open(cancellationToken);
        }
    }

    // Under the gate.
    private void End(Attempt attempt)
    {
        attempt.Over.TrySetResult();
        if (attempt.Place is not { } place)
            return;
        live.Remove(place);
        attempt.Place = null;
        ended.Enqueue(attempt);
    }

    // Under the gate.
    private void Open(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return;
        while (endedOpen < MostEnded && ended.TryDequeue(out var attempt))
        {
            endedOpen++;
            reading.Add(ReadAsync(attempt, isLive: false, cancellationToken));
        }
        while (liveOpen < MostLive && live.First is { } first)
        {
            live.RemoveFirst();
            first.Value.Place = null;
            liveOpen++;
            reading.Add(ReadAsync(first.Value, isLive: true, cancellationToken));
        }
        if (isLast && endedOpen + liveOpen == 0)
            allRead.TrySetResult();
    }

    private async Task ReadAsync(Attempt attempt, bool isLive, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Yield();
            // It is over, and so before this one in the queue of those: it needs no slot that this one could be holding.
            if (attempt.Earlier is { } earlier)
                await earlier.Read.Task.WaitAsync(cancellationToken);
            var prefix = $"[{attempt.Task.Spec.Task.Name}] ";
            if (attempt.Earlier is not null)
                await lines.WriteAsync(prefix + Heading(attempt.Task, attempt.Number), cancellationToken);
            var log = new AttemptLog(logs, attempt.Task, attempt.Number);
            var options = new LogReadOptions { Follow = isLive, TailLines = attempt.Earlier is null ? request.Lines : null };
            await foreach (var line in log.ReadLinesAsync(options, attempt.Over.Task.WaitAsync, cancellationToken))
                await lines.WriteAsync($"{prefix}{line}\n", cancellationToken);
        }
        catch (Exception e)
        {
            lines.Complete(e);
            allRead.TrySetResult();
        }
        attempt.Read.SetResult();
        lock (gate)
        {
            _ = isLive ? liveOpen-- : endedOpen--;
            Open(cancellationToken);
        }
    }

    /// <summary>One attempt of one task.</summary>
    private sealed class Attempt(TaskRun task, int number, Attempt? earlier)
    {
        public TaskRun Task { get; } = task;

        public int Number { get; } = number;

        /// <summary>The one before it, if that is read too.</summary>
        public Attempt? Earlier { get; } = earlier;

        /// <summary>Completes when it writes no more.</summary>
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Among those that wait to be opened as live.</summary>
        public LinkedListNode<Attempt>? Place { get; set; }

        /// <summary>Completes when all of it has been read.</summary>
        public TaskCompletionSource Read { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
