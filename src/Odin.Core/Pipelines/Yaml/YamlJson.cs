using System.Text.Json.Nodes;

namespace Odin.Pipelines.Yaml;

/// <summary>YAML values as JSON.</summary>
internal static class YamlJson
{
    /// <summary>The value; null for YAML's null. False when JSON has no such value (infinity), or it was reported already.</summary>
    public static bool TryConvert(YamlNode node, out JsonNode? value)
    {
        value = null;
        switch (node)
        {
            case YamlScalar scalar:
                return TryConvert(scalar, out value);
            case YamlSequence list:
                var array = new JsonArray();
                foreach (var item in list.Items)
                {
                    if (!TryConvert(item, out var element))
                        return false;
                    array.Add(element);
                }
                value = array;
                return true;
            case YamlMapping map:
                var result = new JsonObject();
                foreach (var entry in map.Entries)
                {
                    if (!TryConvert(entry.Value, out var member))
                        return false;
                    result[entry.Name] = member;
                }
                value = result;
                return true;
            default:
                return false;
        }
    }

    private static bool TryConvert(YamlScalar scalar, out JsonNode? value)
    {
        value = null;
        switch (scalar.Kind)
        {
            case YamlScalarKind.Null:
                return true;
            case YamlScalarKind.Boolean:
                value = JsonValue.Create(YamlScalarRules.ToBoolean(scalar.Text));
                return true;
            case YamlScalarKind.Integer when YamlScalarRules.TryGetInteger(scalar.Text, out var integer):
                value = JsonValue.Create(integer);
                return true;
            case YamlScalarKind.Integer or YamlScalarKind.Float:
                var number = YamlScalarRules.ToDouble(scalar.Text, scalar.Kind);
                if (!double.IsFinite(number))
                    return false;
                value = JsonValue.Create(number);
                return true;
            default:
                value = JsonValue.Create(scalar.Text);
                return true;
        }
    }
}
