using System.Text;

namespace Odin.Git;

/// <summary>
/// The program that git starts for remotes over SSH. It is a configuration of <c>ssh</c> whose first line makes it a program:
/// the system starts <c>ssh -F FILE …</c>. So no shell is asked, and nothing is quoted for one: neither is there a shell in a
/// container of ours, nor do all paths survive one.
/// </summary>
internal sealed class SshProgram(GitOptions options, string home)
{
    private const string Options = """
        BatchMode yes
        StrictHostKeyChecking yes
        ConnectTimeout 15
        ServerAliveInterval 10
        ServerAliveCountMax 3
        ControlMaster no
        ControlPath none
        ForwardAgent no
        ForwardX11 no
        ClearAllForwardings yes

        """;

    /// <summary>Absolute; it is there after <see cref="Write"/>.</summary>
    public string Path { get; } = System.IO.Path.Combine(home, "ssh");

    /// <summary>Makes the file. Servers that share the directory write the same, each in one step.</summary>
    public void Write()
    {
        var text = Text();
        if (File.Exists(Path) && File.ReadAllText(Path) == text)
            return;
        var unfinished = $"{Path}.{Guid.NewGuid():N}";
        var creation = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        using (var writer = new StreamWriter(unfinished, new UTF8Encoding(false), creation))
            writer.Write(text);
        File.Move(unfinished, Path, overwrite: true);
    }

    // The first value counts, so the files of user and system come last: with -F ssh would not read them by itself.
    private string Text()
    {
        var text = new StringBuilder($"#!{Locate()} -F\n").Append(Options);
        if (options.SshKeyFile is not null)
            text.Append($"IdentitiesOnly yes\nIdentityFile \"{Quote(options.SshKeyFile)}\"\n");
        if (options.KnownHostsFile is not null)
            text.Append($"UserKnownHostsFile \"{Quote(options.KnownHostsFile)}\"\nGlobalKnownHostsFile /dev/null\n");
        return text.Append("Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n").ToString();
    }

    // Settings with quotes are refused; ssh expands what begins with a percent sign.
    private static string Quote(string path) => System.IO.Path.GetFullPath(path).Replace("%", "%%", StringComparison.Ordinal);

    private static string Locate() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(directory => System.IO.Path.Combine(directory, "ssh"))
        .FirstOrDefault(file => System.IO.Path.IsPathFullyQualified(file) && File.Exists(file)) ?? "/usr/bin/ssh";
}
