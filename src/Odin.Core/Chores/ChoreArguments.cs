using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>The arguments of one chore after wiring, with its defaults.</summary>
public sealed class ChoreArguments(IReadOnlyList<ChoreParameter> parameters, JsonObject values)
{
    /// <summary>The argument as it came; its default when it is absent; null when there is neither.</summary>
    public JsonNode? Find(string name) =>
        values.TryGetPropertyValue(name, out var value) ? value : parameters.FirstOrDefault(p => p.Name == name)?.Default;

    /// <summary>A text that must be there; numbers and booleans are written out.</summary>
    public string Text(string name) => FindText(name) is { Length: > 0 } text
        ? text
        : throw new ChoreException($"The argument '{name}' has no value; give it, or correct the reference that it comes from.");

    /// <summary>A text, or null.</summary>
    public string? FindText(string name) => Find(name) switch
    {
        null => null,
        JsonValue value => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString(),
        _ => throw new ChoreException($"The argument '{name}' must be a text, but it is a list or a map."),
    };

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        _ => throw new ChoreException($"The argument '{name}' must be true or false."),
    };

    /// <summary>A list of texts; one text counts as a list of one, a map gives its values (results of chores are maps).</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        IEnumerable<JsonNode?> items = Find(name) switch
        {
            null => throw new ChoreException($"The argument '{name}' has no value; give it, or correct the reference that it comes from."),
            JsonArray array => array,
            JsonObject map => map.Select(entry => entry.Value),
            var single => [single],
        };
        return [.. items.Select(item => item is JsonValue value
            ? value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString()
            : throw new ChoreException($"The argument '{name}' must hold texts only."))];
    }

    /// <summary>A record that must be there.</summary>
    public JsonObject Map(string name) => Find(name) as JsonObject
        ?? throw new ChoreException($"The argument '{name}' must be a map, such as the record behind \"^parent\".");
}
