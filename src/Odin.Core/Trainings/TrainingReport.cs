using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Trainings;

/// <summary>What a toolchain reports beside the model, also of a training that failed. All of it is somebody's text: what is no such thing, or too long, is left out.</summary>
/// <param name="Error">Why it failed, in a sentence.</param>
internal sealed record TrainingReport(
    string? RunId,
    IReadOnlyDictionary<string, double>? Metrics,
    IReadOnlyDictionary<string, string>? Parameters,
    IReadOnlyDictionary<string, string>? Tags,
    IReadOnlyList<string>? Warnings,
    string? Error)
{
    /// <summary>The file, in the workspace.</summary>
    public const string File = "odin-result.json";

    private const int MostBytes = 1 << 20, MostFigures = 1000, LongestText = 4096;

    private static readonly TrainingReport Nothing = new(null, null, null, null, null, null);
    private static readonly JsonDocumentOptions Careful = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>Reads the report; empty if there is none, or something that is no report.</summary>
    public static async Task<TrainingReport> ReadAsync(string workspace, CancellationToken cancellationToken)
    {
        try
        {
            var json = await ReadJsonAsync(Path.Combine(workspace, File), cancellationToken);
            return new TrainingReport(
                Text(json["runId"]),
                Numbers(json["metrics"]),
                Texts(json["params"]),
                Texts(json["tags"]),
                json["warnings"] is JsonArray warnings ? [.. warnings.Take(MostFigures).Select(Text).OfType<string>()] : null,
                Text(json["error"]));
        }
        // The last one: texts that are none, such as half of a surrogate pair.
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return Nothing;
        }
    }

    /// <summary>The status with what was reported.</summary>
    public TrainingStatus AddTo(TrainingStatus status) =>
        status with { RunId = RunId, Metrics = Metrics, Parameters = Parameters, Tags = Tags, Warnings = Warnings };

    private static async Task<JsonObject> ReadJsonAsync(string path, CancellationToken cancellationToken)
    {
        if (RegularFile.Look(path).Kind != FileKind.Regular || new FileInfo(path).LinkTarget is not null)
            return [];
        using var handle = RegularFile.Open(path);
        if (RandomAccess.GetLength(handle) > MostBytes)
            return [];
        await using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        return await JsonNode.ParseAsync(stream, documentOptions: Careful, cancellationToken: cancellationToken) as JsonObject ?? [];
    }

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String && node.GetValue<string>() is { Length: <= LongestText } text ? text : null;

    private static Dictionary<string, double>? Numbers(JsonNode? node) => node is not JsonObject json ? null : json
        .Where(p => p.Key.Length <= LongestText && p.Value?.GetValueKind() == JsonValueKind.Number)
        .Select(p => KeyValuePair.Create(p.Key, double.Parse(p.Value!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)))
        .Where(p => double.IsFinite(p.Value)).Take(MostFigures).ToDictionary(StringComparer.Ordinal);

    private static Dictionary<string, string>? Texts(JsonNode? node) => node is not JsonObject json ? null : json
        .Where(p => p.Key.Length <= LongestText && Text(p.Value) is not null).Take(MostFigures).ToDictionary(p => p.Key, p => Text(p.Value)!, StringComparer.Ordinal);
}
