using Odin.Execution;

namespace Odin.Artifacts;

/// <summary>The directory of a model (docs/reference/model-format.md).</summary>
public static class ModelDirectory
{
    /// <summary>What its manifest may be called, the newer name first.</summary>
    public static IReadOnlyList<string> ManifestNames { get; } = ["odahuflow.project.yaml", "odahuflow.model.yaml"];

    /// <summary>The name of its manifest; null: it has none.</summary>
    public static string? FindManifest(string directory) => ManifestNames.FirstOrDefault(name => RegularFile.Look(Path.Combine(directory, name)).Kind == FileKind.Regular);
}
