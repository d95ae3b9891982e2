using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Feedback;

/// <summary>
/// Spreads records over columns. What a model was asked and what it answered become a column for each name where it is one row
/// with names; else one column with the JSON. Of several that were said of a prediction, the last one counts.
/// </summary>
internal sealed class FeedbackColumns
{
    // In this order, whatever comes first.
    private static readonly string[] Groups = ["", "input", "prediction", "feedback"];

    private readonly List<string> columns = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly List<Dictionary<string, string>> rows = [];

    public int Count => rows.Count;

    public void AddFeedback(JsonObject record)
    {
        var row = Begin(record, ["time", "requestId", "modelName", "modelVersion"]);
        SetFeedback(row, record["payload"]);
    }

    public void AddJoined(JsonObject record)
    {
        var row = Begin(record, ["time", "requestId", "modelName", "modelVersion", "status"]);
        SetRow(row, "input", record["request"], "data");
        SetRow(row, "prediction", record["response"], "prediction");
        if (record["feedback"] is JsonArray { Count: > 0 } said)
            SetFeedback(row, said[^1]?["payload"]);
    }

    /// <summary>The names of all columns, and the rows below them; what a row has not is empty.</summary>
    public (IReadOnlyList<string> Names, IReadOnlyList<string[]> Rows) Read()
    {
        var ordered = columns.OrderBy(c => Array.IndexOf(Groups, GroupOf(c))).ToList();
        return (ordered, [.. rows.Select(row => ordered.Select(c => row.GetValueOrDefault(c, "")).ToArray())]);
    }

    private static string GroupOf(string column)
    {
        var group = column.Split('.', 2)[0];
        return Groups.Contains(group) ? group : "";
    }

    private Dictionary<string, string> Begin(JsonObject record, string[] members)
    {
        var row = new Dictionary<string, string>(StringComparer.Ordinal);
        rows.Add(row);
        foreach (var member in members)
            Set(row, member, record[member]);
        return row;
    }

    private void SetFeedback(Dictionary<string, string> row, JsonNode? payload)
    {
        if (payload is not JsonObject { Count: > 0 } map)
        {
            Set(row, "feedback", payload);
            return;
        }
        foreach (var (name, value) in map)
            Set(row, $"feedback.{name}", value);
    }

    private void SetRow(Dictionary<string, string> row, string group, JsonNode? body, string member)
    {
        var (names, values) = OneRow(body as JsonObject, member);
        if (names is null)
        {
            Set(row, group, body);
            return;
        }
        for (var i = 0; i < names.Count; i++)
            Set(row, $"{group}.{names[i]}", values![i]);
    }

    // A model may answer [[1, 2]] or, with one column, [1].
    private static (IReadOnlyList<string>? Names, IReadOnlyList<JsonNode?>? Values) OneRow(JsonObject? body, string member)
    {
        if (body?["columns"] is not JsonArray { Count: > 0 } columns || body[member] is not JsonArray { Count: 1 } rows)
            return (null, null);
        IReadOnlyList<JsonNode?> values = rows[0] is JsonArray row ? [.. row] : [rows[0]];
        var names = columns.Select(c => c?.GetValueKind() == JsonValueKind.String ? c.GetValue<string>() : "").ToList();
        return names.Count == values.Count && names.All(n => n.Length > 0) && names.Distinct().Count() == names.Count ? (names, values) : (null, null);
    }

    private void Set(Dictionary<string, string> row, string column, JsonNode? value)
    {
        if (known.Add(column))
            columns.Add(column);
        row[column] = value switch
        {
            null => "",
            JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
            _ => Printer.Line(value),
        };
    }
}
