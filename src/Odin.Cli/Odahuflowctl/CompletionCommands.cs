using System.CommandLine;
using Odin.Cli.Shell;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>completion</c>: a script that teaches a shell to complete the command lines of this program.</summary>
internal static class CompletionCommands
{
    private const string Program = "odahuflowctl";

    private const string Fish = """
        # Completion of odahuflowctl for fish. Load it with:  odahuflowctl completion fish | source
        function __odahuflowctl_complete
            set -l line (commandline -cp)
            odahuflowctl "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c odahuflowctl -a '(__odahuflowctl_complete)'
        """;

    private const string PowerShell = """
        # Completion of odahuflowctl for PowerShell. Load it with:  odahuflowctl completion powershell | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName odahuflowctl -ScriptBlock {
            param($word, $line, $position)
            odahuflowctl "[suggest:$position]" "$line" | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
        }
        """;

    private static readonly Dictionary<string, string> Scripts = new() { ["bash"] = CompletionScripts.Bash(Program), ["zsh"] = CompletionScripts.Zsh(Program), ["fish"] = Fish, ["powershell"] = PowerShell };

    private static readonly Argument<string?> Shell = CreateShell();

    public static Command Create(CtlSession session) => Subcommand.Create("completion", "Print a script for the completion of a shell.", (parse, _) =>
    {
        var shell = parse.GetValue(Shell) ?? Path.GetFileName(session.Environment["SHELL"] ?? "bash");
        session.Out.WriteLine(Scripts.TryGetValue(shell, out var script) ? script : throw CtlSession.Failure($"There is no completion for '{shell}': name one of {string.Join(", ", Scripts.Keys)}"));
        return Task.FromResult(ExitCode.Success);
    }, Shell);

    private static Argument<string?> CreateShell()
    {
        var argument = new Argument<string?>("SHELL") { Description = "bash, zsh, fish or powershell; left out: the one in use.", Arity = ArgumentArity.ZeroOrOne };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Scripts.ContainsKey(token.Value))
                result.AddError(CtlMessages.InvalidValue("[SHELL]", $"'{token.Value}' is not one of {string.Join(", ", Scripts.Keys.Select(k => $"'{k}'"))}."));
        });
        return argument;
    }
}
