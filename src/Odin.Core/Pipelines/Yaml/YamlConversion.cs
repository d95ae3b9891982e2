using System.Text.Json.Nodes;

namespace Odin.Pipelines.Yaml;

/// <summary>YAML files as JSON, and back.</summary>
public static class YamlConversion
{
    private static readonly PipelineParserOptions Bounds = new() { MaxBytes = 16 * 1024 * 1024, MaxNodes = 2_000_000 };

    /// <summary>The one document of the text; null when it is empty or there are errors.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="bounds">How much of it there may be; null: 16 MiB, two million nodes.</param>
    public static (JsonNode? Value, IReadOnlyList<Diagnostic> Diagnostics) Parse(string yaml, string file, PipelineParserOptions? bounds = null)
    {
        var bag = new DiagnosticBag(file);
        var root = YamlComposer.Compose(yaml, bounds ?? Bounds, bag);
        JsonNode? value = null;
        if (root is not null && !bag.HasErrors && !YamlJson.TryConvert(root, out value))
            bag.Error(root.Position, DiagnosticCodes.InvalidValue, "The file holds infinity or \"not a number\", which JSON does not have.");
        return (bag.HasErrors ? null : value, bag.ToList());
    }

    /// <summary>Block style, or flow style (<c>{"a": 1}</c>, all on one line) if asked for.</summary>
    public static string Write(JsonNode? value, bool flow) =>
        flow ? YamlText.WriteFlow(value) : YamlText.Write(value);
}
