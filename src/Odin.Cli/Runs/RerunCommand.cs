using System.CommandLine;

namespace Odin.Cli.Runs;

/// <summary><c>odin rerun</c>: runs what did not succeed again.</summary>
internal sealed class RerunCommand : RemoteCommand
{
    private readonly Argument<string> run;

    public RerunCommand(CliSession session)
        : base(session, "rerun", "Runs a job again at the same commit, taking over what succeeded.")
    {
        Examples = ["odin rerun wine-3f9ak2xwj --watch", "odin rerun wine-3f9ak2xwj --from evaluate"];
        run = RunArgument.Create(session, "RUN", "The id of the run.");
        Take(output: true, run, RunOptions.From, RunOptions.Watch, RunOptions.Wait);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var answer = await call.Runs.RerunAsync(call.Parse.GetRequiredValue(run), call.Parse.GetValue(RunOptions.From), cancellationToken);
        return await RunCommand.FinishAsync(call, answer, cancellationToken);
    }
}
