using System.CommandLine;
using Odin.Cli.Progress;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin cancel</c>: ends a run; its records and files stay.</summary>
internal sealed class CancelCommand : RemoteCommand
{
    private readonly Argument<string> run;

    public CancelCommand(CliSession session)
        : base(session, "cancel", "Ends a run. What it has done stays; `odin cleanup` removes it.")
    {
        Examples = ["odin cancel wine-3f9ak2xwj"];
        run = RunArgument.Create(session, "RUN", "The id of the run.");
        Take(output: true, run, RunOptions.Wait);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var id = call.Parse.GetRequiredValue(run);
        var answer = await call.Runs.CancelAsync(id, cancellationToken);
        var record = answer.Read("pipeline", CliJson.Default.PipelineRecord);
        var isWaiting = call.Parse.GetValue(RunOptions.Wait) && !record.IsEnded;
        if (isWaiting)
        {
            // To be cancelled is what was asked for: however it ends, that is no failure.
            await foreach (var update in call.Runs.WatchAsync(id, cancellationToken))
                record = update is RunUpdate.Run { Pipeline: var now } ? now : record;
        }
        if (!call.Printer.Data(answer.Body, [id]))
            call.Printer.Say(Outcome(id, record, isWaiting));
        return ExitCode.Success;
    }

    private static string Outcome(string id, PipelineRecord run, bool wasOngoing) => run switch
    {
        { IsEnded: true, State: "Cancelled" } => $"{id} is cancelled. `odin rerun {id}` goes on from here.",
        { IsEnded: true } when wasOngoing => $"{id} ended before it could be cancelled: {run.State ?? run.Status}.",
        { IsEnded: true } => $"{id} had ended before: {run.State ?? run.Status}. There was nothing to cancel.",
        _ => $"{id} is being cancelled. `odin rerun {id}` goes on from here.",
    };
}
