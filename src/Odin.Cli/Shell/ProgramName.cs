using System.Text;

namespace Odin.Cli.Shell;

/// <summary>The names of the original client's programs; a link with such a name behaves as that command.</summary>
internal static class ProgramName
{
    private const string Prefix = "odin-";

    /// <summary>Every link that <c>odin aliases</c> makes.</summary>
    public static IReadOnlyList<string> Aliases { get; } =
    [
        "odin-auth", "odin-cleanup", "odin-create", "odin-data", "odin-events", "odin-gpus", "odin-logs",
        "odin-ping", "odin-push", "odin-run", "odin-show", "odin-status", "odin-user",
    ];

    /// <summary>The command that this process's name stands for; null under its own name.</summary>
    public static string? Alias() => CommandOf(FirstArgument());

    /// <summary>The command that a program's name stands for: <c>run</c> for <c>/usr/bin/odin-run</c>.</summary>
    public static string? CommandOf(string? program) =>
        Path.GetFileName(program) is { } name && Aliases.Contains(name) ? name[Prefix.Length..] : null;

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
