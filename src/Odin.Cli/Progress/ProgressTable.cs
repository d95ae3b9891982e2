using System.Globalization;
using Odin.Cli.Rest;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Odin.Cli.Progress;

/// <summary>Draws a run's progress, at most so many lines high.</summary>
internal static class ProgressTable
{
    /// <summary>Lines that are not tasks: the run, an empty line, the header, the rule below it, an empty line, the summary.</summary>
    private const int OtherLines = 6;

    private static readonly string[] StateOrder =
        ["Failed", "Running", "Queued", "Waiting", "Cancelled", "Skipped", "Succeeded", "Cached"];

    public static IRenderable Render(RunProgress progress, int height, DateTimeOffset now)
    {
        var shown = Choose(progress, Math.Max(3, height - OtherLines));
        var table = new Table { Border = TableBorder.Simple };
        foreach (var title in new[] { "TASK", "STATE", "TIME", "TRY", "CPU", "MEMORY" })
            table.AddColumn(new TableColumn(title) { NoWrap = true });
        table.AddColumn(new TableColumn("MESSAGE"));
        foreach (var task in shown)
            table.AddRow(Row(task, now));
        return new Rows(new Markup(Title(progress, now)), table, new Markup(Summary(progress, shown.Count)));
    }

    /// <summary>All tasks when there is room; otherwise those that matter most: failed, running, next, and the last that ended.</summary>
    public static IReadOnlyList<TaskRecord> Choose(RunProgress progress, int room)
    {
        if (progress.Tasks.Count <= room)
            return progress.Tasks;
        return [.. progress.Tasks
            .OrderBy(t => Array.IndexOf(StateOrder, RunProgress.StateOf(t)))
            .Take(room)];
    }

    /// <summary>How many tasks are in each state: <c>3 Running, 2 Waiting, 1 Succeeded</c>.</summary>
    public static string Counts(RunProgress progress) => string.Join(
        ", ",
        StateOrder.Where(s => progress.Counts.GetValueOrDefault(s) > 0)
            .Select(s => string.Create(CultureInfo.InvariantCulture, $"{progress.Counts[s]} {s}")));

    /// <summary>How long something lasts: <c>1.2s</c>, <c>2m05s</c>, <c>3h07m</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 0 } => "0.0s",
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0}s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds:00}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}h{time.Minutes:00}m"),
    };

    /// <summary>A time of the server, which is UTC when it does not say.</summary>
    public static DateTimeOffset? Time(string? text) => DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
        ? time
        : null;

    /// <summary>How long the task has run, or ran; empty before it starts.</summary>
    public static string Elapsed(TaskRecord task, DateTimeOffset now) =>
        Time(task.Started) is { } started ? Duration((Time(task.CompletionTime) ?? now) - started) : "";

    /// <summary>What there is to say about a task beyond its state.</summary>
    public static string Remark(TaskRecord task)
    {
        var state = RunProgress.StateOf(task);
        if (state == "Cached")
            return task.CacheNote ?? "";
        return task.Message is { Length: > 0 } message
            ? task.Reason is { Length: > 0 } reason && !message.StartsWith(reason, StringComparison.Ordinal) ? $"{reason}: {message}" : message
            : task.Reason ?? "";
    }

    private static string[] Row(TaskRecord task, DateTimeOffset now)
    {
        var state = RunProgress.StateOf(task);
        var remark = Remark(task).ReplaceLineEndings(" ");
        return
        [
            Markup.Escape(RunProgress.NameOf(task)),
            $"[{Colour(state)}]{state}[/]",
            Elapsed(task, now),
            task.Attempt is > 1 ? task.Attempt.Value.ToString(CultureInfo.InvariantCulture) : "",
            task.Usage?.CpuSeconds is { } cpu ? Duration(TimeSpan.FromSeconds(cpu)) : "",
            task.Usage is { } usage && (usage.PeakMemoryBytes ?? usage.MemoryBytes) is { } bytes ? Bytes(bytes) : "",
            Markup.Escape(remark.Length <= 60 ? remark : remark[..59] + "…"),
        ];
    }

    private static string Title(RunProgress progress, DateTimeOffset now)
    {
        var run = progress.Run;
        var state = run?.State ?? run?.Status ?? "Pending";
        var since = Time(run?.SubmitTime) is { } submitted
            ? Duration((Time(run?.CompletionTime) ?? now) - submitted)
            : "";
        return $"[bold]{Markup.Escape(run?.Id ?? "")}[/] [{Colour(state)}]{Markup.Escape(state)}[/] {since}";
    }

    private static string Summary(RunProgress progress, int shown)
    {
        var counts = Counts(progress);
        return shown == progress.Tasks.Count
            ? counts
            : string.Create(CultureInfo.InvariantCulture, $"{counts}; {progress.Tasks.Count - shown} of {progress.Tasks.Count} not shown");
    }

    private static string Bytes(long bytes) => bytes switch
    {
        0 => "",
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0}K"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024:0}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024 / 1024:0.0}G"),
    };

    private static string Colour(string state) => state switch
    {
        "Running" or "RUNNING" => "green",
        "Succeeded" or "Cached" or "DONE" => "cyan",
        "Failed" or "TERMINATED" => "red",
        "Cancelled" => "yellow",
        _ => "grey",
    };
}
