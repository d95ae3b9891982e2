using System.Globalization;
using System.Text.Json.Nodes;

namespace Odin.Cli.Lifecycle;

/// <summary>When something that goes on for ever counts as done.</summary>
/// <param name="IsReady">Whether it is, by what the server says of it.</param>
/// <param name="Outcome">What to say of it then.</param>
/// <param name="Patience">How long it is waited for unless somebody says otherwise, in seconds.</param>
/// <param name="GoesSlowly">Whether it is gone only some time after it was deleted.</param>
internal sealed record Readiness(Func<JsonNode, bool> IsReady, Func<JsonNode, string> Outcome, int Patience, bool GoesSlowly)
{
    private const string Ready = "Ready";

    /// <summary>One that may sleep is ready without a replica.</summary>
    public static Readiness OfDeployments { get; } = new(
        entity => StateOf(entity) == Ready && Number(entity, "spec.minReplicas") <= Number(entity, "status.availableReplicas"),
        entity =>
        {
            var (id, replicas) = (LifecycleNoun.Find(entity, "id"), Number(entity, "status.availableReplicas"));
            var what = LifecycleNoun.Find(entity, "status.modelName") is { Length: > 0 } model ? $" of {model} {LifecycleNoun.Find(entity, "status.modelVersion")}".TrimEnd() : "";
            return string.Create(CultureInfo.InvariantCulture, $"The deployment '{id}' is ready: {replicas} {(replicas == 1 ? "replica" : "replicas")}{what}. `odin model info --md {id}` shows what it takes.");
        },
        Patience: 1200, GoesSlowly: true);

    public static Readiness OfRoutes { get; } = new(
        entity => StateOf(entity) == Ready, entity => $"The route '{LifecycleNoun.Find(entity, "id")}' is ready: {LifecycleNoun.Find(entity, "status.edgeUrl")}", Patience: 600, GoesSlowly: false);

    /// <summary>Whether there is no use in waiting: it says that it cannot be done.</summary>
    public static bool HasFailed(JsonNode entity) => StateOf(entity) == "Failed";

    private static string? StateOf(JsonNode entity) => LifecycleNoun.Find(entity, "status.state");

    private static int Number(JsonNode entity, string place) =>
        int.TryParse(LifecycleNoun.Find(entity, place), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
