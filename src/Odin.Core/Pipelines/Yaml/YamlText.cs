using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Pipelines.Yaml;

/// <summary>JSON values as YAML text in block style, which a person may go on to edit.</summary>
public static class YamlText
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of a document; ends in a line break.</summary>
    public static string Write(JsonNode? value)
    {
        var text = new StringBuilder();
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
            WriteBlock(text, value, 0);
        else
            WriteInline(text, value, 0);
        return text.ToString();
    }

    /// <summary>The document on one line, which is JSON as well: <c>{"a":1}</c>. Ends in a line break.</summary>
    public static string WriteFlow(JsonNode? value) => Flow(value) + "\n";

    private static string Flow(JsonNode? value) => value switch
    {
        JsonObject map => $"{{{string.Join(',', map.Select(entry => $"{Quoted(entry.Key)}:{Flow(entry.Value)}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Flow))}]",
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Quoted(text.GetValue<string>()),
        null => "null",
        _ => Bare(value),
    };

    private static void WriteBlock(StringBuilder text, JsonNode? value, int indent)
    {
        if (value is JsonArray list)
        {
            foreach (var item in list)
            {
                text.Append(' ', indent).Append('-');
                // A map or list in a list begins on the line of its dash.
                if (item is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
                {
                    var start = text.Length;
                    WriteBlock(text, item, indent + 2);
                    text.Remove(start, indent + 1);
                }
                else
                {
                    WriteInline(text.Append(' '), item, indent);
                }
            }
            return;
        }
        foreach (var (key, member) in value!.AsObject())
        {
            text.Append(' ', indent).Append(Scalar(key)).Append(':');
            if (member is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
                WriteBlock(text.Append('\n'), member, indent + 2);
            else
                WriteInline(text.Append(' '), member, indent);
        }
    }

    private static void WriteInline(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonArray:
                text.Append("[]\n");
                break;
            case JsonObject:
                text.Append("{}\n");
                break;
            case null:
                text.Append("null\n");
                break;
            default:
                if (value.GetValueKind() != JsonValueKind.String)
                    text.Append(Bare(value)).Append('\n');
                else if (IsBlock(value.GetValue<string>()))
                    WriteLines(text, value.GetValue<string>(), indent + 2);
                else
                    text.Append(Scalar(value.GetValue<string>())).Append('\n');
                break;
        }
    }

    /// <summary>A number or a boolean. YAML 1.1 takes <c>1e5</c> for a text: it wants a dot and a sign.</summary>
    private static string Bare(JsonNode value)
    {
        var json = value.ToJsonString();
        var exponent = value.GetValueKind() == JsonValueKind.Number ? json.IndexOfAny(['e', 'E']) : -1;
        if (exponent < 0)
            return json;
        var mantissa = json[..exponent];
        var power = json[(exponent + 1)..];
        return $"{mantissa}{(mantissa.Contains('.', StringComparison.Ordinal) ? "" : ".0")}e{(power[0] is '+' or '-' ? "" : "+")}{power}";
    }

    /// <summary>Scripts keep their lines.</summary>
    private static void WriteLines(StringBuilder text, string value, int indent)
    {
        text.Append(value.EndsWith('\n') ? "|\n" : "|-\n");
        foreach (var line in (value.EndsWith('\n') ? value[..^1] : value).Split('\n'))
        {
            if (line.Length > 0)
                text.Append(' ', indent).Append(line);
            text.Append('\n');
        }
    }

    /// <summary>Whether a block scalar holds the text exactly: no control characters, no blanks where YAML would drop or misread them.</summary>
    private static bool IsBlock(string value)
    {
        if (!value.Contains('\n', StringComparison.Ordinal) || value[0] is ' ' or '\n' || value.EndsWith("\n\n", StringComparison.Ordinal))
            return false;
        return !value.Any(c => (char.IsControl(c) && c != '\n') || c is '\u2028' or '\u2029' or '\uFEFF') && !value.Split('\n').Any(line => line.Length > 0 && line.AsSpan().TrimStart(' ').IsEmpty);
    }

    private static string Scalar(string value) => IsPlain(value) ? value : Quoted(value);

    private static bool IsPlain(string value) =>
        value.Length is > 0 and < 200
        && (char.IsAsciiLetter(value[0]) || value[0] is '/' or '_' or '.' or '$' or '^')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or '$' or '^' or '+' or '=' or '@' or '%' or ' ' or '(' or ')' or '<' or '>')
        && value[^1] != ' '
        && YamlScalarRules.Resolve(value) == YamlScalarKind.Text
        // Read as text here, but as a date or a special value elsewhere.
        && !char.IsAsciiDigit(value[0]) && value != "=" && value != "<<" && value is not ("y" or "Y" or "n" or "N");

    /// <summary>A JSON string is a double-quoted YAML scalar, but for characters that YAML does not allow in a text.</summary>
    private static string Quoted(string value)
    {
        var json = JsonSerializer.Serialize(value, Readable);
        if (!json.Any(c => c is '\u007F' or '\u0085' or '\u2028' or '\u2029' or '\uFEFF' or (>= '\u0080' and <= '\u009F')))
            return json;
        return string.Concat(json.Select(c => c is (>= '\u007F' and <= '\u009F') or '\u2028' or '\u2029' or '\uFEFF' ? $"\\u{(int)c:x4}" : c.ToString()));
    }
}
