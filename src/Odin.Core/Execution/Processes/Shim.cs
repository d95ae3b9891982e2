using System.Security.Cryptography;

namespace Odin.Execution.Processes;

/// <summary>
/// The script that every program runs under, as <c>shim-HASH.sh</c> in the directory of executions. A file of this name
/// never changes, because shells read their script while they run it.
/// </summary>
internal sealed class Shim(string directory)
{
    public const string NamePrefix = "shim-";

    /// <summary>The exit code of a shim that could not enter the working directory; nothing was started.</summary>
    public const int NoWorkingDirectory = 124;

    private static readonly byte[] Script = ReadScript();
    private readonly string path = Path.Combine(directory, $"{NamePrefix}{Convert.ToHexStringLower(SHA256.HashData(Script))[..12]}.sh");
    private volatile bool installed;

    /// <summary>The path of the script, which is written if it is not there.</summary>
    public string Install()
    {
        if (installed)
            return path;
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(directory);
            var temporary = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, Script);
            File.Move(temporary, path, overwrite: true);
        }
        installed = true;
        return path;
    }

    private static byte[] ReadScript()
    {
        using var stream = typeof(Shim).Assembly.GetManifestResourceStream("Odin.Execution.Processes.shim.sh")!;
        var script = new byte[stream.Length];
        stream.ReadExactly(script);
        return script;
    }
}
