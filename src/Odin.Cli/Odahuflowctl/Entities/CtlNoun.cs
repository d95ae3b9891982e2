using System.Text.Json.Nodes;

namespace Odin.Cli.Odahuflowctl.Entities;

/// <summary>A kind of entity, as the older client has it.</summary>
/// <param name="Command">The group of its commands.</param>
/// <param name="Alias">The group's other name; null: it has none.</param>
/// <param name="Kind">What <c>kind</c> says.</param>
/// <param name="Path">Below the address of the server.</param>
/// <param name="IdOption">The long name of <c>--id</c>.</param>
internal sealed record CtlNoun(string Command, string? Alias, string Kind, string Path, string IdOption)
{
    /// <summary>Another <c>kind</c> that is the same.</summary>
    public string? OtherKind { get; init; }

    /// <summary>Null: it is done with when it is stored.</summary>
    public JobWords? Job { get; init; }

    public static CtlNoun Connection { get; } = new("connection", "conn", "Connection", "api/v1/connection", "--conn-id");

    public static CtlNoun Toolchain { get; } = new("toolchain-integration", "ti", "ToolchainIntegration", "api/v1/toolchain/integration", "--ti-id") { OtherKind = "TrainingIntegration" };

    public static CtlNoun PackagingIntegration { get; } = new("packaging-integration", "pi", "PackagingIntegration", "api/v1/packaging/integration", "--pi-id");

    public static CtlNoun Training { get; } = new("training", "train", "ModelTraining", "api/v1/model/training", "--train-id")
    {
        Job = new JobWords("training", "Training", "training", "trained", "Training"),
    };

    public static CtlNoun Packaging { get; } = new("packaging", "pack", "ModelPackaging", "api/v1/model/packaging", "--pack-id")
    {
        Job = new JobWords("packaging", "Packaging", "packing", "packed", "Packaging"),
    };

    public static CtlNoun Deployment { get; } = new("deployment", "dep", "ModelDeployment", "api/v1/model/deployment", "--md-id");

    public static CtlNoun Route { get; } = new("route", null, "ModelRoute", "api/v1/model/route", "--mr-id");

    private static CtlNoun BatchService { get; } = new("", null, "InferenceService", "api/v1/batch/service", "");

    /// <summary>Its ids are the server's, so a file may have none.</summary>
    public static CtlNoun BatchJob { get; } = new("", null, "InferenceJob", "api/v1/batch/job", "");

    /// <summary>Every kind; the last ones have no commands of their own.</summary>
    public static IReadOnlyList<CtlNoun> All { get; } =
        [Connection, Training, Toolchain, Packaging, PackagingIntegration, Deployment, Route, BatchService, BatchJob];

    public string PathOf(string id) => $"{Path}/{Uri.EscapeDataString(id)}";

    /// <summary>An entity with its kind, as the client prints it.</summary>
    public JsonObject Named(JsonNode? entity)
    {
        var named = entity?.DeepClone() as JsonObject ?? [];
        if (!named.ContainsKey("kind"))
            named.Insert(0, "kind", Kind);
        return named;
    }
}
