using System.Text.Json.Nodes;

namespace Odin.Cli.Lifecycle;

/// <summary>A noun of the model lifecycle, as the command line has it.</summary>
/// <param name="Command">The command: one word, or two where it is below another.</param>
/// <param name="Kinds">What <c>kind</c> in a file may say; the first is its name.</param>
/// <param name="Path">Below the address of the server.</param>
/// <param name="Columns">Of a table, with the place of each in the entity.</param>
internal sealed record LifecycleNoun(string Command, string Description, IReadOnlyList<string> Kinds, string Path, IReadOnlyList<(string Name, string Place)> Columns)
{
    /// <summary>As in "the connection 'a'".</summary>
    public string Singular { get; } = Command.Replace('-', ' ');

    /// <summary>The last word of the command.</summary>
    public string Name { get; } = Command[(Command.LastIndexOf(' ') + 1)..];

    /// <summary>Whether the server chooses the id of each, and it stays as it was made.</summary>
    public bool IsNamedByServer { get; init; }

    /// <summary>A name that somebody might give to one, for examples.</summary>
    public required string Sample { get; init; }

    /// <summary>Null: it is done with when it is stored. Else what has come of it, once it has ended well.</summary>
    public Func<JsonNode, string>? Outcome { get; init; }

    /// <summary>Null: nobody waits until it is ready. It never has an <see cref="Outcome"/> too.</summary>
    public Readiness? Readiness { get; init; }

    public static LifecycleNoun Connection { get; } = new(
        "connection", "Places outside, with what is needed to get in: buckets, repositories, registries.", ["Connection"], "api/v1/connection",
        [("id", "id"), ("type", "spec.type"), ("uri", "spec.uri"), ("description", "spec.description")])
    {
        Sample = "wine-data",
    };

    public static LifecycleNoun Toolchain { get; } = new(
        "toolchain", "Ways to train: programs that turn source and data into a model.", ["ToolchainIntegration", "TrainingIntegration"], "api/v1/toolchain/integration",
        [("id", "id"), ("entrypoint", "spec.entrypoint"), ("image", "spec.defaultImage")])
    {
        Sample = "our-own",
    };

    public static LifecycleNoun Training { get; } = new(
        "training", "Trainings: source and data through a toolchain to a model.", ["ModelTraining"], "api/v1/model/training",
        [("id", "id"), ("model", "spec.model.name"), ("version", "spec.model.version"), ("toolchain", "spec.toolchain"), ("state", "status.state"), ("reason", "status.reason"), ("artifact", "status.artifacts.0.artifactName")])
    {
        Sample = "wine",
        Outcome = entity => $"Artifact: {Find(entity, "status.artifacts.0.artifactName")}",
    };

    public static LifecycleNoun Packaging { get; } = new(
        "packaging", "Packagings: a model through an integration to an image.", ["ModelPackaging"], "api/v1/model/packaging",
        [("id", "id"), ("artifact", "spec.artifactName"), ("integration", "spec.integrationName"), ("state", "status.state"), ("reason", "status.reason"), ("image", "status.results.0.value")])
    {
        Sample = "wine",
        Outcome = Results,
    };

    public static LifecycleNoun PackagingIntegration { get; } = new(
        "packaging-integration", "Ways to package: programs that turn a model into an image.", ["PackagingIntegration"], "api/v1/packaging/integration",
        [("id", "id"), ("entrypoint", "spec.entrypoint"), ("image", "spec.defaultImage")])
    {
        Sample = "our-packager",
    };

    public static LifecycleNoun Deployment { get; } = new(
        "deployment", "Deployments: models that are served.", ["ModelDeployment"], "api/v1/model/deployment",
        [("id", "id"), ("image", "spec.image"), ("state", "status.state"), ("reason", "status.reason"), ("replicas", "status.availableReplicas"), ("model", "status.modelName"), ("version", "status.modelVersion"), ("role", "spec.roleName")])
    {
        Sample = "wine",
        Readiness = Readiness.OfDeployments,
    };

    public static LifecycleNoun Route { get; } = new(
        "route", "Routes: addresses under which deployments answer, with weights and a mirror.", ["ModelRoute"], "api/v1/model/route",
        [("id", "id"), ("prefix", "spec.urlPrefix"), ("targets", "spec.modelDeployments"), ("default", "default"), ("state", "status.state"), ("address", "status.edgeUrl")])
    {
        Sample = "wine-ab",
        Readiness = Readiness.OfRoutes,
    };

    public static LifecycleNoun BatchService { get; } = new(
        "batch service", "Batch services: programs that predict many requests at once with a model.", ["InferenceService"], "api/v1/batch/service",
        [("id", "id"), ("model", "spec.modelRegistry.remote.modelPath"), ("embedded", "spec.modelRegistry.local.meta.name"), ("from", "spec.dataSource.connection"), ("to", "spec.outputDestination.connection")])
    {
        Sample = "wine",
    };

    public static LifecycleNoun BatchJob { get; } = new(
        "batch job", "Batch jobs: each predicts all requests of a place.", ["InferenceJob"], "api/v1/batch/job",
        [("id", "id"), ("service", "spec.inferenceServiceId"), ("state", "status.state"), ("reason", "status.reason"), ("requests", "status.inputFiles"), ("left out", "status.invalidInputFiles"), ("responses", "status.outputFiles")])
    {
        Sample = "job-wine-1f3c9",
        IsNamedByServer = true,
        Outcome = entity => $"Responses: {Find(entity, "status.outputFiles")}, at '{Find(entity, "spec.outputDestination.path")}' of the connection '{Find(entity, "spec.outputDestination.connection")}'",
    };

    /// <summary>Every noun that files ask for by its id, in the order in which they need each other.</summary>
    public static IReadOnlyList<LifecycleNoun> All { get; } = [Connection, Toolchain, PackagingIntegration, Training, Packaging, Deployment, Route, BatchService];

    /// <summary>The noun of a <c>kind</c>; null: there is none.</summary>
    public static LifecycleNoun? OfKind(string kind) => All.FirstOrDefault(n => n.Kinds.Contains(kind));

    /// <summary>Where wishes are sent: a slip in the name of a field is refused there, with what may have been meant.</summary>
    public string WishPath => $"{Path}?fieldValidation=Strict";

    /// <summary>Where one is, below the address of the server.</summary>
    public string PathOf(string id) => $"{Path}/{Uri.EscapeDataString(id)}";

    /// <summary>An entity of the server as files have it: with its kind.</summary>
    public JsonObject Named(JsonNode? entity)
    {
        var named = entity?.DeepClone() as JsonObject ?? [];
        if (!named.ContainsKey("kind"))
            named.Insert(0, "kind", Kinds[0]);
        return named;
    }

    // One a line, as in "Image: registry/wine:1".
    private static string Results(JsonNode entity)
    {
        var results = ((entity["status"] as JsonObject)?["results"] as JsonArray ?? []).Select(r => $"{Capital(Find(r, "name") ?? "result")}: {Find(r, "value")}").ToList();
        return results.Count > 0 ? string.Join('\n', results) : "The packager has reported no result.";
    }

    private static string Capital(string name) => name.Length == 0 ? name : char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>What stands at a place such as <c>status.artifacts.0.artifactName</c>, as a text; null: nothing.</summary>
    public static string? Find(JsonNode? entity, string place) => At(entity, place) switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var node => node.ToJsonString(),
    };

    /// <summary>What a table shows of a place; of the targets of a route <c>wine 90, wine-2 10</c>.</summary>
    public static string Cell(JsonNode? entity, string place) => At(entity, place) is JsonArray list && list.All(t => t is JsonObject map && map.ContainsKey("mdName"))
        ? string.Join(", ", list.Select(t => $"{Find(t, "mdName")} {Find(t, "weight")}".TrimEnd()))
        : Find(entity, place) ?? "";

    /// <summary>What stands at a place such as <c>status.artifacts.0</c>; null: nothing.</summary>
    public static JsonNode? At(JsonNode? entity, string place)
    {
        foreach (var part in place.Split('.'))
        {
            entity = entity switch
            {
                JsonArray list when int.TryParse(part, out var index) => index < list.Count ? list[index] : null,
                JsonObject map => map[part],
                _ => null,
            };
        }
        return entity;
    }
}
