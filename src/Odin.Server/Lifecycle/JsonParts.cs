using System.Text.Json.Nodes;

namespace Odin.Server.Lifecycle;

/// <summary>Builds objects of the inherited API, which leaves out what is empty.</summary>
internal static class JsonParts
{
    public static JsonObject AddFilled(this JsonObject json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            json[name] = value;
        return json;
    }

    public static JsonObject AddTrue(this JsonObject json, string name, bool value)
    {
        if (value)
            json[name] = true;
        return json;
    }

    public static JsonObject AddFilled(this JsonObject json, string name, IReadOnlyDictionary<string, string>? values)
    {
        if (values is { Count: > 0 })
            json[name] = Of(values);
        return json;
    }

    public static JsonObject AddFilled(this JsonObject json, string name, JsonArray list)
    {
        if (list.Count > 0)
            json[name] = list;
        return json;
    }

    public static JsonObject AddFilled(this JsonObject json, string name, JsonObject? inner)
    {
        if (inner is { Count: > 0 })
            json[name] = inner;
        return json;
    }

    public static JsonObject Of(IReadOnlyDictionary<string, string> values) =>
        new(values.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));

    public static JsonArray Of(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode?)v)]);

    public static JsonArray Of(IEnumerable<JsonObject> values) => new([.. values]);
}
