using System.CommandLine;
using Odin.Cli.Servers;

namespace Odin.Cli;

/// <summary>Builds commands below others.</summary>
internal static class Subcommand
{
    /// <summary>A command that does something.</summary>
    /// <param name="symbols">Its arguments and options, in the order of the help.</param>
    public static Command Create(string name, string description, Func<ParseResult, CancellationToken, Task<int>> run, params IEnumerable<Symbol> symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }
        command.SetAction(run);
        return command;
    }

    /// <summary>The same for one that talks to a server: it takes the options that say to which.</summary>
    public static Command CreateRemote(string name, string description, Func<ParseResult, CancellationToken, Task<int>> run, params IEnumerable<Symbol> symbols)
    {
        var command = Create(name, description, run, symbols);
        ConnectionOptions.AddTo(command);
        return command;
    }
}
