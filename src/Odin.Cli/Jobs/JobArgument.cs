using System.CommandLine;
using Odin.Cli.Shell;

namespace Odin.Cli.Jobs;

/// <summary>Arguments that name a job, completed from the server.</summary>
internal static class JobArgument
{
    public const string Hint = "`odin jobs` shows the jobs there are.";

    // Its name in the help is given: otherwise the completions would be asked for, and shown instead.
    public static Argument<string> Create(CliSession session)
    {
        var argument = new Argument<string>("JOB") { HelpName = "JOB", Description = "The job, such as team/wine." };
        argument.CompletionSources.Add(context => ServerCompletions.Jobs(session, context));
        return argument;
    }
}
