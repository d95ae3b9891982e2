using System.CommandLine;
using Odin.Cli.Shell;

namespace Odin.Cli.Runs;

/// <summary>Arguments that name a run or a task of one, completed from the server.</summary>
internal static class RunArgument
{
    public static Argument<string> Create(CliSession session, string name, string description)
    {
        var argument = new Argument<string>(name) { HelpName = name, Description = description };
        argument.CompletionSources.Add(context => ServerCompletions.Runs(session, context));
        return argument;
    }
}
