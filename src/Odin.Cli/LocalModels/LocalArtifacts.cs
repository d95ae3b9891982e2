namespace Odin.Cli.LocalModels;

/// <summary>The directory in which models lie that were trained on this machine.</summary>
internal static class LocalArtifacts
{
    private static readonly string[] Manifests = ["odahuflow.project.yaml", "odahuflow.model.yaml"];

    /// <summary>The names of the models.</summary>
    public static IReadOnlyList<string> List(string root) => !Directory.Exists(root) ? []
        : [.. Directory.GetDirectories(root).Where(d => Manifests.Any(m => File.Exists(Path.Combine(d, m)))).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    /// <summary>Removes the directory with all models.</summary>
    public static void RemoveAll(string root)
    {
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
    }

    /// <summary>A model's name as its directory has it.</summary>
    public static string WithoutExtension(string name) => name.EndsWith(".zip", StringComparison.Ordinal) ? name[..^4] : name;
}
