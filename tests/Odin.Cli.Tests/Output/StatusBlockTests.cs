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

    private static string Text(PipelineRecord run, IReadOnlyList<string> columns)
    {
        var writer = new StringWriter { NewLine = "\n" };
        StatusBlock.Write(writer, run, columns, colour: false);
        return writer.ToString();
    }
}
