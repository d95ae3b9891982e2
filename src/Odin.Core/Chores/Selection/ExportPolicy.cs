using System.Text.Json.Nodes;

namespace Odin.Chores.Selection;

/// <summary>Chooses the best of several trained models.</summary>
public static class ExportPolicy
{
    private static readonly string[] Losses = ["avg_loss", "loss", "perplexity", "ppl"];

    private static readonly Dictionary<string, Func<SelectionRequest, Experiments, SelectionResult>> Policies = new(StringComparer.Ordinal)
    {
        ["best-of-all"] = BestOfAll,
        ["best-of-batch"] = BestOfBatch,
        ["best-of-mead-eval"] = BestOfEvaluationAndScore,
        ["best-of-mead-eval-only"] = BestOfEvaluation,
    };

    /// <summary>The values of <c>--type</c>.</summary>
    public static IReadOnlyCollection<string> Names => Policies.Keys;

    /// <summary>Applies a policy.</summary>
    /// <exception cref="ChoreException">There is no such policy, or no model.</exception>
    public static SelectionResult Select(string policy, SelectionRequest request, Experiments experiments)
    {
        if (!Policies.TryGetValue(policy, out var select))
            throw new ChoreException($"There is no policy '{policy}'; there are {string.Join(", ", Names)}.");
        if (request.Models.Count == 0)
            throw new ChoreException("No model is given; name at least one.");
        return select(request, experiments);
    }

    /// <summary>Whether the first value is better than the second.</summary>
    internal static bool IsBetter(SelectionRequest request, double value, double best) => request.Comparison switch
    {
        "<" or "lt" or "less" or "less_than" => value < best,
        "<=" or "le" or "lte" => value <= best,
        ">=" or "ge" or "gte" => value >= best,
        null when Losses.Contains(request.Metric) => value < best,
        _ => value > best,
    };

    /// <summary>The models of this batch, by their scores, or by their own records where the scores do not have them.</summary>
    private static SelectionResult BestOfBatch(SelectionRequest request, Experiments experiments) => Best(
        request, request.Models.Select(model => (model, experiments.Scored(model, request.Metric) ?? experiments.Recorded(model, request.Metric))));

    /// <summary>All experiments on the data set; only those of the given models can win, so there may be no winner.</summary>
    private static SelectionResult BestOfAll(SelectionRequest request, Experiments experiments) => Best(request, experiments.Scores
        .Where(experiment => (request.Dataset is null || experiment.Dataset == request.Dataset) && request.Models.Contains(experiment.Label))
        .Select(experiment => (experiment.Label, experiment.Metrics.TryGetValue(request.Metric, out var value) ? value : (double?)null)));

    private static SelectionResult BestOfEvaluation(SelectionRequest request, Experiments experiments) => Best(
        request, request.Models.Select(model => (model, experiments.Recorded(model, request.Metric))));

    /// <summary>By the evaluation's own figure; equal ones by the score of what was evaluated.</summary>
    private static SelectionResult BestOfEvaluationAndScore(SelectionRequest request, Experiments experiments)
    {
        string? selected = null;
        (double? Own, double? Score) best = default;
        foreach (var model in request.Models)
        {
            var own = experiments.Recorded(model, request.Metric);
            var score = experiments.Scored(experiments.ScoreLabel(model), request.Metric);
            if (own is null)
                continue;
            if (selected is null || (own == best.Own ? Beats(request, score, best.Score) : Beats(request, own, best.Own)))
                (selected, best) = (model, (own, score));
        }
        return new SelectionResult(selected, selected is null ? null : new JsonArray(best.Own, best.Score));
    }

    private static SelectionResult Best(SelectionRequest request, IEnumerable<(string Model, double? Value)> candidates)
    {
        string? selected = null;
        double? best = null;
        foreach (var (model, value) in candidates)
        {
            if (Beats(request, value, best))
                (selected, best) = (model, value);
        }
        return new SelectionResult(selected, best);
    }

    /// <summary>A missing value is the worst of all.</summary>
    private static bool Beats(SelectionRequest request, double? value, double? best) =>
        value is { } number && (best is not { } other || IsBetter(request, number, other));
}
