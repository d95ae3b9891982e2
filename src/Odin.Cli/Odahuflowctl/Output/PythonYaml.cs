using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>YAML as PyYAML writes it: block style, keys in their order, only ASCII, long texts folded.</summary>
internal sealed class PythonYaml
{
    private const int LongestSimpleKey = 128, Indentation = 2;
    private readonly YamlLines lines = new();

    private PythonYaml()
    {
    }

    /// <summary>The text of a document; ends in a line break.</summary>
    public static string Write(JsonNode? node)
    {
        var writer = new PythonYaml();
        writer.WriteNode(node, 0, isInMap: false);
        var text = writer.lines.ToString();
        // A value alone is closed by the mark of the document's end.
        return node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } ? text + "\n" : text + (IsOpen(node) ? "\n...\n" : "\n");
    }

    private static bool IsOpen(JsonNode? node) => node is null
        || (node is JsonValue && (node.GetValueKind() != JsonValueKind.String || YamlScalar.StyleOf(node.GetValue<string>(), isKey: false) == YamlScalarStyle.Plain));

    /// <param name="indent">Of the lines that it begins.</param>
    private void WriteNode(JsonNode? node, int indent, bool isInMap)
    {
        switch (node)
        {
            case JsonObject { Count: 0 }:
                lines.Word("{}");
                break;
            case JsonArray { Count: 0 }:
                lines.Word("[]");
                break;
            case JsonObject map:
                foreach (var (key, value) in map.OrderBy(m => m.Key, StringComparer.Ordinal))
                    WriteMember(key, value, indent);
                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    lines.Begin(indent);
                    lines.Dash();
                    WriteNode(item, indent + Indentation, isInMap: false);
                }
                break;
            default:
                WriteScalar(node, isInMap || indent > 0 ? indent : Indentation);
                break;
        }
    }

    private void WriteMember(string key, JsonNode? value, int indent)
    {
        lines.Begin(indent);
        if (key.Length is > 0 and < LongestSimpleKey && !key.Contains('\n', StringComparison.Ordinal))
        {
            lines.Scalar(key, indent, isKey: true);
        }
        else
        {
            lines.Question();
            lines.Scalar(key, indent + Indentation, isKey: false);
            lines.Begin(indent);
        }
        lines.Colon();
        // A list in a map stands no deeper than its key.
        WriteNode(value, value is JsonArray ? indent : indent + Indentation, isInMap: true);
    }

    private void WriteScalar(JsonNode? node, int indent)
    {
        if (node is null)
            lines.Word("null");
        else if (node.GetValueKind() == JsonValueKind.String)
            lines.Scalar(node.GetValue<string>(), indent, isKey: false);
        else
            lines.Word(Bare(node));
    }

    // Without a dot Python's reader takes a number with an exponent for a text.
    private static string Bare(JsonNode node)
    {
        var text = node.ToJsonString();
        if (node.GetValueKind() != JsonValueKind.Number || text.IndexOfAny(['e', 'E']) is var at && at < 0)
            return text;
        text = text.ToLowerInvariant();
        return text.Contains('.', StringComparison.Ordinal) ? text : text[..at] + ".0" + text[at..];
    }
}
