using System.Globalization;

namespace Odin.Cli.Output;

/// <summary>
/// Tables in the format of the original client: several rows under a header, one row as <c>name = value</c> lines.
/// A cell is a string, a <see cref="long"/>, a <see cref="bool"/> (shown as 0 or 1) or null (shown as <c>None</c>).
/// Texts are shown as <see cref="PlainText"/>.
/// </summary>
internal static class TextTable
{
    public static void Write(TextWriter writer, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
    {
        if (rows.Count == 1)
            WriteOne(writer, columns, rows[0]);
        else
            WriteMany(writer, columns, rows);
    }

    private static void WriteOne(TextWriter writer, IReadOnlyList<string> columns, object?[] row)
    {
        columns = [.. columns.Select(PlainText.Of)];
        var width = columns.Max(c => c.Length);
        for (var i = 0; i < columns.Count; i++)
            writer.WriteLine($"{columns[i].PadLeft(width)} = {(row[i] is bool flag ? flag ? "True" : "False" : Text(row[i]))}");
    }

    /// <summary>Under a header, also when there is only one row.</summary>
    public static void WriteMany(TextWriter writer, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
    {
        columns = [.. columns.Select(PlainText.Of)];
        var widths = new int[columns.Count];
        var numeric = new bool[columns.Count];
        for (var i = 0; i < columns.Count; i++)
        {
            widths[i] = Math.Max(columns[i].Length, rows.Select(r => Text(r[i]).Length).DefaultIfEmpty(0).Max());
            numeric[i] = rows.Count > 0 && rows[0][i] is long or bool;
        }
        writer.WriteLine(string.Join(" | ", columns.Select((c, i) => Pad(c, widths[i], numeric[i]))));
        writer.WriteLine(string.Join("-+-", widths.Select(w => new string('-', w))));
        foreach (var row in rows)
            writer.WriteLine(string.Join(" | ", row.Select((cell, i) => Pad(Text(cell), widths[i], numeric[i]))));
    }

    private static string Pad(string text, int width, bool right) => right ? text.PadLeft(width) : text.PadRight(width);

    private static string Text(object? cell) => cell switch
    {
        null => "None",
        bool flag => flag ? "1" : "0",
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => PlainText.Of(cell.ToString() ?? ""),
    };
}
