using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Odin.Cli.Shell;

/// <summary>The option <c>--help</c>: the program's commands in groups, or a command with its examples.</summary>
internal sealed class HelpText(RootCommand root) : SynchronousCommandLineAction
{
    private const int Width = 100;

    /// <summary>Headings in the order in which they are shown.</summary>
    public static IReadOnlyList<(CommandGroup Group, string Heading)> Groups { get; } =
    [
        (CommandGroup.Start, "Everyday"),
        (CommandGroup.Runs, "Runs"),
        (CommandGroup.Jobs, "Jobs"),
        (CommandGroup.Lifecycle, "Models"),
        (CommandGroup.Server, "Servers"),
        (CommandGroup.Settings, "Settings"),
    ];

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        if (command == root && parseResult.UnmatchedTokens is [var unknown, ..])
            throw new CliException(ExitCode.Usage, $"there is no command '{unknown}'", "Type `odin` to see those there are.");
        if (command == root)
            return WriteRoot(root, output);
        WriteStandard(parseResult, output);
        if (command is OdinCommand { Remark: { } remark })
        {
            output.WriteLine(remark);
            output.WriteLine();
        }
        if (command is OdinCommand { Examples.Count: > 0 } documented)
        {
            output.WriteLine("Examples:");
            foreach (var example in documented.Examples)
                output.WriteLine($"  {example}");
            output.WriteLine();
        }
        return ExitCode.Success;
    }

    // The parser's own text, in whose list of commands an argument that may be left out looks like one that may not.
    private static void WriteStandard(ParseResult parseResult, TextWriter output)
    {
        var text = new StringWriter { NewLine = output.NewLine };
        parseResult.InvocationConfiguration.Output = text;
        new HelpAction { MaxWidth = Width }.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        var help = text.ToString();
        foreach (var child in parseResult.CommandResult.Command.Subcommands)
        {
            foreach (var argument in child.Arguments.Where(a => a.Arity.MinimumNumberOfValues == 0))
                help = help.Replace($"\n  {child.Name} <{argument.Name}>  ", $"\n  {child.Name} [<{argument.Name}>]", StringComparison.Ordinal);
        }
        output.Write(help);
    }

    /// <summary>The group of a command; those that do not say belong to the runs.</summary>
    public static CommandGroup GroupOf(Command command) => command is OdinCommand known ? known.Group : CommandGroup.Runs;

    /// <summary>What the program shows when nothing is asked of it.</summary>
    public static int WriteRoot(RootCommand root, TextWriter output)
    {
        output.WriteLine(root.Description);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine("  odin COMMAND [options]");
        var commands = root.Subcommands.Where(c => !c.Hidden).ToList();
        var width = commands.Max(c => c.Name.Length);
        foreach (var (group, heading) in Groups)
        {
            output.WriteLine();
            output.WriteLine($"{heading}:");
            foreach (var command in commands.Where(c => GroupOf(c) == group))
                output.WriteLine($"  {command.Name.PadRight(width)}  {command.Description}");
        }
        output.WriteLine();
        output.WriteLine("Examples:");
        output.WriteLine("  odin demo                         a real pipeline, start to end, on this machine");
        output.WriteLine("  odin lint wine                    check a job before anything runs");
        output.WriteLine("  odin run wine --local             run a job's directory without any server");
        output.WriteLine("  odin server                       start a server; its data is in ~/.local/share/odin");
        output.WriteLine("  odin push team/wine wine --create put a directory into a job");
        output.WriteLine("  odin run team/wine --watch        run the job and follow it");
        output.WriteLine("  odin logs RUN -f                  read what its tasks write");
        output.WriteLine();
        output.WriteLine("`odin COMMAND --help` tells all about a command.");
        return ExitCode.Success;
    }
}
