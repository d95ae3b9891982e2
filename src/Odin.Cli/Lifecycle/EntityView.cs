using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Lifecycle;

/// <summary>One entity as a person reads it: without what is empty, what is said twice, and what only old clients ask for.</summary>
internal static class EntityView
{
    // What they hold is the user's own, also when it is empty.
    private static readonly string[] Given = ["hyperParameters", "arguments", "envs", "additionalEnvironments", "nodeSelector", "schema"];

    private static readonly string[] Inner = ["podName", "createdAt", "updatedAt"];

    /// <summary>A copy that says everything once.</summary>
    public static JsonObject Tidy(JsonObject entity)
    {
        var copy = (JsonObject)entity.DeepClone();
        if (copy["status"] is JsonObject status)
        {
            // The times of the entity itself are at its top.
            foreach (var name in Inner)
                status.Remove(name);
        }
        if (JsonNode.DeepEquals(copy["createdAt"], copy["updatedAt"]))
            copy.Remove("updatedAt");
        if (copy["spec"] is JsonObject spec)
            TidySpec(spec);
        return Prune(copy);
    }

    // The names of the older generation, where the newer ones are there.
    private static void TidySpec(JsonObject spec)
    {
        if ((spec["algorithmSource"] as JsonObject)?["vcs"] is JsonObject { Count: > 0 })
        {
            spec.Remove("vcsName");
            spec.Remove("reference");
        }
        foreach (var binding in (spec["data"] as JsonArray ?? []).OfType<JsonObject>().Where(b => b.ContainsKey("connection")))
            binding.Remove("connName");
    }

    private static JsonObject Prune(JsonObject map)
    {
        foreach (var (name, value) in map.ToList())
        {
            if (value is JsonObject inner && !Given.Contains(name))
                Prune(inner);
            foreach (var item in (value as JsonArray ?? []).OfType<JsonObject>().Where(_ => !Given.Contains(name)))
                Prune(item);
            if (IsEmpty(value))
                map.Remove(name);
        }
        return map;
    }

    private static bool IsEmpty(JsonNode? node) => node switch
    {
        null => true,
        JsonObject map => map.Count == 0,
        JsonArray list => list.Count == 0,
        _ => node.GetValueKind() == JsonValueKind.String && node.GetValue<string>().Length == 0,
    };
}
