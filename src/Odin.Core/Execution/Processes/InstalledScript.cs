using System.Security.Cryptography;

namespace Odin.Execution.Processes;

/// <summary>
/// A script of ours that shells run, as <c>NAME-HASH.sh</c> in a directory. A file of this name never changes, because shells
/// read their script while they run it.
/// </summary>
internal sealed class InstalledScript
{
    private readonly string directory, path;
    private readonly byte[] content;
    private volatile bool installed;

    /// <param name="resource">The embedded file.</param>
    /// <param name="namePrefix">What its name begins with, such as <c>shim-</c>.</param>
    public InstalledScript(string directory, string resource, string namePrefix)
    {
        this.directory = directory;
        using var stream = typeof(InstalledScript).Assembly.GetManifestResourceStream(resource)!;
        content = new byte[stream.Length];
        stream.ReadExactly(content);
        path = Path.Combine(directory, $"{namePrefix}{Convert.ToHexStringLower(SHA256.HashData(content))[..12]}.sh");
    }

    /// <summary>The path of the script, which is written if it is not there.</summary>
    public string Install()
    {
        if (installed)
            return path;
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(directory);
            var temporary = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        installed = true;
        return path;
    }
}
