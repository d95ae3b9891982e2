using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Pipelines.Yaml;

namespace Odin.Chores;

/// <summary>YAML files as JSON, and back.</summary>
public static class YamlConversion
{
    private static readonly PipelineParserOptions Bounds = new() { MaxBytes = 16 * 1024 * 1024, MaxNodes = 2_000_000 };

    /// <summary>The one document of the text; null when it is empty or there are errors.</summary>
    public static (JsonNode? Value, IReadOnlyList<Diagnostic> Diagnostics) Parse(string yaml, string file)
    {
        var bag = new DiagnosticBag(file);
        var root = YamlComposer.Compose(yaml, Bounds, bag);
        JsonNode? value = null;
        if (root is not null && !bag.HasErrors && !YamlJson.TryConvert(root, out value))
            bag.Error(root.Position, DiagnosticCodes.InvalidValue, "The file holds infinity or \"not a number\", which JSON does not have.");
        return (bag.HasErrors ? null : value, bag.ToList());
    }

    /// <summary>Block style, or flow style (<c>{"a": 1}</c>, all on one line) if asked for.</summary>
    public static string Write(JsonNode? value, bool flow) =>
        flow ? YamlText.WriteFlow(value) : YamlText.Write(value);
}
