using System.Text.Json.Nodes;

namespace Odin.Cli.Lifecycle;

/// <summary>A noun of the model lifecycle, as the command line has it.</summary>
/// <param name="Command">The command.</param>
/// <param name="Kinds">What <c>kind</c> in a file may say; the first is its name.</param>
/// <param name="Path">Below the address of the server.</param>
/// <param name="Columns">Of a table, with the place of each in the entity.</param>
internal sealed record LifecycleNoun(string Command, string Description, IReadOnlyList<string> Kinds, string Path, IReadOnlyList<(string Name, string Place)> Columns)
{
    /// <summary>As in "the connection 'a'".</summary>
    public string Singular { get; } = Command.Replace('-', ' ');

    /// <summary>A name that somebody might give to one, for examples.</summary>
    public required string Sample { get; init; }

    /// <summary>Null: it is done with when it is stored. Else what has come of it, once it has ended well.</summary>
    public Func<JsonNode, string>? Outcome { get; init; }

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

    /// <summary>Every noun, in the order in which they need each other.</summary>
    public static IReadOnlyList<LifecycleNoun> All { get; } = [Connection, Toolchain, PackagingIntegration, Training, Packaging];

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

    /// <summary>What stands at a place such as <c>status.artifacts.0.artifactName</c>; null: nothing.</summary>
    public static string? Find(JsonNode? entity, string place)
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
        return entity switch
        {
            null => null,
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            _ => entity.ToJsonString(),
        };
    }
}
