using System.Collections;

namespace Odin.Execution.Processes;

/// <summary>The environment of a task: what is allowed of the server's own, then what the task asks for.</summary>
internal sealed class TaskEnvironment
{
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private const string LocalePrefix = "LC_";

    private static readonly string[] Allowed =
    [
        "CONDA_PREFIX", "CUDA_VISIBLE_DEVICES", "DOTNET_ROOT", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LANGUAGE", "LD_LIBRARY_PATH",
        "LOGNAME", "NO_PROXY", "ODIN_ENVIRONMENT", "ODIN_ENVIRONMENTS", "ODIN_PYTHON", "PATH", "SHELL", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV",
        "all_proxy", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy",
    ];

    private readonly Dictionary<string, string> inherited = [];
    private readonly string? programs;

    /// <param name="server">The server's environment, of which only what is allowed is kept.</param>
    /// <param name="extra">Further names that are allowed.</param>
    /// <param name="programs">Directories of programs that tasks find on their PATH.</param>
    public TaskEnvironment(IDictionary server, IEnumerable<string> extra, IReadOnlyList<string> programs)
    {
        this.programs = programs.Count > 0 ? string.Join(':', programs) : null;
        HashSet<string> names = [.. Allowed, .. extra];
        foreach (DictionaryEntry entry in server)
        {
            var name = (string)entry.Key;
            if (IsName(name) && (names.Contains(name) || name.StartsWith(LocalePrefix, StringComparison.Ordinal)))
                inherited[name] = (string?)entry.Value ?? "";
        }
        inherited.TryAdd("PATH", DefaultPath);
        if (this.programs is not null)
            inherited["PATH"] = Append(inherited["PATH"], this.programs);
        inherited.TryAdd("PYTHONUNBUFFERED", "1");
    }

    /// <summary>What a program of our own may see of this process's environment.</summary>
    public static IReadOnlyDictionary<string, string> Inherited() => new TaskEnvironment(Environment.GetEnvironmentVariables(), [], []).inherited;

    /// <summary>All variables of the task by name.</summary>
    public Dictionary<string, string> For(ExecutionSpec spec, ExecutionDirectory directory)
    {
        var variables = spec.InheritsEnvironment ? new Dictionary<string, string>(inherited) : [];
        foreach (var (name, value) in spec.Environment)
            variables[name] = name == "PATH" && programs is not null && spec.InheritsEnvironment ? Append(value, programs) : value;
        variables.TryAdd("PATH", DefaultPath);
        variables["ODIN_EXECUTION"] = spec.Key.Id;
        variables[ProcessTree.Marker] = directory.Path;
        return variables;
    }

    // Last, because other programs may lie in the same directory: none of them is to stand in front of what the user chose.
    private static string Append(string path, string programs) => path.Length == 0 ? programs : $"{path}:{programs}";

    /// <summary>A shell stands between us and the program, and drops variables with any other name.</summary>
    public static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
