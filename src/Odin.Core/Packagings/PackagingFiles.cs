using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Execution;
using Odin.Files;

namespace Odin.Packagings;

/// <summary>The files by which a packaging and its program talk to each other; they lie in the workspace.</summary>
internal static class PackagingFiles
{
    /// <summary>What the program is to do.</summary>
    public const string Request = "mp.json";

    /// <summary>What the program has made: a map of texts.</summary>
    public const string Result = "result.json";

    /// <summary>The unpacked artifact.</summary>
    public const string Artifact = "output";

    private const int MostBytes = 1 << 20, MostResults = 1000;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>
    /// The request, with the members that packagers of the inherited system read. It holds the secrets of the targets in the
    /// open, since it is the program that logs in there; of the connection with the artifact it holds none.
    /// </summary>
    public static string WriteRequest(
        Packaging packaging, PackagingIntegration integration, Connection? output, IReadOnlyDictionary<string, (Connection Connection, ConnectionSecrets Secrets)> targets)
    {
        var spec = packaging.Spec;
        var json = new JsonObject
        {
            ["modelHolder"] = output is null ? null : Write(output, ConnectionSecrets.None),
            ["modelPackaging"] = new JsonObject
            {
                ["id"] = packaging.Id,
                ["spec"] = new JsonObject
                {
                    ["artifactName"] = spec.ArtifactName,
                    ["integrationName"] = spec.Integration,
                    ["image"] = spec.Image,
                    ["arguments"] = ArgumentSchema.WithDefaults(integration.Spec.Arguments, spec.Arguments ?? []),
                    ["targets"] = new JsonArray([.. (spec.Targets ?? []).Select(t => new JsonObject { ["name"] = t.Name, ["connectionName"] = t.Connection })]),
                    ["outputConnection"] = spec.OutputConnection,
                },
                ["status"] = new JsonObject(),
            },
            ["packagingIntegration"] = Write(integration),
            ["trainingZipName"] = spec.ArtifactName,
            ["targets"] = new JsonArray([.. targets.Select(t => new JsonObject { ["name"] = t.Key, ["connection"] = Write(t.Value.Connection, t.Value.Secrets) })]),
        };
        return json.ToJsonString(Indented);
    }

    /// <summary>Writes a file that only its owner can read.</summary>
    public static async Task WriteSecretAsync(string path, string text, CancellationToken cancellationToken)
    {
        await using var file = new StreamWriter(OwnerOnly.OpenWrite(path, FileMode.CreateNew));
        await file.WriteAsync(text.AsMemory(), cancellationToken);
    }

    /// <summary>What the program has made, <c>image</c> first.</summary>
    /// <exception cref="InvalidDataException">It has left no result, or something else.</exception>
    public static async Task<IReadOnlyList<PackagingResult>> ReadResultAsync(string workspace, CancellationToken cancellationToken)
    {
        var path = Path.Combine(workspace, Result);
        if (RegularFile.Look(path).Kind != FileKind.Regular || new FileInfo(path).LinkTarget is not null)
            throw new InvalidDataException($"the packager has left no file {Result} in its working directory");
        using var handle = RegularFile.Open(path);
        if (RandomAccess.GetLength(handle) > MostBytes)
            throw new InvalidDataException($"{Result} has more than {MostBytes >> 20} MiB");
        await using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        try
        {
            var json = await JsonNode.ParseAsync(stream, documentOptions: new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false }, cancellationToken: cancellationToken);
            if (json is not JsonObject map || map.Count > MostResults || map.Any(p => p.Value?.GetValueKind() != JsonValueKind.String))
                throw new InvalidDataException($"{Result} is no map of texts");
            return [.. map.OrderBy(p => p.Key == "image" ? 0 : 1).ThenBy(p => p.Key, StringComparer.Ordinal).Select(p => new PackagingResult(p.Key, p.Value!.GetValue<string>()))];
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Result} is not valid JSON: {e.Message}", e);
        }
    }

    private static JsonObject Write(Connection connection, ConnectionSecrets secrets) => new()
    {
        ["id"] = connection.Id,
        ["spec"] = new JsonObject
        {
            ["type"] = connection.Spec.Type,
            ["uri"] = connection.Spec.Uri,
            ["region"] = connection.Spec.Region,
            ["username"] = connection.Spec.Username,
            ["password"] = secrets.Kinds.HasFlag(SecretKinds.Password) ? secrets.PasswordText : null,
            ["keyID"] = secrets.Kinds.HasFlag(SecretKinds.KeyId) ? secrets.KeyIdText : null,
            ["keySecret"] = secrets.Kinds.HasFlag(SecretKinds.KeySecret) ? secrets.KeySecretText : null,
        },
    };

    private static JsonObject Write(PackagingIntegration integration) => new()
    {
        ["id"] = integration.Metadata.Id,
        ["spec"] = new JsonObject
        {
            ["entrypoint"] = integration.Spec.Entrypoint,
            ["defaultImage"] = integration.Spec.DefaultImage,
            ["privileged"] = integration.Spec.IsPrivileged,
            ["schema"] = new JsonObject
            {
                ["targets"] = new JsonArray([.. integration.Spec.Targets.Select(t => new JsonObject
                {
                    ["name"] = t.Name,
                    ["connectionTypes"] = new JsonArray([.. t.ConnectionTypes.Select(c => (JsonNode?)c)]),
                    ["default"] = t.Default,
                    ["required"] = t.IsRequired,
                })]),
                ["arguments"] = new JsonObject
                {
                    ["properties"] = new JsonArray([.. (integration.Spec.Arguments?.Properties ?? []).Select(p => new JsonObject
                    {
                        ["name"] = p.Name,
                        ["parameters"] = new JsonArray([.. p.Parameters.Select(k => new JsonObject { ["name"] = k.Name, ["value"] = k.Value?.DeepClone() })]),
                    })]),
                    ["required"] = new JsonArray([.. (integration.Spec.Arguments?.Required ?? []).Select(r => (JsonNode?)r)]),
                },
            },
        },
    };
}
