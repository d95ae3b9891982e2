using System.Text;

namespace Odin.Cli.Shell;

/// <summary>The names of the original's programs, its client's and those for tasks; a link with such a name behaves as that command.</summary>
internal static class ProgramName
{
    /// <summary>The older system's client; what the name stands for is no command but a program of its own.</summary>
    public const string Odahuflowctl = "odahuflowctl";

    private static readonly Dictionary<string, string> Commands = new(StringComparer.Ordinal)
    {
        ["json2yaml"] = "chore json2yaml",
        [Odahuflowctl] = Odahuflowctl,
        ["odin-auth"] = "auth",
        ["odin-chores"] = "chore run",
        ["odin-cleanup"] = "cleanup",
        ["odin-create"] = "create",
        ["odin-data"] = "data",
        ["odin-events"] = "events",
        ["odin-gpus"] = "gpus",
        ["odin-logs"] = "logs",
        ["odin-ping"] = "ping",
        ["odin-push"] = "push",
        ["odin-run"] = "run",
        ["odin-select-model"] = "chore select-model",
        ["odin-show"] = "show",
        ["odin-status"] = "status",
        ["odin-user"] = "user",
        ["render-jinja2"] = "chore render-jinja2",
        ["yaml2json"] = "chore yaml2json",
    };

    /// <summary>Every link that <c>odin aliases</c> makes.</summary>
    public static IReadOnlyList<string> Aliases { get; } = [.. Commands.Keys];

    /// <summary>The command that this process's name stands for; null under its own name.</summary>
    public static string? Alias() => CommandOf(FirstArgument());

    /// <summary>The command that a program's name stands for, its words with blanks between: <c>run</c> for <c>/usr/bin/odin-run</c>.</summary>
    public static string? CommandOf(string? program) =>
        Path.GetFileName(program) is { } name ? Commands.GetValueOrDefault(name) : null;

    // The runtime's own list of arguments begins with the assembly, whatever the link was called.
    private static string? FirstArgument()
    {
        const string File = "/proc/self/cmdline";
        if (!System.IO.File.Exists(File))
            return Environment.GetCommandLineArgs().FirstOrDefault();
        var bytes = System.IO.File.ReadAllBytes(File);
        var end = Array.IndexOf(bytes, (byte)0);
        return Encoding.UTF8.GetString(bytes, 0, end < 0 ? bytes.Length : end);
    }
}
