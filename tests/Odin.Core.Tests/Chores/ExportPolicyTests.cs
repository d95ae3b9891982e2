using System.Text.Json.Nodes;
using Odin.Chores;
using Odin.Chores.Selection;

namespace Odin.Tests.Chores;

public sealed class ExportPolicyTests
{
    private static readonly string[] Models = ["m1", "m2", "m3", "m4", "m5"];

    [Theory]
    [InlineData("acc", null, 2, 1, true)]
    [InlineData("acc", null, 1, 1, false)]
    [InlineData("avg_loss", null, 1, 2, true)]
    [InlineData("ppl", null, 2, 1, false)]
    [InlineData("perplexity", ">", 2, 1, true)]
    [InlineData("acc", "lt", 1, 2, true)]
    [InlineData("acc", "lte", 1, 1, true)]
    [InlineData("acc", ">=", 1, 1, true)]
    public void IsBetter_MetricAndComparison_Decide(string metric, string? comparison, double value, double best, bool expected) =>
        Assert.Equal(expected, ExportPolicy.IsBetter(new SelectionRequest { Models = Models, Metric = metric, Comparison = comparison }, value, best));

    [Fact]
    public void BestOfBatch_HighestMetric_Wins()
    {
        var result = Select("best-of-batch", new SelectionRequest { Models = Models }, Scores("""{"m1": {"acc": 50}, "m2": {"acc": 60}, "m3": {"acc": 70}, "m4": {"acc": 80}, "m5": {"acc": 90}}"""));
        AssertSelected("m5", "90", result);
    }

    [Fact]
    public void BestOfBatch_WithoutScores_UsesTheRecords()
    {
        var records = Json("""{"m1": {"label": "r--m1", "outputs": {"loss": 0.5}}, "m2": {"label": "r--m2", "outputs": {"loss": 0.25}}}""");
        var result = ExportPolicy.Select("best-of-batch", new SelectionRequest { Models = ["r--m1", "r--m2"], Metric = "loss" }, new Experiments(records, []));
        AssertSelected("r--m2", "0.25", result);
    }

    [Theory]
    [InlineData("test1", "m3", "70")]
    [InlineData("test2", "m5", "90")]
    [InlineData("test3", null, null)]
    public void BestOfAll_WithinItsDataset_PicksTheBest(string dataset, string? selected, string? value)
    {
        var scores = Scores("""
            [{"label": "m1", "dataset": "test1", "metrics": {"acc": 50}}, {"label": "m2", "dataset": "test1", "metrics": {"acc": 60}},
             {"label": "m3", "dataset": "test1", "metrics": {"acc": 70}}, {"label": "m4", "dataset": "test2", "metrics": {"acc": 80}},
             {"label": "m5", "dataset": "test2", "metrics": {"acc": 90}}, {"label": "older", "dataset": "test3", "metrics": {"acc": 99}}]
            """);
        AssertSelected(selected, value, Select("best-of-all", new SelectionRequest { Models = Models, Dataset = dataset }, scores));
    }

    [Fact]
    public void BestOfEvaluationOnly_MissingValue_IsTheWorst()
    {
        var records = Json("""{"m1": {"outputs": {}}, "m2": {"outputs": {"acc": -5}}, "m3": {}}""");
        AssertSelected("m2", "-5", ExportPolicy.Select("best-of-mead-eval-only", new SelectionRequest { Models = Models }, new Experiments(records, [])));
        AssertSelected(null, null, ExportPolicy.Select("best-of-mead-eval-only", new SelectionRequest { Models = ["m1", "m3"] }, new Experiments(records, [])));
    }

    [Fact]
    public void BestOfEvaluation_Tie_IsDecidedByTheScore()
    {
        var records = Json("""{"m1": {"outputs": {"acc": 0.9, "label": "x1"}}, "m2": {"outputs": {"acc": 0.9, "label": "x2"}}, "m3": {"outputs": {"acc": 0.8, "label": "x3"}}}""");
        var experiments = new Experiments(records, Scores("""{"x1": {"acc": 0.1}, "x2": {"acc": 0.2}, "x3": {"acc": 0.99}}"""));
        AssertSelected("m2", "[0.9,0.2]", ExportPolicy.Select("best-of-mead-eval", new SelectionRequest { Models = Models }, experiments));
    }

    [Fact]
    public void Select_UnknownPolicy_NamesThePolicies() => Assert.Equal(
        "There is no policy 'best'; there are best-of-all, best-of-batch, best-of-mead-eval, best-of-mead-eval-only.",
        Assert.Throws<ChoreException>(() => Select("best", new SelectionRequest { Models = Models }, [])).Message);

    [Fact]
    public void ToOutputs_HoldsWhatLaterTasksReferTo() => Assert.Equal(
        """{"value":0.9,"selected":"m1","metric":"acc","dataset":"sst2"}""",
        new SelectionResult("m1", 0.9).ToOutputs(new SelectionRequest { Models = Models, Dataset = "sst2" }).ToJsonString());

    private static SelectionResult Select(string policy, SelectionRequest request, IReadOnlyList<Experiment> scores) =>
        ExportPolicy.Select(policy, request, new Experiments([], scores));

    private static IReadOnlyList<Experiment> Scores(string json) => Experiments.ReadScores(JsonNode.Parse(json), "scores.json");

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static void AssertSelected(string? selected, string? value, SelectionResult result)
    {
        Assert.Equal(selected, result.Selected);
        Assert.Equal(value, result.Value?.ToJsonString());
    }
}
