using Odin.Cli.Progress;
using Odin.Cli.Rest;

namespace Odin.Cli.Output;

/// <summary>The status of one run in the format of the original client.</summary>
internal static class StatusBlock
{
    /// <summary>The original's columns, in the order in which they are printed.</summary>
    public static IReadOnlyList<string> AllColumns { get; } =
        ["task", "status", "command", "name", "image", "resource_type", "resource_id", "submitted", "completed"];

    /// <summary>What the original has no word for. Printed only when asked for by name, behind the others.</summary>
    public static IReadOnlyList<string> OwnColumns { get; } = ["state", "attempt", "duration", "exit", "reason"];

    private static readonly string[] DefaultColumns = ["task", "status", "command", "resource_id", "submitted"];

    /// <summary>The default columns and the given ones, in the order of <see cref="AllColumns"/> and <see cref="OwnColumns"/>.</summary>
    public static IReadOnlyList<string> Columns(bool all, IReadOnlyCollection<string> added) =>
        [.. AllColumns.Where(c => all || DefaultColumns.Contains(c) || added.Contains(c)), .. OwnColumns.Where(added.Contains)];

    /// <param name="now">For how long a task runs that has not ended.</param>
    public static void Write(TextWriter writer, PipelineRecord run, IReadOnlyList<string> columns, bool colour, DateTimeOffset now)
    {
        var id = run.Id ?? "None";
        var width = Math.Max(id.Length, "Finished".Length);
        writer.WriteLine($"{id.PadRight(width)} --> {Status(run.Status, colour)}");
        if (run.SubmitTime is { } started)
            writer.WriteLine($"{"Started".PadRight(width)} --> {started}");
        if (run.CompletionTime is { } finished)
            writer.WriteLine($"{"Finished".PadRight(width)} --> {finished}");
        writer.WriteLine();
        TextTable.Write(writer, columns, [.. run.Tasks.Select(task => columns.Select(c => Cell(task, c, now)).ToArray())]);
    }

    /// <summary>The status word, in its colour.</summary>
    public static string Status(string? status, bool colour)
    {
        int? code = status switch
        {
            "DONE" => 36,
            "RUNNING" => 32,
            "TERMINATED" => 31,
            "BUILDING" => 33,
            _ => null,
        };
        return code is null ? "None" : colour ? $"\e[{code};1m{status}\e[0m" : status!;
    }

    private static object? Cell(TaskRecord task, string column, DateTimeOffset now) => column switch
    {
        "task" => task.Task ?? task.Id,
        "status" => task.Status,
        "command" => task.Command,
        "name" => task.Name,
        "image" => task.Image,
        "resource_type" => task.ResourceType,
        "resource_id" => task.ResourceId,
        "submitted" => task.SubmitTime,
        "completed" => task.CompletionTime,
        "state" => RunProgress.StateOf(task),
        "attempt" => (long)(task.Attempt ?? 0),
        "duration" => ProgressTable.Elapsed(task, now) is { Length: > 0 } elapsed ? elapsed : null,
        "exit" => task.ExitCode is { } code ? (long)code : null,
        "reason" => task.Reason,
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "not a column"),
    };
}
