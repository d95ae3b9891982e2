using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>Puts results where arguments refer to them.</summary>
public static class ChoreWiring
{
    private const char ReferenceMark = '^';

    /// <summary>
    /// Arguments in which each <c>^name.path</c>, alone or as an element of a list, is replaced by the value there, or by
    /// null if there is none. Declared parameters that are absent and have no default are added as null. Everything else
    /// passes through unchanged.
    /// </summary>
    public static JsonObject Wire(JsonObject arguments, IReadOnlyList<ChoreParameter> parameters, JsonObject results)
    {
        var wired = new JsonObject();
        foreach (var (name, value) in arguments)
            wired[name] = value is JsonArray list ? new JsonArray([.. list.Select(item => Resolve(item, results))]) : Resolve(value, results);
        foreach (var parameter in parameters)
        {
            if (parameter.Default is null && !wired.ContainsKey(parameter.Name))
                wired[parameter.Name] = null;
        }
        return wired;
    }

    /// <summary>The names before the first dot of all references in an argument.</summary>
    public static IEnumerable<string> NamesIn(JsonNode? argument)
    {
        var items = argument is JsonArray list ? list : Enumerable.Repeat(argument, 1);
        return items.Select(ReferenceIn).OfType<string>().Select(path => path.Split('.', 2)[0]);
    }

    /// <summary>The value at a dotted path; null when there is none. A number is a position in a list.</summary>
    public static JsonNode? Find(JsonObject results, string path)
    {
        JsonNode? node = results;
        foreach (var part in path.Split('.'))
        {
            node = node switch
            {
                JsonObject map => map.TryGetPropertyValue(part, out var child) ? child : null,
                JsonArray list when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
                _ => null,
            };
            if (node is null)
                return null;
        }
        return node;
    }

    private static JsonNode? Resolve(JsonNode? value, JsonObject results) =>
        (ReferenceIn(value) is { } path ? Find(results, path) : value)?.DeepClone();

    private static string? ReferenceIn(JsonNode? value) =>
        value is JsonValue scalar && scalar.GetValueKind() == JsonValueKind.String && scalar.GetValue<string>() is [ReferenceMark, .. var path] ? path : null;
}
