using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Toolchains;

namespace Odin.Trainings;

/// <summary>The files by which a training and its toolchain talk to each other; they lie in the workspace.</summary>
internal static class TrainingFiles
{
    /// <summary>What the toolchain is to do.</summary>
    public const string Request = "mt.json";

    /// <summary>Where the toolchain leaves the model.</summary>
    public const string Output = "output";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>
    /// The request, with the members that toolchains of the inherited system read. They find the connections in it, and none of
    /// their secrets: what those open has been fetched already.
    /// </summary>
    public static string WriteRequest(Training training, Toolchain toolchain, IReadOnlyDictionary<string, Connection> connections)
    {
        var spec = training.Spec;
        var source = spec.Git?.Connection ?? spec.Objects?.Connection ?? "";
        var json = new JsonObject
        {
            ["algorithmSourceConnection"] = Write(source, connections),
            ["vcs"] = Write(source, connections),
            ["inputData"] = new JsonArray([.. spec.Data.Select(d => new JsonObject
            {
                ["localPath"] = d.LocalPath,
                ["remotePath"] = d.RemotePath,
                ["dataBinding"] = Write(d.Connection, connections)?["spec"]?.DeepClone(),
            })]),
            ["outputConn"] = Write(spec.OutputConnection, connections),
            ["modelTraining"] = Write(training),
            ["toolchainIntegration"] = new JsonObject
            {
                ["id"] = toolchain.Metadata.Id,
                ["spec"] = new JsonObject { ["entrypoint"] = toolchain.Spec.Entrypoint, ["defaultImage"] = toolchain.Spec.DefaultImage },
            },
        };
        return json.ToJsonString(Indented);
    }

    private static JsonObject? Write(string id, IReadOnlyDictionary<string, Connection> connections) => !connections.TryGetValue(id, out var connection) ? null : new JsonObject
    {
        ["id"] = id,
        ["spec"] = new JsonObject
        {
            ["type"] = connection.Spec.Type,
            ["uri"] = connection.Spec.Uri,
            ["region"] = connection.Spec.Region,
            ["reference"] = connection.Spec.Reference,
            ["username"] = connection.Spec.Username,
        },
    };

    private static JsonObject Write(Training training)
    {
        var spec = training.Spec;
        return new JsonObject
        {
            ["id"] = training.Id,
            ["spec"] = new JsonObject
            {
                ["model"] = new JsonObject { ["name"] = spec.ModelName, ["version"] = spec.ModelVersion, ["artifactNameTemplate"] = spec.ArtifactName },
                ["toolchain"] = spec.Toolchain,
                ["entrypoint"] = spec.Entrypoint,
                ["workDir"] = spec.WorkDir,
                ["args"] = new JsonArray([.. spec.Args.Select(a => (JsonNode?)a)]),
                ["hyperParameters"] = new JsonObject(spec.HyperParameters.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
                ["envs"] = new JsonArray([.. spec.Environment.Select(e => new JsonObject { ["name"] = e.Name, ["value"] = e.Value })]),
                ["image"] = spec.Image,
                ["algorithmSource"] = new JsonObject
                {
                    ["vcs"] = new JsonObject { ["connection"] = spec.Git?.Connection, ["reference"] = spec.Git?.Reference },
                    ["objectStorage"] = new JsonObject { ["connection"] = spec.Objects?.Connection, ["path"] = spec.Objects?.Path },
                },
                ["outputConnection"] = spec.OutputConnection,
            },
            ["status"] = new JsonObject(),
        };
    }
}
