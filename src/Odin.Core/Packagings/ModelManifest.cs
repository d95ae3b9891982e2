using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Artifacts;
using Odin.Execution;
using Odin.Pipelines;
using Odin.Pipelines.Yaml;

namespace Odin.Packagings;

/// <summary>What an unpacked artifact says of the model in it (docs/reference/model-format.md).</summary>
/// <param name="Name">Of the model.</param>
/// <param name="Version">Of the model.</param>
/// <param name="WorkDirectory">Of the model, below the artifact.</param>
/// <param name="Entrypoint">The Python module with the model's functions, below <paramref name="WorkDirectory"/>.</param>
/// <param name="CondaFile">The environment that it needs, below the artifact.</param>
internal sealed record ModelManifest(string Name, string Version, string WorkDirectory, string Entrypoint, string CondaFile)
{
    private const int MostBytes = 1 << 20;
    private static readonly PipelineParserOptions Bounds = new() { MaxBytes = MostBytes, MaxNodes = 50_000 };

    /// <summary>Reads the manifest of an artifact.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is of a kind that is not packaged.</exception>
    public static async Task<ModelManifest> ReadAsync(string artifact, CancellationToken cancellationToken)
    {
        var file = ModelDirectory.FindManifest(artifact)
            ?? throw new InvalidDataException($"the artifact has no manifest: there is neither {string.Join(" nor ", ModelDirectory.ManifestNames)} in it");
        var yaml = await ReadYamlAsync(Path.Combine(artifact, file), file, cancellationToken);
        return Read(yaml as JsonObject ?? throw new InvalidDataException($"{file} holds no map"));
    }

    /// <summary>The name and the version alone, whatever kind of model it is; null where it does not say.</summary>
    /// <exception cref="InvalidDataException">What is called as a manifest is none.</exception>
    public static async Task<(string? Name, string? Version)> IdentifyAsync(string artifact, CancellationToken cancellationToken) =>
        ModelDirectory.FindManifest(artifact) is { } file && await ReadYamlAsync(Path.Combine(artifact, file), file, cancellationToken) is JsonObject manifest && manifest["model"] is JsonObject model
            ? (Text(model, "name"), Text(model, "version"))
            : (null, null);

    /// <summary>The names and versions of the environment, as the artifact asks for them; empty where they cannot be read.</summary>
    public async Task<IReadOnlyList<WantedPackage>> ReadPackagesAsync(string artifact, CancellationToken cancellationToken)
    {
        var path = Path.Combine(artifact, CondaFile);
        if (RegularFile.Look(path).Kind != FileKind.Regular)
            throw new InvalidDataException($"the manifest names the environment '{CondaFile}', and there is no such file in the artifact");
        return await ReadYamlAsync(path, CondaFile, cancellationToken) is JsonObject yaml && yaml["dependencies"] is JsonArray list ? [.. list.SelectMany(WantedPackage.Read)] : [];
    }

    private static ModelManifest Read(JsonObject manifest)
    {
        var (binaries, model) = (manifest["binaries"] as JsonObject ?? [], manifest["model"] as JsonObject);
        var errors = new List<string>();
        if (Text(binaries, "type") is not "python" and var type)
            errors.Add($"Unsupported model binaries type: {type ?? "none"}");
        if (Text(binaries, "dependencies") is not "conda" and var dependencies)
            errors.Add($"Unsupported model dependencies type: {dependencies ?? "none"}");
        if (Text(binaries, "conda_path") is null)
            errors.Add("Path to conda environment is not set");
        if (model is null)
            errors.Add("Model section is not set");
        if (Text(manifest, "odahuflowVersion") is null)
            errors.Add("odahuflowVersion is not set");
        foreach (var name in model is null ? [] : new[] { "name", "version", "workDir", "entrypoint" })
        {
            if (Text(model!, name) is null)
                errors.Add($"model.{name} is not set");
        }
        if (errors.Count > 0)
            throw new InvalidDataException($"the manifest of the artifact does not fit: {string.Join("; ", errors)}");
        return new ModelManifest(
            Text(model!, "name")!, Text(model!, "version")!, Inner(Text(model!, "workDir")!), Text(model!, "entrypoint")!, Inner(Text(binaries, "conda_path")!));
    }

    // A path in a file that somebody else has written.
    private static string Inner(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".").ToList();
        return Path.IsPathRooted(path) || parts.Contains("..") || parts.Count == 0
            ? throw new InvalidDataException($"the manifest of the artifact names the path \"{path}\", which is not below the artifact")
            : string.Join('/', parts);
    }

    // Versions are often numbers to YAML.
    private static string? Text(JsonObject map, string name) => map[name] switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>() is { Length: > 0 } text ? text : null,
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => value.ToJsonString(),
        _ => null,
    };

    private static async Task<JsonNode?> ReadYamlAsync(string path, string name, CancellationToken cancellationToken)
    {
        using var handle = RegularFile.Open(path);
        if (RandomAccess.GetLength(handle) > MostBytes)
            throw new InvalidDataException($"{name} has more than {MostBytes >> 20} MiB");
        await using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        using var reader = new StreamReader(stream);
        var (value, diagnostics) = YamlConversion.Parse(await reader.ReadToEndAsync(cancellationToken), name, Bounds);
        return diagnostics.Count == 0 ? value : throw new InvalidDataException($"{name} is not valid: {string.Join("; ", diagnostics)}");
    }
}
