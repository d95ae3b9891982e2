using Odin.Images;

namespace Odin.Packagings;

/// <summary>What all images of models have in common.</summary>
internal static class ModelFiles
{
    /// <summary>Of a directory that everybody may write into, and only the owner of a file may take it away.</summary>
    public const UnixFileMode Temporary = UnixFileMode.StickyBit
        | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The sources of the Python runtime.</summary>
    public static IEnumerable<LayerEntry> Runtime(string path, string directory) =>
        from file in Directory.EnumerateFiles(directory, "*.py", SearchOption.AllDirectories)
        select LayerEntry.File($"{path}/{Path.GetRelativePath(directory, file)}", file);

    /// <summary>The variables by which what runs in the image finds the model.</summary>
    /// <param name="location">The directory of the model, in the image.</param>
    public static IReadOnlyDictionary<string, string> Environment(ModelManifest model, string location) => new Dictionary<string, string>
    {
        ["MODEL_LOCATION"] = location,
        ["MODEL_ENTRYPOINT"] = model.Entrypoint,
        ["ODAHU_MODEL_NAME"] = model.Name,
        ["ODAHU_MODEL_VERSION"] = model.Version,
        ["PYTHONUNBUFFERED"] = "1",
        // Nothing is kept of a container, and the user may have no right to write there.
        ["PYTHONDONTWRITEBYTECODE"] = "1",
    };
}
