using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Odin.Cli.Models;

/// <summary>
/// Rows of CSV as the request that models take: the first line names the columns, numbers are numbers, what is empty is missing.
/// Values are parted by the first of comma, semicolon and tab that the first line has.
/// </summary>
internal static partial class CsvRequest
{
    private static readonly char[] Separators = [',', ';', '\t'];

    /// <param name="file">For messages.</param>
    /// <exception cref="CliException">It is no such file.</exception>
    public static JsonObject Read(string text, string file)
    {
        var rows = Rows(text.TrimStart('\uFEFF'), file);
        if (rows.Count < 2)
            throw new CliException(ExitCode.Usage, $"'{file}' holds no row", "The first line names the columns, each other one is a row.");
        var names = rows[0].Values;
        var errors = rows.Skip(1).Where(r => r.Values.Count != names.Count)
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"'{file}', line {r.Line}: {r.Values.Count} values under {names.Count} names")).Take(10).ToList();
        if (errors.Count > 0)
            throw new CliException(ExitCode.Usage, string.Join('\n', errors), "A value that holds the separator or a line end stands in double quotes.");
        return new JsonObject
        {
            ["columns"] = new JsonArray([.. names.Select(n => (JsonNode?)n.Text)]),
            ["data"] = new JsonArray([.. rows.Skip(1).Select(r => (JsonNode)new JsonArray([.. r.Values.Select(Value)]))]),
        };
    }

    // What stands in quotes is a text, whatever it looks like.
    private static JsonNode? Value(Field field) => field switch
    {
        { IsQuoted: false, Text: "" } => null,
        { IsQuoted: false, Text: "true" } => true,
        { IsQuoted: false, Text: "false" } => false,
        { IsQuoted: false } when Number().IsMatch(field.Text) => JsonNode.Parse(field.Text),
        _ => field.Text,
    };

    private static List<Row> Rows(string text, string file)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var first = Unquoted().Replace(end < 0 ? text : text[..end], "");
        var separator = Separators.FirstOrDefault(s => first.Contains(s, StringComparison.Ordinal), ',');
        var (rows, at, line) = (new List<Row>(), 0, 1);
        while (at < text.Length)
        {
            var (start, values) = (line, new List<Field>());
            do
            {
                values.Add(ReadField(text, separator, ref at, ref line, file));
            }
            while (at < text.Length && text[at++] == separator);
            // The line end was just passed.
            line++;
            if (values is not [{ IsQuoted: false, Text: "" }])
                rows.Add(new Row(start, values));
        }
        return rows;
    }

    // Ends in front of a separator, a line end or the end.
    private static Field ReadField(string text, char separator, ref int at, ref int line, string file)
    {
        var start = line;
        if (at >= text.Length || text[at] != '"')
        {
            var from = at;
            while (at < text.Length && text[at] != separator && text[at] != '\n')
                at++;
            return new Field(text[from..at].Trim(), IsQuoted: false);
        }
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] == '"' && (at + 1 >= text.Length || text[at + 1] != '"'))
                break;
            if (text[at] == '"')
                at++;
            line += text[at] == '\n' ? 1 : 0;
            value.Append(text[at]);
        }
        for (at++; at < text.Length && text[at] is '\r' or ' '; at++)
        {
        }
        return at <= text.Length && (at == text.Length || text[at] == separator || text[at] == '\n')
            ? new Field(value.ToString(), IsQuoted: true)
            : throw new CliException(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"'{file}', line {start}: a double quote that does not end where its value ends"));
    }

    private readonly record struct Field(string Text, bool IsQuoted);

    private sealed record Row(int Line, IReadOnlyList<Field> Values);

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Unquoted();
}
