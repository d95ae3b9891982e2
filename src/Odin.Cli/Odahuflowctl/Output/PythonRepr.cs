using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>Values as Python shows them: <c>{'id': 'wine', 'spec': {'vital': True}}</c>, broken into lines where they are long.</summary>
internal static class PythonRepr
{
    private const int Width = 80;

    /// <summary>On one line.</summary>
    public static string Write(JsonNode? node) => node switch
    {
        null => "None",
        JsonObject map => $"{{{string.Join(", ", Sorted(map).Select(m => $"{Write(m.Key)}: {Write(m.Value)}"))}}}",
        JsonArray list => $"[{string.Join(", ", list.Select(Write))}]",
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => Write(node.GetValue<string>()),
            JsonValueKind.True => "True",
            JsonValueKind.False => "False",
            _ => node.ToJsonString(),
        },
    };

    /// <summary>Over as many lines as it needs, as <c>pprint</c> does.</summary>
    public static string WriteLines(JsonNode? node)
    {
        var text = new StringBuilder();
        WriteLines(text, node, 0, 0);
        return text.ToString();
    }

    /// <summary>As <c>str</c> shows it: a text as it is.</summary>
    public static string Show(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : Write(node);

    public static string Write(string value)
    {
        var quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var text = new StringBuilder().Append(quote);
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ when c == quote => text.Append('\\').Append(c),
                _ when char.IsControl(c) => text.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => text.Append(c),
            };
        }
        return text.Append(quote).ToString();
    }

    // What has to stand behind it on its last line: brackets and a comma.
    private static void WriteLines(StringBuilder text, JsonNode? node, int indent, int behind)
    {
        var line = Write(node);
        if (line.Length <= Width - indent - behind || node is not (JsonObject { Count: > 0 } or JsonArray { Count: > 0 }))
        {
            text.Append(line);
            return;
        }
        if (node is JsonObject map)
        {
            var members = Sorted(map).ToList();
            text.Append('{');
            for (var i = 0; i < members.Count; i++)
            {
                if (i > 0)
                    text.Append(",\n").Append(' ', indent + 1);
                var key = Write(members[i].Key) + ": ";
                text.Append(key);
                WriteLines(text, members[i].Value, indent + 1 + key.Length, i == members.Count - 1 ? behind + 1 : 1);
            }
            text.Append('}');
            return;
        }
        var list = (JsonArray)node!;
        text.Append('[');
        for (var i = 0; i < list.Count; i++)
        {
            if (i > 0)
                text.Append(",\n").Append(' ', indent + 1);
            WriteLines(text, list[i], indent + 1, i == list.Count - 1 ? behind + 1 : 1);
        }
        text.Append(']');
    }

    private static IOrderedEnumerable<KeyValuePair<string, JsonNode?>> Sorted(JsonObject map) => map.OrderBy(m => m.Key, StringComparer.Ordinal);
}
