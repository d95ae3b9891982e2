using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Chores.Selection;

/// <summary>The figures of one trained model.</summary>
/// <param name="Label">The model.</param>
/// <param name="Dataset">What it was measured on, if known.</param>
/// <param name="Metrics">Figures by name.</param>
public sealed record Experiment(string Label, string? Dataset, IReadOnlyDictionary<string, double> Metrics);

/// <summary>Where the figures come from: the records of the run, and a file of scores.</summary>
/// <param name="records">By short name, as in <see cref="TaskFiles.RunRecordVariable"/>.</param>
/// <param name="scores">Takes the place of an experiment database.</param>
public sealed class Experiments(JsonObject records, IReadOnlyList<Experiment> scores)
{
    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<Experiment> Scores { get; } = scores;

    /// <summary>
    /// Reads <c>{label: {metric: number}}</c>, or a list of <c>{label, dataset?, metrics: {metric: number}}</c>.
    /// </summary>
    public static IReadOnlyList<Experiment> ReadScores(JsonNode? scores, string file) => scores switch
    {
        JsonObject map => [.. map.Select(entry => new Experiment(entry.Key, null, ReadMetrics(entry.Value, file)))],
        JsonArray list => [.. list.Select(item => ReadExperiment(item, file))],
        _ => throw new ChoreException($"The scores in '{file}' must be a map of labels, or a list of experiments."),
    };

    /// <summary>The figure in the <c>outputs</c> of a model's own record; null when it is not there.</summary>
    public double? Recorded(string model, string metric) => Number(Outputs(model)?[metric]);

    /// <summary>The figure in the scores; for <c>best-of-mead-eval</c> under the label that the record's <c>outputs.label</c> names.</summary>
    public double? Scored(string label, string metric) =>
        Scores.FirstOrDefault(experiment => experiment.Label == label)?.Metrics is { } metrics && metrics.TryGetValue(metric, out var value) ? value : null;

    /// <summary>What the model's record calls itself in the scores; the model's own label if it says nothing.</summary>
    public string ScoreLabel(string model) =>
        Outputs(model)?["label"] is JsonValue label && label.GetValueKind() == JsonValueKind.String ? label.GetValue<string>() : model;

    private JsonObject? Outputs(string model)
    {
        var record = records[model] as JsonObject
            ?? records.Select(entry => entry.Value as JsonObject).FirstOrDefault(r => r?["label"]?.ToString() == model);
        return record?["outputs"] as JsonObject;
    }

    private static Experiment ReadExperiment(JsonNode? item, string file) => item is JsonObject map && map["label"]?.ToString() is { } label
        ? new Experiment(label, map["dataset"]?.ToString(), ReadMetrics(map["metrics"], file))
        : throw new ChoreException($"Every experiment in '{file}' needs a \"label\" and \"metrics\".");

    private static Dictionary<string, double> ReadMetrics(JsonNode? metrics, string file) => metrics is JsonObject map
        ? map.Select(entry => (entry.Key, Value: Number(entry.Value))).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!.Value)
        : throw new ChoreException($"The metrics of an experiment in '{file}' must be a map of numbers.");

    private static double? Number(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && double.TryParse(
            value.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
