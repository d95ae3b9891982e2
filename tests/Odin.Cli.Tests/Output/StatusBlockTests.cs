using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Tests.Output;

public sealed class StatusBlockTests
{
    private static readonly PipelineRecord Run = new()
    {
        Id = "par--q6dk--nj",
        Status = "DONE",
        SubmitTime = "2026-11-21T02:13:07.035473",
        Tasks =
        [
            new TaskRecord { Task = "par--q6dk--nj--a", Status = "executed", Command = "c", ResourceId = "par--q6dk--nj--a", SubmitTime = "2026-11-21T02:13:07.040454" },
            new TaskRecord { Task = "par--q6dk--nj--b", Status = "waiting", Command = "c" },
        ],
    };

    [Fact]
    public void Write_DefaultColumns_IsTheOriginalsText() => Assert.Equal(
        """
        par--q6dk--nj --> DONE
        Started       --> 2026-11-21T02:13:07.035473

        task             | status   | command | resource_id      | submitted·················
        -----------------+----------+---------+------------------+---------------------------
        par--q6dk--nj--a | executed | c       | par--q6dk--nj--a | 2026-11-21T02:13:07.040454
        par--q6dk--nj--b | waiting· | c       | None············ | None······················

        """.Replace('·', ' '),
        Text(Run, StatusBlock.Columns(all: false, [])));

    [Fact]
    public void Write_Finished_HasThatLineToo() => Assert.StartsWith(
        "x        --> DONE\nStarted  --> s\nFinished --> f\n\n",
        Text(Run with { Id = "x", SubmitTime = "s", CompletionTime = "f" }, StatusBlock.Columns(false, [])),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("DONE", "\e[36;1mDONE\e[0m")]
    [InlineData("RUNNING", "\e[32;1mRUNNING\e[0m")]
    [InlineData("TERMINATED", "\e[31;1mTERMINATED\e[0m")]
    [InlineData("BUILDING", "\e[33;1mBUILDING\e[0m")]
    [InlineData("OTHER", "None")]
    [InlineData(null, "None")]
    public void Status_Colour_IsTheOriginals(string? status, string expected) =>
        Assert.Equal(expected, StatusBlock.Status(status, colour: true));

    [Fact]
    public void Columns_Added_KeepTheOrderOfAll() =>
        Assert.Equal(["task", "status", "command", "image", "resource_id", "submitted"], StatusBlock.Columns(false, ["image"]));

    [Fact]
    public void Columns_All_AreNine() => Assert.Equal(StatusBlock.AllColumns, StatusBlock.Columns(true, []));

    [Fact]
    public void Columns_Own_ComeLastAndOnlyWhenNamed()
    {
        Assert.Equal([.. StatusBlock.AllColumns, "state", "exit"], StatusBlock.Columns(true, ["exit", "state"]));
        var run = Run with
        {
            Tasks =
            [
                new TaskRecord { Task = "a", State = "Failed", Attempt = 2, ExitCode = 3, Reason = "NonZeroExit", Started = "2026-11-21T02:13:00", CompletionTime = "2026-11-21T02:13:01.5" },
                new TaskRecord { Task = "b", State = "Skipped", Attempt = 0, Reason = "DependencyFailed" },
                new TaskRecord { Task = "c", State = "Running", Attempt = 1, Started = "2026-11-21T02:13:00" },
            ],
        };
        Assert.EndsWith(
            """
            task | state   | attempt | duration | exit | reason··········
            -----+---------+---------+----------+------+-----------------
            a    | Failed  |       2 | 1.5s     |    3 | NonZeroExit·····
            b    | Skipped |       0 | None     | None | DependencyFailed
            c    | Running |       1 | 1m00s    | None | None············

            """.Replace('·', ' '),
            Text(run, ["task", .. StatusBlock.OwnColumns]),
            StringComparison.Ordinal);
    }

    private static string Text(PipelineRecord run, IReadOnlyList<string> columns)
    {
        var writer = new StringWriter { NewLine = "\n" };
        StatusBlock.Write(writer, run, columns, colour: false, new DateTimeOffset(2026, 11, 21, 2, 14, 0, TimeSpan.Zero));
        return writer.ToString();
    }
}
