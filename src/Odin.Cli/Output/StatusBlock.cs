using Odin.Cli.Rest;

namespace Odin.Cli.Output;

/// <summary>The status of one run in the format of the original client.</summary>
internal static class StatusBlock
{
    /// <summary>Every column, in the order in which they are printed.</summary>
    public static IReadOnlyList<string> AllColumns { get; } =
        ["task", "status", "command", "name", "image", "resource_type", "resource_id", "submitted", "completed"];

    private static readonly string[] DefaultColumns = ["task", "status", "command", "resource_id", "submitted"];

    /// <summary>The default columns and the given ones, in the order of <see cref="AllColumns"/>.</summary>
    public static IReadOnlyList<string> Columns(bool all, IReadOnlyCollection<string> added) =>
        [.. AllColumns.Where(c => all || DefaultColumns.Contains(c) || added.Contains(c))];

    public static void Write(TextWriter writer, PipelineRecord run, IReadOnlyList<string> columns, bool colour)
    {
        var id = run.Id ?? "None";
        var width = Math.Max(id.Length, "Finished".Length);
        writer.WriteLine($"{id.PadRight(width)} --> {Status(run.Status, colour)}");
        if (run.SubmitTime is { } started)
            writer.WriteLine($"{"Started".PadRight(width)} --> {started}");
        if (run.CompletionTime is { } finished)
            writer.WriteLine($"{"Finished".PadRight(width)} --> {finished}");
        writer.WriteLine();
        TextTable.Write(writer, columns, [.. run.Tasks.Select(task => columns.Select(c => (object?)Cell(task, c)).ToArray())]);
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

    private static string? Cell(TaskRecord task, string column) => column switch
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
        _ => throw new ArgumentOutOfRangeException(nameof(column), column, "not a column"),
    };
}
