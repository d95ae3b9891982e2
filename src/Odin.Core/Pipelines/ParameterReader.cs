using System.Text.Json.Nodes;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>Reads the declarations under <c>parameters</c>.</summary>
internal static class ParameterReader
{
    private static readonly string[] Keys = ["type", "default", "description", "choices"];

    public static List<PipelineParameter> Read(MapReader pipeline)
    {
        var result = new List<PipelineParameter>();
        if (pipeline.MapOf("parameters") is not { } parameters)
            return result;
        foreach (var entry in parameters.Map.Entries.Where(entry => CheckName(entry.Key, pipeline.Bag)))
        {
            if (entry.Value is YamlMapping map)
                result.Add(ReadLong(entry.Name, new MapReader(map, $"parameter {DiagnosticBag.Quote(entry.Name)}", pipeline.Bag)));
            else
                result.Add(ReadShort(entry, pipeline.Bag));
        }
        return result;
    }

    private static bool CheckName(YamlScalar key, DiagnosticBag bag)
    {
        if (PipelineVariables.All.Contains(key.Text))
        {
            bag.Error(key.Position, DiagnosticCodes.InvalidParameter, $"The parameter {DiagnosticBag.Quote(key.Text)} has the name of a variable that every task has; rename it.");
            return false;
        }
        if (TaskReader.VariableNamePattern().IsMatch(key.Text))
            return true;
        bag.Error(key.Position, DiagnosticCodes.InvalidParameter,
            $"The parameter name {DiagnosticBag.Quote(key.Text)} must consist of letters, digits and \"_\" and begin with no digit, so that ${{name}} works; rename it.");
        return false;
    }

    private static PipelineParameter ReadShort(YamlEntry entry, DiagnosticBag bag)
    {
        var value = Convert(entry.Value, $"The default of parameter {DiagnosticBag.Quote(entry.Name)}", bag);
        return new PipelineParameter(entry.Name, value is null ? ParameterType.String : ParameterValues.Infer(value), value, null, null);
    }

    private static PipelineParameter ReadLong(string name, MapReader reader)
    {
        reader.RefuseUnknown(Keys);
        var defaultNode = reader.Node("default");
        var value = defaultNode is null ? null : Convert(defaultNode, MapReader.Capital(reader.Label("default")), reader.Bag);
        var choices = ReadChoices(reader);
        var type = reader.Node("type") is not null
            ? reader.Choice("type", [.. ParameterValues.Types.Keys], DiagnosticCodes.InvalidParameter) is { } spelling ? ParameterValues.Types[spelling] : (ParameterType?)null
            : (value ?? choices?.FirstOrDefault().Value) is { } sample ? ParameterValues.Infer(sample) : ParameterType.String;
        if (type is null)
            return new PipelineParameter(name, ParameterType.String, null, null, null);
        var allowed = choices?.Select(choice => Check(choice.Value, type.Value, choice.Position, "a choice", reader)).OfType<JsonNode>().ToList();
        var checkedDefault = value is null ? null : Check(value, type.Value, defaultNode!.Position, "the default", reader);
        if (checkedDefault is not null && allowed is not null && !allowed.Any(choice => JsonNode.DeepEquals(choice, checkedDefault)))
        {
            reader.Bag.Error(defaultNode!.Position, DiagnosticCodes.InvalidParameter,
                $"{MapReader.Capital(reader.Label("default"))} is {DiagnosticBag.Shorten(value!.ToJsonString())}, which is not among its \"choices\"; add it there or take one of them.");
        }
        return new PipelineParameter(name, type.Value, checkedDefault, reader.Text("description"), allowed);
    }

    private static List<(JsonNode Value, YamlPosition Position)>? ReadChoices(MapReader reader)
    {
        if (reader.Node("choices") is not { } node)
            return null;
        if (node is not YamlSequence { Items.Count: > 0 } list)
        {
            reader.Bag.Error(node.Position, DiagnosticCodes.InvalidParameter, $"{MapReader.Capital(reader.Label("choices"))} must be a list with at least one value.");
            return null;
        }
        var result = new List<(JsonNode, YamlPosition)>();
        foreach (var item in list.Items)
        {
            if (Convert(item, $"A choice of {reader.What}", reader.Bag) is { } value)
                result.Add((value, item.Position));
        }
        return result;
    }

    private static JsonNode? Check(JsonNode value, ParameterType type, YamlPosition position, string role, MapReader reader)
    {
        // In the file a type is what is written: only on the command line is everything text.
        var isText = value.GetValueKind() == System.Text.Json.JsonValueKind.String;
        if (isText == (type == ParameterType.String) && ParameterValues.Coerce(value, type) is { } coerced)
            return coerced;
        var remedy = type == ParameterType.String ? "; quote it" : "";
        reader.Bag.Error(position, DiagnosticCodes.InvalidParameter,
            $"{MapReader.Capital(reader.What)} has the type {type.ToString().ToLowerInvariant()}, but {role} is {DiagnosticBag.Shorten(value.ToJsonString())}{remedy}.");
        return null;
    }

    private static JsonNode? Convert(YamlNode node, string label, DiagnosticBag bag)
    {
        if (YamlJson.TryConvert(node, out var value))
            return value;
        if (node is not YamlInvalid)
            bag.Error(node.Position, DiagnosticCodes.InvalidParameter, $"{label} holds a value that cannot be passed on (infinity, not-a-number, or one that is wrong in itself); give another.");
        return null;
    }
}
