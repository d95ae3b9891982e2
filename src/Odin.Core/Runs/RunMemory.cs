using System.Collections.Concurrent;
using Odin.Execution;
using Odin.Pipelines;
using Odin.Reconciliation;

namespace Odin.Runs;

/// <summary>
/// What a pass over a run works with: the tasks as last written, so that a pass over 10,000 of them does not read them all
/// again. It holds no truth: it is dropped and rebuilt from the store after any error.
/// </summary>
internal sealed class RunMemory(Run run, TaskRun[] tasks, Lease lease)
{
    private readonly Dictionary<string, int> byAttempt = [];
    private readonly Dictionary<int, Task> background = [];

    public Run Run { get; set; } = run;

    /// <summary>What the memory is good for; with another one, others may have been at work in between.</summary>
    public Lease Lease { get; } = lease;

    /// <summary>By index.</summary>
    public TaskRun[] Tasks { get; } = tasks;

    public TaskGraph Graph { get; } = TaskGraph.Create([.. tasks.Select(t => t.Spec.Task)]);

    public Dictionary<string, int> ByName { get; } = tasks.ToDictionary(t => t.Spec.Task.Name, t => t.Spec.Index);

    /// <summary>What work in the background found out, to be applied by the next pass.</summary>
    public ConcurrentQueue<Action> Results { get; } = new();

    /// <summary>Executions to forget once their end is in the store.</summary>
    public Queue<(IExecutor Executor, ExecutionKey Key)> Removable { get; } = [];

    /// <summary>Tasks whose start or end is being worked out in the background, and how to cut that short.</summary>
    public Dictionary<int, CancellationTokenSource> Busy { get; } = [];

    /// <summary>Attempts that were asked to stop, so that they are asked once.</summary>
    public HashSet<string> Stopping { get; } = [];

    /// <summary>Tasks changed in this pass and not written yet.</summary>
    public SortedSet<int> Dirty { get; } = [];

    /// <summary>Cache facts of tasks that run, kept for when they succeed.</summary>
    public Dictionary<int, CacheFacts> CacheFacts { get; } = [];

    /// <summary>Replaces the status of a task; it is written at the end of the pass.</summary>
    public void Set(int index, TaskRunStatus status)
    {
        RunMeters.TaskChanged(Tasks[index].Status, status);
        Tasks[index] = Tasks[index] with { Status = status };
        Dirty.Add(index);
    }

    public void Remember(ExecutionKey key, int index) => byAttempt[key.Id] = index;

    /// <summary>The task of an attempt, if it is the task's current one.</summary>
    public int? Find(ExecutionKey key) =>
        byAttempt.TryGetValue(key.Id, out var index) && KeyOf(Tasks[index]) == key ? index : null;

    /// <summary>Starts work on a task, which is <see cref="Busy"/> until <see cref="Done"/> is called.</summary>
    /// <param name="cancellationToken">Ends the work as well.</param>
    public void InBackground(int index, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var stop = Busy[index] = new CancellationTokenSource();
        background[index] = RunAsync();

        async Task RunAsync()
        {
            await Task.Yield();
            await using var stopToo = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), stop);
            await work(stop.Token);
        }
    }

    /// <summary>What was found out about the task in the background is applied.</summary>
    public void Done(int index)
    {
        Busy.Remove(index);
        background.Remove(index);
    }

    /// <summary>Cuts all work in the background short and waits for it: the next memory's work is on the same files.</summary>
    public async Task CloseAsync()
    {
        foreach (var stop in Busy.Values)
            await stop.CancelAsync();
        await Task.WhenAll(background.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public static ExecutionKey KeyOf(TaskRun task) =>
        new(task.Spec.RunId, RunIds.AttemptId(task.Id, task.Status.Attempt));
}
