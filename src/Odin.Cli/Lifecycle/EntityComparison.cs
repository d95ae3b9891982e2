using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Templates;
using Odin.Trainings;

namespace Odin.Cli.Lifecycle;

/// <summary>Compares what a file wishes with what the server has.</summary>
internal static class EntityComparison
{
    // What the server fills in when a file leaves it out. Null: with a value that is the administrator's.
    private static readonly Dictionary<string, string?> FilledIn = new(StringComparer.Ordinal)
    {
        ["artifactNameTemplate"] = TrainingRules.DefaultArtifactName,
        ["workDir"] = "./",
        ["image"] = null,
        ["resources"] = null,
        ["outputConnection"] = null,
        ["reference"] = null,
        ["publicKey"] = null,
        // Both generations' names of the same.
        ["algorithmSource"] = null,
        ["vcsName"] = null,
        ["connection"] = null,
        ["connName"] = null,
        ["predictor"] = Predictors.OdahuMlServer,
        ["minReplicas"] = "0",
        ["maxReplicas"] = null,
        ["livenessProbeInitialDelay"] = "2",
        ["readinessProbeInitialDelay"] = "2",
        ["roleName"] = null,
        ["imagePullConnID"] = null,
        ["weight"] = "100",
        ["triggers"] = null,
        ["invalidFiles"] = "skip",
    };

    // Their members are the user's own, and none is filled in.
    private static readonly string[] Maps = ["hyperParameters", "nodeSelector", "additionalEnvironments", "arguments", "annotations"];

    // Other names of the same, which the server does not give back.
    private static readonly (string Other, string Name)[] Synonyms = [("trainingIntegration", "toolchain"), ("modelSource", "modelRegistry"), ("imagePullConnectionID", "imagePullConnID")];

    /// <summary>
    /// Whether to send the wish would change nothing. That a file no longer has something which the server would fill in itself
    /// (image, resources, output connection, reference) cannot be seen.
    /// </summary>
    public static bool IsUnchanged(JsonObject wish, JsonNode stored)
    {
        var spec = wish["spec"]?.DeepClone() as JsonObject ?? [];
        foreach (var (other, name) in Synonyms)
        {
            if (!IsEmpty(spec[name]) || spec[other] is not { } value)
                continue;
            spec.Remove(other);
            spec[name] = value;
        }
        return IsSame(spec, stored["spec"], isMap: false);
    }

    /// <summary>Whether a packaging takes the artifact that a training makes, as far as its name can be known before.</summary>
    public static bool Takes(ManifestItem packaging, ManifestItem training)
    {
        var template = LifecycleNoun.Find(training.Json, "spec.model.artifactNameTemplate") is { Length: > 0 } given ? given : TrainingRules.DefaultArtifactName;
        var values = new Dictionary<string, string>
        {
            ["Name"] = LifecycleNoun.Find(training.Json, "spec.model.name") ?? "",
            ["Version"] = LifecycleNoun.Find(training.Json, "spec.model.version") ?? "",
            // Nobody can name beforehand what is made up when it runs.
            ["RandomUUID"] = "\0",
            ["CommitID"] = "\0",
        };
        return GoTemplate.Find(template, values.Keys) is null && GoTemplate.Render(template, values) == LifecycleNoun.Find(packaging.Json, "spec.artifactName");
    }

    /// <summary>The images that a packaging of the server has made.</summary>
    public static IEnumerable<string> ImagesOf(JsonNode? packaging) =>
        ((packaging?["status"] as JsonObject)?["results"] as JsonArray ?? []).Where(r => LifecycleNoun.Find(r, "name") == "image").Select(r => LifecycleNoun.Find(r, "value")).OfType<string>();

    /// <summary>Whether a deployment serves an image: a name without a registry means the server's own.</summary>
    public static bool IsImageOf(ManifestItem deployment, string image) =>
        LifecycleNoun.Find(deployment.Json, "spec.image") is { Length: > 0 } served && (image == served || image.EndsWith($"/{served}", StringComparison.Ordinal));

    private static bool IsSame(JsonNode? wish, JsonNode? stored, bool isMap) => (wish, stored) switch
    {
        _ when IsEmpty(wish) && IsEmpty(stored) => true,
        (JsonObject some, JsonObject others) =>
            some.All(m => IsSame(m.Value, others[m.Key], Maps.Contains(m.Key)))
            && others.All(m => some.ContainsKey(m.Key) || IsEmpty(m.Value) || (!isMap && IsFilledIn(m.Key, m.Value))),
        (JsonArray some, JsonArray others) => some.Count == others.Count && some.Zip(others).All(pair => IsSame(pair.First, pair.Second, isMap)),
        (JsonValue some, JsonValue other) => Text(some) == Text(other),
        _ => false,
    };

    private static bool IsFilledIn(string name, JsonNode? value) =>
        FilledIn.TryGetValue(name, out var expected) && (expected is null || value is JsonValue given && Text(given) == expected);

    private static bool IsEmpty(JsonNode? node) => node switch
    {
        null => true,
        JsonObject map => map.All(m => IsEmpty(m.Value)),
        JsonArray list => list.Count == 0,
        _ => node.GetValueKind() == JsonValueKind.String && node.GetValue<string>().Length == 0,
    };

    // As the server reads texts: a number as it is written.
    private static string Text(JsonValue value) => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
}
