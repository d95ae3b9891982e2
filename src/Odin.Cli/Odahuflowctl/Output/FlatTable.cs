using System.Text;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>
/// The table of the older client. It had a column for each value of the first entity, however deep: that is the wide one here. By
/// default the columns are those that tell entities of a kind apart.
/// </summary>
internal static class FlatTable
{
    private const int TotalWidth = 200, LongestCell = 50;

    /// <summary>With the columns of the kind; of a kind that has none, the wide one.</summary>
    public static string Write(JsonArray entities)
    {
        if (entities.Count == 0 || LifecycleNoun.OfKind(LifecycleNoun.Find(entities[0], "kind") ?? "") is not { } noun)
            return WriteWide(entities);
        var places = noun.Columns.Select(c => c.Place).ToList();
        return Draw(places, [.. entities.Select(e => places.Select(p => Cut(LifecycleNoun.Cell(e, p))).ToList())]);
    }

    /// <summary>With a column for each value of the first entity.</summary>
    public static string WriteWide(JsonArray entities)
    {
        if (entities.Count == 0)
            return "Empty!";
        var rows = entities.Select(e => Flatten(e, "").ToDictionary(StringComparer.Ordinal)).ToList();
        var header = Flatten(entities[0], "").Select(p => p.Key).ToList();
        return Draw(header, [.. rows.Select(r => header.Select(h => Cut(r.TryGetValue(h, out var value) ? PythonRepr.Show(value) : "")).ToList())]);
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Flatten(JsonNode? node, string prefix) => node is JsonObject map
        ? map.SelectMany(m => m.Value is JsonObject
            ? Flatten(m.Value, $"{prefix}{m.Key}.")
            : [KeyValuePair.Create(prefix + m.Key, m.Value)])
        : [KeyValuePair.Create(prefix, node)];

    private static string Cut(string text) => text.Length > LongestCell ? text[..LongestCell] + "..." : text;

    private static string Draw(List<string> header, List<List<string>> rows)
    {
        var widths = Widths(header, rows);
        var text = new StringBuilder();
        Rule(text, widths, '-');
        Line(text, widths, header, isCentred: true);
        Rule(text, widths, '=');
        foreach (var row in rows)
        {
            Line(text, widths, row, isCentred: false);
            Rule(text, widths, '-');
        }
        return text.ToString().TrimEnd('\n');
    }

    private static int[] Widths(List<string> header, List<List<string>> rows)
    {
        var wanted = header.Select((h, i) => rows.Select(r => LongestLine(r[i])).Append(LongestLine(h)).Max()).ToArray();
        var room = TotalWidth - (3 * (header.Count - 1)) - 4;
        // With so many columns that none has room, the lines are as long as they have to be.
        if (wanted.Sum() <= room || room < header.Count)
            return wanted;
        var widths = new int[header.Count];
        for (var i = 0; room > 0; i = (i + 1) % widths.Length)
        {
            if (widths[i] >= wanted[i])
                continue;
            widths[i]++;
            room--;
        }
        return widths;
    }

    private static int LongestLine(string cell) => cell.Split('\n').Max(l => l.Length);

    private static void Rule(StringBuilder text, int[] widths, char line) =>
        text.Append('+').AppendJoin('+', widths.Select(w => new string(line, w + 2))).Append("+\n");

    private static void Line(StringBuilder text, int[] widths, List<string> cells, bool isCentred)
    {
        var wrapped = cells.Select((c, i) => Wrap(c, widths[i])).ToList();
        for (var row = 0; row < wrapped.Max(w => w.Count); row++)
        {
            var pieces = wrapped.Select((lines, i) => Pad(row < lines.Count ? lines[row] : "", widths[i], isCentred));
            text.Append("| ").AppendJoin(" | ", pieces).Append(" |\n");
        }
    }

    private static string Pad(string piece, int width, bool isCentred) =>
        isCentred ? piece.PadLeft(piece.Length + ((width - piece.Length) / 2)).PadRight(width) : piece.PadRight(width);

    private static List<string> Wrap(string cell, int width)
    {
        var lines = new List<string>();
        foreach (var paragraph in cell.Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length <= width)
                {
                    line += " " + word;
                    continue;
                }
                if (line.Length > 0)
                    lines.Add(line);
                // A word that is too long is cut.
                var rest = word;
                for (; rest.Length > width; rest = rest[width..])
                    lines.Add(rest[..width]);
                line = rest;
            }
            lines.Add(line);
        }
        return lines;
    }
}
