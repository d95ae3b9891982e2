using System.Text.RegularExpressions;
using Odin.Cli.Progress;
using Odin.Cli.Rest;
using Spectre.Console;

namespace Odin.Cli.Tests.Progress;

public sealed class RunProgressViewTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 1, TimeSpan.Zero);

    [Fact]
    public async Task Lines_AreOneForEachChangeThatMatters()
    {
        var writer = new StringWriter { NewLine = "\n" };
        var view = new RunProgressView(writer, live: false, colour: false, new UtcTime(Noon));

        var run = await view.ShowAsync(
            Updates(
                Run("Running"),
                Task("train-knn", "Waiting"),
                Task("train-knn", "Queued"),
                Task("train-knn", "Running"),
                Task("train-knn", "Running"),
                Task("prepare", "Cached", cacheNote: "same inputs as in wine-1"),
                Task("train-knn", "Waiting", attempt: 2),
                Task("train-knn", "Running", attempt: 2),
                Task("train-knn", "Failed", attempt: 2, message: "exit code 3", reason: "NonZeroExit", completed: true),
                Run("Failed", "Task 'train-knn' failed"),
                new RunUpdate.Ended()),
            CancellationToken.None);

        Assert.Equal(
            """
            12:00:01 wine-1 Running
            12:00:01 train-knn Running
            12:00:01 prepare Cached: same inputs as in wine-1
            12:00:01 train-knn Waiting (attempt 2)
            12:00:01 train-knn Running (attempt 2)
            12:00:01 train-knn Failed (attempt 2) after 1.5s: NonZeroExit: exit code 3
            12:00:01 wine-1 Failed: Task 'train-knn' failed

            """,
            writer.ToString());
        Assert.Equal(["Failed", "Cached"], run.Tasks.Select(t => t.State));
        Assert.False(run.IsSuccess);
    }

    [Fact]
    public async Task Lines_FailedAttempt_IsToldBeforeTheNextOne()
    {
        const string Why = "Attempt 1 of 3 failed (exit code 3); the next one starts in 2 s.";
        var writer = new StringWriter { NewLine = "\n" };
        var view = new RunProgressView(writer, live: false, colour: false, new UtcTime(Noon));

        await view.ShowAsync(
            Updates(
                Task("flaky", "Running", attempt: 1),
                new RunUpdate.Output("[flaky] one\n"),
                Task("flaky", "Waiting", attempt: 1, message: Why, reason: "RetryBackoff"),
                Task("flaky", "Queued", attempt: 2),
                new RunUpdate.Ended()),
            CancellationToken.None);

        Assert.Equal($"12:00:01 flaky Running\n[flaky] one\n12:00:01 flaky Waiting: {Why}\n12:00:01 flaky Queued (attempt 2)\n", writer.ToString());
    }

    [Fact]
    public async Task Lines_WhatATaskWaitsFor_IsToldWhenItChanges()
    {
        var writer = new StringWriter { NewLine = "\n" };
        var view = new RunProgressView(writer, live: false, colour: false, new UtcTime(Noon));

        await view.ShowAsync(
            Updates(
                Task("train", "Queued", attempt: 1, reason: "WaitingForSlot", message: "2 of 2"),
                Task("train", "Queued", attempt: 1, reason: "ImagePullBackOff", message: "not found"),
                Task("train", "Queued", attempt: 1, reason: "ImagePullBackOff", message: "Back-off"),
                Task("train", "Queued", attempt: 1, reason: "ClusterUnavailable", message: "no answer"),
                Task("train", "Running", attempt: 1),
                Task("train", "Running", attempt: 1, reason: "ClusterUnavailable", message: "no answer"),
                new RunUpdate.Ended()),
            CancellationToken.None);

        Assert.Equal(
            """
            12:00:01 train Queued: ImagePullBackOff: not found
            12:00:01 train Queued: ClusterUnavailable: no answer
            12:00:01 train Running
            12:00:01 train Running: ClusterUnavailable: no answer

            """,
            writer.ToString());
    }

    [Fact]
    public async Task Live_DrawsTheTableAndEndsWithTheLastState()
    {
        var writer = new StringWriter { NewLine = "\n" };
        var view = new RunProgressView(writer, live: true, colour: false, new UtcTime(Noon));

        await view.ShowAsync(Updates(Run("Running"), Task("a", "Running"), Task("a", "Succeeded"), Run("Succeeded"), new RunUpdate.Ended()), CancellationToken.None);

        var text = Regex.Replace(writer.ToString(), @"\e\[\d*(;\d+)*m", "");
        Assert.Contains("TASK", text, StringComparison.Ordinal);
        Assert.Contains("wine-1 Succeeded", text, StringComparison.Ordinal);
        Assert.Contains("1 Succeeded", text, StringComparison.Ordinal);
        Assert.Contains("\e[?25h", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_FailingUpdates_GiveTheTerminalBack()
    {
        var writer = new StringWriter();
        var view = new RunProgressView(writer, live: true, colour: false, new UtcTime(Noon));
        await Assert.ThrowsAsync<CliException>(() => view.ShowAsync(Broken(), CancellationToken.None));
        Assert.EndsWith("\e[?25h", writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Table_ShowsWhatIsKnownOfATask()
    {
        var progress = new RunProgress();
        progress.Apply(Run("Running"));
        progress.Apply(new RunUpdate.Task(new TaskRecord
        {
            Id = "wine-1--a",
            Name = "a",
            State = "Running",
            Attempt = 2,
            Started = "2026-01-01T11:57:56",
            Usage = new TaskUsage(75.2, 1, 300 * 1024 * 1024),
            Message = "[not markup] and a text that is far too long for the column that it is to be shown in",
        }));
        var text = Render(progress, height: 20);
        Assert.Contains("a      Running   2m05s   2     1m15s   300M     [not markup] and a text", text, StringComparison.Ordinal);
        Assert.Contains("…", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_ThousandsOfTasks_FitTheScreenAndShowWhatMatters()
    {
        var progress = new RunProgress();
        progress.Apply(Run("Running"));
        for (var i = 0; i < 5000; i++)
            progress.Apply(Task($"t{i}", i == 4321 ? "Failed" : i == 4999 ? "Running" : i < 3000 ? "Succeeded" : "Waiting"));

        var text = Render(progress, height: 24);

        Assert.InRange(text.TrimEnd().Split('\n').Length, 10, 24);
        Assert.Contains("t4321", text, StringComparison.Ordinal);
        Assert.Contains("t4999", text, StringComparison.Ordinal);
        Assert.Contains("1 Failed, 1 Running, 1998 Waiting, 3000 Succeeded; 4982 of 5000 not shown", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.04, "0.0s")]
    [InlineData(59.94, "59.9s")]
    [InlineData(125, "2m05s")]
    [InlineData(11220, "3h07m")]
    [InlineData(-3, "0.0s")]
    public void Duration_Formats(double seconds, string expected) => Assert.Equal(expected, ProgressTable.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Progress_OfAServerWithTheOriginalsWordsOnly()
    {
        var progress = new RunProgress();
        progress.Apply(new RunUpdate.Run(new PipelineRecord { Id = "p", Status = "RUNNING", Tasks = [new TaskRecord { Task = "p--a", Status = "executing" }] }));
        Assert.Equal("1 Running", ProgressTable.Counts(progress));
    }

    private static string Render(RunProgress progress, int height)
    {
        var writer = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 140;
        console.Write(ProgressTable.Render(progress, height, Noon));
        return writer.ToString();
    }

    private static RunUpdate.Run Run(string state, string? message = null) =>
        new(new PipelineRecord { Id = "wine-1", State = state, Message = message });

    private static RunUpdate.Task Task(
        string name, string state, int? attempt = null, string? message = null, string? reason = null, string? cacheNote = null, bool completed = false) =>
        new RunUpdate.Task(new TaskRecord
        {
            Id = $"wine-1--{name}",
            Name = name,
            State = state,
            Attempt = attempt,
            Message = message,
            Reason = reason,
            CacheNote = cacheNote,
            Started = completed ? "2026-01-01T11:59:00.000000" : null,
            CompletionTime = completed ? "2026-01-01T11:59:01.500000" : null,
        });

    private static async IAsyncEnumerable<RunUpdate> Updates(params RunUpdate[] updates)
    {
        foreach (var update in updates)
        {
            await System.Threading.Tasks.Task.Yield();
            yield return update;
        }
    }

    private static async IAsyncEnumerable<RunUpdate> Broken()
    {
        await System.Threading.Tasks.Task.Yield();
        yield return Run("Running");
        throw new CliException(ExitCode.Unavailable, "gone");
    }

    // Local time is printed; the tests' is UTC wherever they run.
    private sealed class UtcTime(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
