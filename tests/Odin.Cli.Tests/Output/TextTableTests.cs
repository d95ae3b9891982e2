using Odin.Cli.Output;

namespace Odin.Cli.Tests.Output;

public sealed class TextTableTests
{
    [Fact]
    public void Write_SeveralRows_HasHeaderRuleAndPaddedCells() => Equal(
        """
        name  | n   | flag
        ------+-----+-----
        short | 1   | None
        a     | two | x···

        """,
        ["name", "n", "flag"],
        [["short", "1", null], ["a", "two", "x"]]);

    [Fact]
    public void Write_FirstRowHoldsNumbers_AlignsThoseColumnsRight() => Equal(
        """
        id |  n | flag
        ---+----+-----
        a· |  7 |    1
        b· | 12 |    0

        """,
        ["id", "n", "flag"],
        [["a", 7L, true], ["b", 12L, false]]);

    [Fact]
    public void Write_OneRow_HasALineForEachColumn() => Equal(
        """
                 task_id = wine
        cleaned_from_k8s = Yes
                   other = None

        """,
        ["task_id", "cleaned_from_k8s", "other"],
        [["wine", "Yes", null]]);

    [Fact]
    public void Write_NoRow_HasTheHeader() => Equal(
        """
        a | bb
        --+---

        """,
        ["a", "bb"],
        []);

    // Blanks at the ends of lines belong to the format; editors remove them, so they are dots here.
    private static void Equal(string expected, string[] columns, object?[][] rows)
    {
        var writer = new StringWriter { NewLine = "\n" };
        TextTable.Write(writer, columns, rows);
        Assert.Equal(expected.Replace('·', ' '), writer.ToString());
    }
}
