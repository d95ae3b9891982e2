using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Models;

/// <summary>Predictions as a person reads them.</summary>
internal static class ModelAnswer
{
    public static void Write(Printer printer, ModelReply reply)
    {
        var answer = reply.Body as JsonObject;
        if (answer?["prediction"] is not JsonArray { Count: > 0 } rows)
        {
            printer.Say(reply.Text);
            return;
        }
        var cells = rows.Select(r => r is JsonArray row ? row.Select(Cell).ToArray() : [Cell(r)]).ToList();
        var width = cells.Max(c => c.Length);
        var names = (answer["columns"] as JsonArray ?? []).Select(n => n?.ToString() ?? "").ToList();
        if (names.Count != width)
            names = width == 1 ? ["prediction"] : [.. Enumerable.Range(1, width).Select(i => $"prediction {i}")];
        TextTable.WriteMany(printer.Messages, names, [.. cells.Select(c => (object?[])[.. c, .. Enumerable.Repeat("", width - c.Length)])]);
    }

    /// <summary>A value of JSON, texts without their quotes.</summary>
    public static string Cell(JsonNode? value) => value is null ? "null" : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : Printer.Line(value);
}
