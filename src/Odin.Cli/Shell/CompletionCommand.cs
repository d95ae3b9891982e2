using System.CommandLine;

namespace Odin.Cli.Shell;

/// <summary><c>odin completion</c>: a script that teaches a shell to complete this program's command lines.</summary>
internal sealed class CompletionCommand : OdinCommand
{
    private const string Fish = """
        # Completion of odin for fish. Load it with:  odin completion fish | source
        function __odin_complete
            set -l line (commandline -cp)
            odin "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        for name in odin @aliases@
            complete -c $name -a '(__odin_complete)'
        end
        """;

    private static readonly Argument<string> ShellName = CreateShell();

    public CompletionCommand(CliSession session)
        : base(session, "completion", "Prints a script that makes a shell complete commands, options, runs and jobs.")
    {
        Group = CommandGroup.Settings;
        Examples = ["source <(odin completion bash)", "odin completion zsh > ~/.zfunc/_odin", "odin completion fish | source"];
        Add(ShellName);
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        Session.Environment.Out.WriteLine(parse.GetRequiredValue(ShellName) switch
        {
            "bash" => CompletionScripts.Bash("odin", ProgramName.Aliases),
            "zsh" => CompletionScripts.Zsh("odin", ProgramName.Aliases),
            _ => Fish.Replace("@aliases@", string.Join(' ', ProgramName.Aliases), StringComparison.Ordinal),
        });
        return Task.FromResult(ExitCode.Success);
    }

    private static Argument<string> CreateShell()
    {
        var argument = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        argument.AcceptOnlyFromAmong("bash", "zsh", "fish");
        return argument;
    }
}
