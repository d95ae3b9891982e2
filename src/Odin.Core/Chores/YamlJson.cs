using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Pipelines.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Odin.Chores;

/// <summary>YAML as JSON, and back.</summary>
public static class YamlJson
{
    /// <summary>The one document of the text; null when it is empty or there are errors.</summary>
    public static (JsonNode? Value, IReadOnlyList<Diagnostic> Diagnostics) Parse(string yaml, string file)
    {
        var bag = new DiagnosticBag(file);
        var root = YamlComposer.Compose(yaml, new PipelineParserOptions { MaxBytes = 16 * 1024 * 1024 }, bag);
        return (bag.HasErrors || root is null ? null : ToJson(root), bag.ToList());
    }

    /// <summary>Block style, or flow style (<c>{a: 1}</c>) if asked for.</summary>
    public static string Write(JsonNode? value, int indent, bool flow)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        var emitter = new Emitter(text, new EmitterSettings().WithBestIndent(indent).WithBestWidth(int.MaxValue).WithNewLine("\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, value, flow);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    internal static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMapping map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Name, ToJson(entry.Value)))),
        YamlSequence list => new JsonArray([.. list.Items.Select(ToJson)]),
        YamlScalar scalar => ScalarToJson(scalar),
        _ => null,
    };

    private static JsonValue? ScalarToJson(YamlScalar scalar)
    {
        switch (scalar.Kind)
        {
            case YamlScalarKind.Null:
                return null;
            case YamlScalarKind.Boolean:
                return JsonValue.Create(YamlScalarRules.ToBoolean(scalar.Text));
            case YamlScalarKind.Integer when YamlScalarRules.TryGetInteger(scalar.Text, out var integer):
                return JsonValue.Create(integer);
            case YamlScalarKind.Integer or YamlScalarKind.Float:
                var number = YamlScalarRules.ToDouble(scalar.Text, scalar.Kind);
                // JSON has no infinity and no "not a number".
                return double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(scalar.Text);
            default:
                return JsonValue.Create(scalar.Text);
        }
    }

    private static void Emit(Emitter emitter, JsonNode? value, bool flow)
    {
        switch (value)
        {
            case JsonObject map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, flow || map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (name, child) in map)
                {
                    EmitText(emitter, name);
                    Emit(emitter, child, flow);
                }
                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, flow || list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in list)
                    Emit(emitter, item, flow);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                EmitText(emitter, text.GetValue<string>());
                break;
            case JsonValue number when number.GetValueKind() == JsonValueKind.Number:
                EmitScalar(emitter, NumberText(number.ToJsonString()), ScalarStyle.Plain);
                break;
            default:
                EmitScalar(emitter, value?.ToJsonString() ?? "null", ScalarStyle.Plain);
                break;
        }
    }

    /// <summary>Quoted where YAML would read something other than a text.</summary>
    private static void EmitText(Emitter emitter, string text)
    {
        var style = YamlScalarRules.Resolve(text) != YamlScalarKind.Text ? ScalarStyle.SingleQuoted
            : text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.DoubleQuoted
            : ScalarStyle.Any;
        EmitScalar(emitter, text, style);
    }

    private static void EmitScalar(Emitter emitter, string text, ScalarStyle style) =>
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));

    /// <summary>YAML 1.1 takes <c>1e5</c> for a text: it wants a dot and a sign.</summary>
    private static string NumberText(string json)
    {
        var exponent = json.IndexOfAny(['e', 'E']);
        if (exponent < 0)
            return json;
        var mantissa = json[..exponent];
        var power = json[(exponent + 1)..];
        return $"{mantissa}{(mantissa.Contains('.', StringComparison.Ordinal) ? "" : ".0")}e{(power[0] is '+' or '-' ? "" : "+")}{power}";
    }
}
