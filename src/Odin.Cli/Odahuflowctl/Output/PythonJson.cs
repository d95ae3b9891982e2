using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>JSON as Python writes it: blanks behind commas and colons, only ASCII.</summary>
internal static class PythonJson
{
    /// <param name="indent">How many blanks for each level; null: all on one line.</param>
    public static string Write(JsonNode? node, int? indent = null)
    {
        var text = new StringBuilder();
        Write(text, node, indent, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonNode? node, int? indent, int depth)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject map:
                WriteAll(text, map, '{', '}', indent, depth, (member, inner) =>
                {
                    WriteString(text, member.Key);
                    text.Append(": ");
                    Write(text, member.Value, indent, inner);
                });
                break;
            case JsonArray list:
                WriteAll(text, list, '[', ']', indent, depth, (item, inner) => Write(text, item, indent, inner));
                break;
            default:
                if (node.GetValueKind() == JsonValueKind.String)
                    WriteString(text, node.GetValue<string>());
                else
                    text.Append(node.ToJsonString());
                break;
        }
    }

    private static void WriteAll<T>(StringBuilder text, ICollection<T> items, char open, char close, int? indent, int depth, Action<T, int> write)
    {
        text.Append(open);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
                text.Append(indent is null ? ", " : ",");
            isFirst = false;
            BreakLine(text, indent, depth + 1);
            write(item, depth + 1);
        }
        if (items.Count > 0)
            BreakLine(text, indent, depth);
        text.Append(close);
    }

    private static void BreakLine(StringBuilder text, int? indent, int depth)
    {
        if (indent is { } blanks)
            text.Append('\n').Append(' ', blanks * depth);
    }

    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                >= ' ' and <= '~' => text.Append(c),
                _ => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
        }
        text.Append('"');
    }
}
