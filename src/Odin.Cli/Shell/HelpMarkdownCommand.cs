using System.CommandLine;

namespace Odin.Cli.Shell;

/// <summary><c>odin help-markdown</c>: the reference page of the program, for <c>docs/reference/cli.md</c>.</summary>
internal sealed class HelpMarkdownCommand : OdinCommand
{
    public HelpMarkdownCommand(CliSession session)
        : base(session, "help-markdown", "Prints the reference of this program as Markdown.") => Hidden = true;

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        ReferencePage.Write((RootCommand)parse.RootCommandResult.Command, Session.Environment.Out);
        return Task.FromResult(ExitCode.Success);
    }
}
