using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Progress;

/// <summary>What the tasks of a run wait for: a missing image, a node, the cluster. Each cause is news once.</summary>
internal sealed class WaitingTasks
{
    private const int MostNotes = 20;

    // Every task passes through these, and its operator has made no pods at the first moment.
    private static readonly string[] Ordinary = ["WaitingForSlot", "ContainerCreating"];

    private readonly Dictionary<string, string> told = [];

    /// <summary><c>Unschedulable: 0/1 nodes are available</c>; null when there is nothing to say, or the task has ended.</summary>
    public static string? CauseOf(TaskRecord task) =>
        task.Reason is { Length: > 0 } && RunProgress.StateOf(task) is "Waiting" or "Queued" or "Running"
            ? ProgressTable.Remark(task).ReplaceLineEndings(" ")
            : null;

    /// <summary>Whether it waits for something that somebody may have to mend.</summary>
    public static bool IsNotable(TaskRecord task) => CauseOf(task) is not null && !Ordinary.Contains(task.Reason);

    /// <summary>For people beside a table or a log: <c>waits: TASK: REASON: message</c>.</summary>
    public static string Note(TaskRecord task) => $"waits: {task.Task ?? task.Id ?? RunProgress.NameOf(task)}: {CauseOf(task)}";

    /// <summary>Notes on all that wait at the moment, up to a number.</summary>
    public static void Write(Printer printer, IEnumerable<TaskRecord> tasks)
    {
        List<TaskRecord> waiting = [.. tasks.Where(t => CauseOf(t) is not null).OrderBy(t => IsNotable(t) ? 0 : 1)];
        foreach (var task in waiting.Take(MostNotes))
            printer.Note(Note(task));
        if (waiting.Count > MostNotes)
            printer.Note($"… and {waiting.Count - MostNotes} more wait.");
    }

    /// <summary>Whether the cause is notable and another one than what this said yes to last.</summary>
    public bool IsNews(TaskRecord task)
    {
        var key = task.Id ?? task.Task ?? RunProgress.NameOf(task);
        if (!IsNotable(task))
        {
            // What is well in between may go wrong again; what is ordinary says nothing.
            if (task.Reason is not { Length: > 0 })
                told.Remove(key);
            return false;
        }
        // The words of a cluster change while the cause does not; those of one reason tell something new.
        var cause = $"{task.Attempt} {task.Reason} {(task.Reason == "WaitingForPods" ? task.Message : "")}";
        if (told.GetValueOrDefault(key) == cause)
            return false;
        told[key] = cause;
        return true;
    }
}
