using System.Text.Json.Nodes;

namespace Odin.Cli.JsonPaths;

/// <summary>
/// A JSONPath as the older system's client takes it (fields, indices, slices, wildcards, recursive descent, unions,
/// <c>where</c>), with filters, <c>[?(@.spec.type == 'git')]</c>, in addition.
/// </summary>
internal sealed class JsonPath
{
    private readonly PathNode root;

    private JsonPath(PathNode root) => this.root = root;

    /// <exception cref="JsonPathException">It is none.</exception>
    public static JsonPath Parse(string expression) => new(new JsonPathParser(expression).Parse());

    /// <summary>What the path leads to, in the order of the document. Null stands for a JSON null.</summary>
    public IReadOnlyList<JsonNode?> Find(JsonNode? document) => [.. root.Find(document, document)];
}
