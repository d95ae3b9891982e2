using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.ServiceCatalog;

/// <summary>A model in the catalog.</summary>
/// <param name="RouteId">The default route, by which it is called and under which it is listed.</param>
/// <param name="Swagger">Its own description.</param>
internal sealed record CatalogEntry(string RouteId, string UrlPrefix, string ModelName, string ModelVersion, JsonObject Swagger);

/// <summary>
/// One description of all models: their paths behind the prefixes of their routes, what they define under names of their own. A model
/// speaks for itself alone: nothing in its description leads to another one, or to another host.
/// </summary>
internal static class CatalogDocument
{
    private const string Token = "token";

    // What is defined once and referred to, with how a reference begins.
    private static readonly string[] Shared = ["definitions", "parameters", "responses"];

    private static readonly string[] Verbs = ["get", "put", "post", "delete", "options", "head", "patch"];

    /// <summary>Swagger 2.0.</summary>
    /// <param name="scheme">Of the address under which models are called.</param>
    /// <param name="leftOut">Told of each one that cannot be read, and why.</param>
    public static JsonObject Combine(IEnumerable<CatalogEntry> entries, string scheme, Action<CatalogEntry, string> leftOut)
    {
        var (tags, paths) = (new JsonArray(), new JsonObject());
        var shared = Shared.ToDictionary(name => name, _ => new JsonObject());
        foreach (var entry in entries)
        {
            try
            {
                // All of it before any of it is taken.
                var (own, parts) = (PathsOf(entry), Shared.Select(section => (section, PartsOf(entry, section))).ToList());
                tags.Add(new JsonObject { ["name"] = entry.RouteId, ["description"] = $"{entry.ModelName} {entry.ModelVersion}".Trim() });
                Add(paths, own);
                foreach (var (section, values) in parts)
                    Add(shared[section], values);
            }
            // A name that stands twice, and texts that are none, show only when they are looked at.
            catch (Exception e) when (e is InvalidOperationException or ArgumentException or JsonException)
            {
                leftOut(entry, e.Message);
            }
        }
        var document = Frame(scheme, tags, paths);
        foreach (var section in Shared)
        {
            if (shared[section].Count > 0)
                document[section] = shared[section];
        }
        return document;
    }

    private static JsonObject Frame(string scheme, JsonArray tags, JsonObject paths) => new()
    {
        ["swagger"] = "2.0",
        ["info"] = new JsonObject
        {
            ["title"] = "Service Catalog",
            ["description"] = "Catalog of model services",
            ["version"] = "1.0",
            ["license"] = new JsonObject { ["name"] = "Apache 2.0", ["url"] = "http://www.apache.org/licenses/LICENSE-2.0.html" },
        },
        ["schemes"] = new JsonArray(scheme),
        ["host"] = "",
        ["basePath"] = "",
        ["securityDefinitions"] = new JsonObject
        {
            [Token] = new JsonObject { ["type"] = "apiKey", ["name"] = "Authorization", ["in"] = "header", ["description"] = "The word Bearer, a blank, and a token of this server." },
        },
        ["security"] = new JsonArray(new JsonObject { [Token] = new JsonArray() }),
        ["tags"] = tags,
        ["paths"] = paths,
    };

    private static void Add(JsonObject all, List<KeyValuePair<string, JsonNode?>> some)
    {
        foreach (var (name, value) in some)
            all[name] = value;
    }

    private static List<KeyValuePair<string, JsonNode?>> PathsOf(CatalogEntry entry)
    {
        var root = entry.UrlPrefix + BaseOf(entry.Swagger);
        return
        [
            .. from path in entry.Swagger["paths"] as JsonObject ?? []
               where path.Value is JsonObject && StaysBelow(path.Key)
               select KeyValuePair.Create<string, JsonNode?>(root + path.Key, OfRoute((JsonObject)path.Value!, entry)),
        ];
    }

    private static List<KeyValuePair<string, JsonNode?>> PartsOf(CatalogEntry entry, string section) =>
        [.. (entry.Swagger[section] as JsonObject ?? []).Select(part => KeyValuePair.Create(NameOf(entry, part.Key), Own(part.Value, entry)))];

    private static string BaseOf(JsonObject swagger) => TextOf(swagger["basePath"]) is { } text && StaysBelow(text) ? text.TrimEnd('/') : "";

    // Whether a client that puts the path behind a prefix asks below that prefix: it would resolve segments of dots, escaped ones too,
    // take '\' for '/', and leave out what does not show.
    private static bool StaysBelow(string path) =>
        path.StartsWith('/') && !path.Any(char.IsControl) && !path.Split('/', '\\', '?', '#').Any(s => s.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase).Trim() is "." or "..");

    private static string NameOf(CatalogEntry entry, string name) => $"{entry.RouteId}.{name}";

    private static JsonObject OfRoute(JsonObject operations, CatalogEntry entry)
    {
        var result = (JsonObject)Own(operations, entry)!;
        foreach (var verb in Verbs)
        {
            if (result[verb] is not JsonObject operation)
                continue;
            operation["tags"] = new JsonArray(entry.RouteId);
            // How one logs in, and over what, is not the model's to say.
            operation.Remove("security");
            operation.Remove("schemes");
            // Pages tell operations apart by it.
            if (TextOf(operation["operationId"]) is { } name)
                operation["operationId"] = NameOf(entry, name);
        }
        return result;
    }

    // A copy with the entry's names, without references to elsewhere.
    private static JsonNode? Own(JsonNode? node, CatalogEntry entry)
    {
        switch (node)
        {
            case JsonObject members:
                var copy = new JsonObject();
                foreach (var (name, value) in members)
                {
                    if (name != "$ref" || TextOf(value) is not { } reference)
                        copy.Add(name, Own(value, entry));
                    else if (reference.StartsWith("#/", StringComparison.Ordinal))
                        copy.Add(name, Reference(reference, entry));
                }
                return copy;
            case JsonArray items:
                return new JsonArray([.. items.Select(i => Own(i, entry))]);
            default:
                // Texts are read, so that it shows here whether they can be written.
                return TextOf(node) is { } text ? JsonValue.Create(text) : node?.DeepClone();
        }
    }

    private static string Reference(string text, CatalogEntry entry)
    {
        var section = Shared.FirstOrDefault(s => text.StartsWith($"#/{s}/", StringComparison.Ordinal));
        return section is null ? text : $"#/{section}/{NameOf(entry, text[(section.Length + 3)..])}";
    }

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
