using System.CommandLine;
using Odin.Cli.Shell;

namespace Odin.Cli.Jobs;

/// <summary>Arguments that name a job, completed from the server.</summary>
internal static class JobArgument
{
    public const string Hint = "`odin jobs` shows the jobs there are.";

    public static Argument<string> Create(CliSession session)
    {
        var argument = new Argument<string>("JOB") { Description = "The job, such as team/wine." };
        argument.CompletionSources.Add(context => ServerCompletions.Jobs(session, context));
        return argument;
    }
}
