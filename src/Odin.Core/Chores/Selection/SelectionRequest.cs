using System.Text.Json.Nodes;

namespace Odin.Chores.Selection;

/// <summary>Which of several trained models is wanted.</summary>
public sealed record SelectionRequest
{
    /// <summary>Labels of the models: ids or short names of tasks.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>The figure that is compared.</summary>
    public string Metric { get; init; } = "acc";

    /// <summary>How; null: less is better for losses, more for everything else.</summary>
    public string? Comparison { get; init; }

    /// <summary>What the models were trained for; only passed on.</summary>
    public string? Task { get; init; }

    /// <summary>Only experiments on this data count for <c>best-of-all</c>; null: all.</summary>
    public string? Dataset { get; init; }
}

/// <summary>The model that was chosen.</summary>
/// <param name="Selected">Its label; null when none has a value.</param>
/// <param name="Value">Its figure: a number, a pair for <c>best-of-mead-eval</c>, or null.</param>
public sealed record SelectionResult(string? Selected, JsonNode? Value)
{
    /// <summary>As later tasks see it: <c>value</c>, <c>selected</c>, <c>metric</c>, and <c>task</c> and <c>dataset</c> where given.</summary>
    public JsonObject ToOutputs(SelectionRequest request)
    {
        var outputs = new JsonObject { ["value"] = Value?.DeepClone(), ["selected"] = Selected, ["metric"] = request.Metric };
        if (request.Task is not null)
            outputs["task"] = request.Task;
        if (request.Dataset is not null)
            outputs["dataset"] = request.Dataset;
        return outputs;
    }
}
