using Odin.Images;

namespace Odin.Packagings;

/// <summary>What all images of models have in common.</summary>
internal static class ModelFiles
{
    /// <summary>Where the Python runtime is in an image.</summary>
    public const string RuntimeDirectory = "opt/odin/odin_runtime";

    private const string ArtifactDirectory = "app/gppi";

    // Everybody may write into it, and only the owner of a file may take it away.
    private const UnixFileMode Temporary = UnixFileMode.StickyBit
        | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The sources of the Python runtime, and a directory for temporary files.</summary>
    /// <param name="directory">Of the sources, on this machine.</param>
    /// <param name="more">Further files.</param>
    public static ImageLayer Runtime(string directory, params IEnumerable<LayerEntry> more)
    {
        var sources = Directory.EnumerateFiles(directory, "*.py", SearchOption.AllDirectories)
            .Select(file => LayerEntry.File($"{RuntimeDirectory}/{Path.GetRelativePath(directory, file)}", file));
        return new ImageLayer("runtime", [.. sources, .. more, LayerEntry.Directory("tmp", Temporary)]) { IsShared = true, IsAboveCommands = true };
    }

    /// <summary>The artifact.</summary>
    /// <param name="directory">In which it lies unpacked.</param>
    public static ImageLayer Model(string directory) => new("model", LayerEntry.Tree(ArtifactDirectory, directory)) { IsAboveCommands = true };

    /// <summary>The variables by which what runs in the image finds the model.</summary>
    public static IReadOnlyDictionary<string, string> Environment(ModelManifest model) => new Dictionary<string, string>
    {
        ["MODEL_LOCATION"] = $"/{ArtifactDirectory}/{model.WorkDirectory}",
        ["MODEL_ENTRYPOINT"] = model.Entrypoint,
        ["ODAHU_MODEL_NAME"] = model.Name,
        ["ODAHU_MODEL_VERSION"] = model.Version,
        ["PYTHONUNBUFFERED"] = "1",
        // Nothing is kept of a container, and the user may have no right to write there.
        ["PYTHONDONTWRITEBYTECODE"] = "1",
    };
}
