using Odin.Artifacts;

namespace Odin.Cli.LocalModels;

/// <summary>The directory in which models lie that were trained on this machine.</summary>
internal static class LocalArtifacts
{
    // Images and the records of runs.
    private static readonly string[] Besides = ["images", "mlruns"];

    /// <summary>The names of the models.</summary>
    public static IReadOnlyList<string> List(string root) => !Directory.Exists(root) ? []
        : [.. Directory.GetDirectories(root).Where(d => ModelDirectory.FindManifest(d) is not null).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    /// <summary>Removes all models and what is made beside them, and nothing else that lies there.</summary>
    public static void RemoveAll(string root)
    {
        foreach (var name in List(root).Concat(Besides))
        {
            if (Directory.Exists(Path.Combine(root, name)))
                Directory.Delete(Path.Combine(root, name), recursive: true);
        }
        if (Directory.Exists(root) && !Directory.EnumerateFileSystemEntries(root).Any())
            Directory.Delete(root);
    }

    /// <summary>A model's name as its directory has it.</summary>
    public static string WithoutExtension(string name) => name.EndsWith(".zip", StringComparison.Ordinal) ? name[..^4] : name;
}
