using Odin.Cli.Output;

namespace Odin.Cli.Tests.Output;

/// <summary>What others have written, on a terminal.</summary>
public sealed class PlainTextTests : IDisposable
{
    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData("plain ~", "plain ~")]
    [InlineData("Grüße, 良い, 👩‍🔬", "Grüße, 良い, 👩‍🔬")]
    [InlineData("a\tb\nc\r\nd", "a\tb\nc\nd")]
    [InlineData("a\e[2J\e]0;title\ab", "a\uFFFD[2J\uFFFD]0;title\uFFFDb")]
    [InlineData("over\rwritten\b\b", "over\uFFFDwritten\uFFFD\uFFFD")]
    [InlineData("\u009B31m \u007F\0", "\uFFFD31m \uFFFD\uFFFD")]
    [InlineData("\u202Egnp.exe\u2066", "\uFFFDgnp.exe\uFFFD")]
    public void Of_Texts_ReplacesWhatATerminalWouldObey(string text, string expected) => Assert.Equal(expected, PlainText.Of(text));

    [Fact]
    public void Table_OfForeignNamesAndValues_HoldsNoEscapes()
    {
        var writer = new StringWriter { NewLine = "\n" };
        TextTable.WriteMany(writer, ["a\e[1m", "n"], [["\e]8;;x", 5L], [null, true]]);
        TextTable.Write(writer, ["b\e", "n"], [["\e[A", false]]);
        Assert.Equal("a\uFFFD[1m  | n\n-------+--\n\uFFFD]8;;x | 5\nNone   | 1\nb\uFFFD = \uFFFD[A\n n = False\n", writer.ToString());
    }

    [Fact]
    public void Printer_SaysAndNotesWithoutEscapes()
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        new Printer(cli.Environment(output, error), OutputFormat.Table).Say("one\n\e[2Jtwo");
        var names = new Printer(cli.Environment(output, error), OutputFormat.Name);
        names.Note("\e[31m");
        Assert.True(names.Data(null, ["m\e[0m"]));
        Assert.Equal(("one\n\uFFFD[2Jtwo\nm\uFFFD[0m\n", "\uFFFD[31m\n"), (output.ToString(), error.ToString()));
    }
}
