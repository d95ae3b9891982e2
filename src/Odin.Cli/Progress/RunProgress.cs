using Odin.Cli.Rest;

namespace Odin.Cli.Progress;

/// <summary>What is known of a run that is being watched; knows nothing of terminals.</summary>
internal sealed class RunProgress
{
    private readonly List<TaskRecord> tasks = [];
    private readonly Dictionary<string, int> positions = [];
    private readonly Dictionary<string, int> counts = [];
    private readonly WaitingTasks waiting = new();

    /// <summary>Null until the first word about the run.</summary>
    public PipelineRecord? Run { get; private set; }

    /// <summary>In the order in which they were first heard of, which is that of the file.</summary>
    public IReadOnlyList<TaskRecord> Tasks => tasks;

    /// <summary>How many tasks are in each state.</summary>
    public IReadOnlyDictionary<string, int> Counts => counts;

    /// <summary>Takes a change in; returns the tasks whose state, attempt or notable cause of waiting is new.</summary>
    public IReadOnlyList<TaskRecord> Apply(RunUpdate update)
    {
        switch (update)
        {
            case RunUpdate.Run { Pipeline: var run }:
                Run = run with { Tasks = [] };
                return [.. run.Tasks.Where(Take)];
            case RunUpdate.Task { Record: var task } when Take(task):
                return [task];
            default:
                return [];
        }
    }

    /// <summary>The state of a task, also of a server that knows only the original's words.</summary>
    public static string StateOf(TaskRecord task) => task.State ?? task.Status switch
    {
        "executed" => "Succeeded",
        "executing" => "Running",
        "terminated" => "Failed",
        _ => "Waiting",
    };

    public static string NameOf(TaskRecord task) => task.Name ?? task.Task ?? task.Id ?? "?";

    private bool Take(TaskRecord task)
    {
        var key = task.Id ?? task.Task ?? NameOf(task);
        var state = StateOf(task);
        var waitsAnew = waiting.IsNews(task);
        if (!positions.TryGetValue(key, out var position))
        {
            positions.Add(key, tasks.Count);
            tasks.Add(task);
            Count(state, 1);
            return true;
        }
        var before = tasks[position];
        tasks[position] = task;
        Count(StateOf(before), -1);
        Count(state, 1);
        return StateOf(before) != state || before.Attempt != task.Attempt || waitsAnew;
    }

    private void Count(string state, int by) => counts[state] = counts.GetValueOrDefault(state) + by;
}
