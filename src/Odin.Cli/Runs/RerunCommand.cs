using System.CommandLine;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Runs;

/// <summary><c>odin rerun</c>: runs what did not succeed again.</summary>
internal sealed class RerunCommand : OdinCommand
{
    private readonly Argument<string> run;

    public RerunCommand(CliSession session)
        : base(session, "rerun", "Runs a job again at the same commit, taking over what succeeded.")
    {
        Examples = ["odin rerun wine-3f9ak2xwj --watch", "odin rerun wine-3f9ak2xwj --from evaluate"];
        run = RunArgument.Create(session, "RUN", "The id of the run.");
        Add(run);
        foreach (var option in new Option[] { RunOptions.From, RunOptions.Watch, RunOptions.Wait, OutputOptions.Format })
            Add(option);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var runs = new RunsClient(client);
        var answer = await runs.RerunAsync(parse.GetRequiredValue(run), parse.GetValue(RunOptions.From), cancellationToken);
        return await RunCommand.FinishAsync(parse, runs, answer, Session, cancellationToken);
    }
}
