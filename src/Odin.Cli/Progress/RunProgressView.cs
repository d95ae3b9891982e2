using System.Globalization;
using Odin.Cli.Rest;
using Spectre.Console;

namespace Odin.Cli.Progress;

/// <summary>
/// Shows a run from its first update to its last: a table redrawn in place at a terminal, a line for each change elsewhere.
/// The updates may come from a server or from an engine in this process.
/// </summary>
/// <param name="live">Whether <paramref name="writer"/> is a terminal that can redraw.</param>
internal sealed class RunProgressView(TextWriter writer, bool live, bool colour, TimeProvider time)
{
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100);
    private readonly RunProgress progress = new();

    /// <summary>The view for a person at this environment's terminal, on standard output or beside data on standard error.</summary>
    /// <param name="lines">Lines also at a terminal: what the tasks write is to be seen between them.</param>
    public static RunProgressView For(CliEnvironment environment, bool besideData, bool lines = false)
    {
        var terminal = besideData ? environment.ErrorIsTerminal : environment.OutIsTerminal;
        return new RunProgressView(
            besideData ? environment.Error : environment.Out,
            terminal && !lines && environment["TERM"] != "dumb",
            besideData ? environment.ColourError : environment.ColourOut,
            environment.Time);
    }

    /// <summary>Returns when the updates end; the run as last seen, with all its tasks.</summary>
    public async Task<PipelineRecord> ShowAsync(IAsyncEnumerable<RunUpdate> updates, CancellationToken cancellationToken)
    {
        if (live)
            await ShowLiveAsync(updates, cancellationToken);
        else
            await ShowLinesAsync(updates, cancellationToken);
        return (progress.Run ?? new PipelineRecord()) with { Tasks = progress.Tasks };
    }

    private async Task ShowLinesAsync(IAsyncEnumerable<RunUpdate> updates, CancellationToken cancellationToken)
    {
        string? state = null;
        await foreach (var update in updates.WithCancellation(cancellationToken))
        {
            if (update is RunUpdate.Output { Text: var text })
            {
                await writer.WriteAsync(text);
                continue;
            }
            foreach (var task in progress.Apply(update).Where(IsWorthALine))
                Line(RunProgress.NameOf(task), Describe(task));
            // The end comes last, whatever the order in which it was heard.
            if (progress.Run is { IsEnded: false } run && (run.State ?? run.Status) is { } now && now != state)
            {
                state = now;
                Line(run.Id ?? "", now);
            }
        }
        if (progress.Run is { IsEnded: true } ended)
            Line(ended.Id ?? "", (ended.State ?? ended.Status) + (ended.Message is { Length: > 0 } message ? $": {message}" : ""));
        await writer.FlushAsync(cancellationToken);
    }

    // Waiting and queueing is what all tasks do; only that an attempt failed, that there is another, and what keeps it, is news.
    private static bool IsWorthALine(TaskRecord task) =>
        task.Attempt is > 1 || IsBetweenAttempts(task) || WaitingTasks.IsNotable(task) || RunProgress.StateOf(task) is not ("Waiting" or "Queued");

    // Its message tells how the attempt ended, and when the next one begins.
    private static bool IsBetweenAttempts(TaskRecord task) =>
        task is { Attempt: >= 1, Message.Length: > 0 } && RunProgress.StateOf(task) == "Waiting";

    private void Line(string name, string text) =>
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetLocalNow():HH:mm:ss} {name} {text}"));

    private string Describe(TaskRecord task)
    {
        var text = RunProgress.StateOf(task);
        if (IsBetweenAttempts(task))
            return $"{text}: {task.Message!.ReplaceLineEndings(" ")}";
        if (task.Attempt is > 1)
            text += string.Create(CultureInfo.InvariantCulture, $" (attempt {task.Attempt})");
        if (ProgressTable.Elapsed(task, time.GetUtcNow()) is { Length: > 0 } elapsed && task.CompletionTime is not null)
            text += $" after {elapsed}";
        return ProgressTable.Remark(task) is { Length: > 0 } remark ? $"{text}: {remark.ReplaceLineEndings(" ")}" : text;
    }

    private async Task ShowLiveAsync(IAsyncEnumerable<RunUpdate> updates, CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(writer),
        });
        await console.Live(Draw(console))
            .Overflow(VerticalOverflow.Crop)
            .StartAsync(context => FollowAsync(updates, context, console, cancellationToken));
    }

    // Changes are taken as they come and drawn at most ten times a second; while nothing comes, the times still run.
    private async Task FollowAsync(
        IAsyncEnumerable<RunUpdate> updates, LiveDisplayContext context, IAnsiConsole console, CancellationToken cancellationToken)
    {
        await using var enumerator = updates.GetAsyncEnumerator(cancellationToken);
        var next = enumerator.MoveNextAsync().AsTask();
        var drawn = time.GetTimestamp();
        while (true)
        {
            if (!next.IsCompleted)
                await Task.WhenAny(next, Task.Delay(RedrawEvery, time, cancellationToken));
            if (next.IsCompleted || cancellationToken.IsCancellationRequested)
            {
                if (!await next)
                    break;
                progress.Apply(enumerator.Current);
                next = enumerator.MoveNextAsync().AsTask();
                if (next.IsCompleted && time.GetElapsedTime(drawn) < RedrawEvery)
                    continue;
            }
            if (time.GetElapsedTime(drawn) < RedrawEvery)
                continue;
            context.UpdateTarget(Draw(console));
            drawn = time.GetTimestamp();
        }
        context.UpdateTarget(Draw(console));
    }

    private Spectre.Console.Rendering.IRenderable Draw(IAnsiConsole console) =>
        ProgressTable.Render(progress, console.Profile.Height - 1, time.GetUtcNow());
}
